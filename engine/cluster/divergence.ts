import type { DescribedEpoch } from "../replication/output-hash.ts";

/** What one replica remembers of a channel. */
export interface ReplicaOutput {
  readonly replica: number;
  readonly epochs: readonly DescribedEpoch[];
}

/** Replicas of which all have the same; the largest group first. */
export type Groups = readonly (readonly number[])[];

/** The first element in which replicas' outputs differ, as far as they still know. */
export type Divergence = { readonly groups: Groups } & (
  | { readonly kind: "record"; readonly number: number; readonly epoch: number; readonly position: number }
  /** The records before it are the same, the heartbeat is not. */
  | { readonly kind: "heartbeat"; readonly number: number; readonly watermarks: ReadonlyMap<number, string> }
  /** Some record in [first, last]: the records themselves are not kept any more. */
  | { readonly kind: "range"; readonly first: number; readonly last: number }
);

/** Finds it. `agreed`: up to this element they are known to be the same. null: they do not differ in what they remember. */
export function findDivergence(outputs: readonly ReplicaOutput[], agreed: number): Divergence | null {
  const byEpoch = outputs.map(({ epochs }) => new Map(epochs.map((epoch) => [epoch.epoch, epoch])));
  const all = [...new Set(byEpoch.flatMap((epochs) => [...epochs.keys()]))].sort((a, b) => a - b);
  let before = agreed;
  for (const epoch of all) {
    const described = byEpoch.map((epochs) => epochs.get(epoch) ?? null);
    const groups = grouped(outputs, described, (one) => (one === null ? "none" : `${one.last} ${one.hash}`));
    if (groups.length > 1) return within(outputs, described, groups, before);
    before = described[0]?.last ?? before;
  }
  return null;
}

/** Of an epoch that differs, behind element `before`. */
function within(
  outputs: readonly ReplicaOutput[],
  described: readonly (DescribedEpoch | null)[],
  groups: Groups,
  before: number,
): Divergence {
  const known = described.filter((one) => one !== null);
  const hashes = known.flatMap((one) => (one.hashes === null ? [] : [one.hashes]));
  const startsAlike = new Set(known.map(({ last, hashes }) => last - (hashes?.length ?? 0))).size === 1;
  if (hashes.length < described.length || !startsAlike) {
    return { kind: "range", groups, first: before + 1, last: Math.max(...known.map(({ last }) => last)) };
  }
  const first = known[0]!.last - hashes[0]!.length;
  const longest = Math.max(...hashes.map(({ length }) => length));
  for (let position = 0; position < longest; position++) {
    const at = grouped(outputs, described, (one) => String(one?.hashes?.[position]));
    if (at.length > 1) {
      return { kind: "record", groups: at, number: first + position, epoch: known[0]!.epoch, position };
    }
  }
  const watermarks = new Map(outputs.map(({ replica }, index) => [replica, described[index]!.watermark]));
  return { kind: "heartbeat", groups, number: known[0]!.last, watermarks };
}

/** Groups the replicas by what they have. */
export function grouped<T>(
  outputs: readonly { readonly replica: number }[],
  things: readonly T[],
  nameOf: (thing: T) => string,
): Groups {
  const groups = new Map<string, number[]>();
  for (const [index, { replica }] of outputs.entries()) {
    const name = nameOf(things[index]!);
    groups.set(name, [...(groups.get(name) ?? []), replica]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length || a[0]! - b[0]!);
}
