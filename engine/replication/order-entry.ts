import { FaultlineError } from "../../base/errors.ts";

/** `replica` is the leader of the group in `term`, if no claim before it in the log has that term or a later one. */
export interface ClaimEntry {
  readonly kind: "claim";
  /** Attempt of the job; entries of others do not count. */
  readonly attempt: number;
  readonly term: number;
  readonly replica: number;
}

/** The order in which the group's replicas deliver what comes next. */
export interface OrderEntry {
  readonly kind: "order";
  readonly attempt: number;
  readonly term: number;
  readonly replica: number;
  /** Runs channel, count, channel, count …: the next `count` element numbers of `channel`. */
  readonly runs: readonly number[];
}

/** `replica` needs nothing before `offset` of this log any more. */
export interface ConsumedEntry {
  readonly kind: "consumed";
  readonly attempt: number;
  readonly replica: number;
  readonly offset: number;
}

export type OrderLogEntry = ClaimEntry | OrderEntry | ConsumedEntry;

const CLAIM = 1;
const ORDER = 2;
const CONSUMED = 3;
/** Kind, attempt, replica, term or offset. */
const HEAD_BYTES = 1 + 4 + 2 + 8;

/** Layout, little endian: u8 kind, u32 attempt, u16 replica, f64 term (consumed: offset); an order's runs follow as varints. */
export function encodeOrderEntry(entry: OrderLogEntry): Uint8Array {
  const runs = entry.kind === "order" ? entry.runs : null;
  let size = HEAD_BYTES;
  for (const value of runs ?? []) size += varintBytes(value);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, entry.kind === "claim" ? CLAIM : entry.kind === "order" ? ORDER : CONSUMED);
  view.setUint32(1, entry.attempt, true);
  view.setUint16(5, entry.replica, true);
  view.setFloat64(7, entry.kind === "consumed" ? entry.offset : entry.term, true);
  let end = HEAD_BYTES;
  for (const value of runs ?? []) end = writeVarint(bytes, end, value);
  return bytes;
}

/** Reads `bytes[start, end)`. `cluster-protocol` when that is no entry. */
export function decodeOrderEntry(bytes: Uint8Array, start: number, end: number): OrderLogEntry {
  if (end - start < HEAD_BYTES) throw garbage(`${end - start} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  const kind = view.getUint8(0);
  const attempt = view.getUint32(1, true);
  const replica = view.getUint16(5, true);
  const number = view.getFloat64(7, true);
  if (!Number.isSafeInteger(number) || number < 0) throw garbage(`term ${number}`);
  switch (kind) {
    case CLAIM:
      return { kind: "claim", attempt, term: number, replica };
    case CONSUMED:
      return { kind: "consumed", attempt, replica, offset: number };
    case ORDER:
      return { kind: "order", attempt, term: number, replica, runs: readRuns(bytes, start + HEAD_BYTES, end) };
    default:
      throw garbage(`kind ${kind}`);
  }
}

function varintBytes(value: number): number {
  if (value < 1 << 7) return 1;
  if (value < 1 << 14) return 2;
  if (value < 1 << 21) return 3;
  return value < 1 << 28 ? 4 : 5;
}

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let [end, left] = [at, value];
  while (left > 0x7f) {
    bytes[end++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  bytes[end++] = left;
  return end;
}

function readRuns(bytes: Uint8Array, start: number, end: number): readonly number[] {
  const runs: number[] = [];
  for (let at = start; at < end; ) {
    let byte = bytes[at++]!;
    let value = byte & 0x7f;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      if (at === end || shift > 28) throw garbage("a number without end");
      byte = bytes[at++]!;
      value += (byte & 0x7f) * (1 << shift);
    }
    if (value > 0x7fffffff || (runs.length % 2 === 1 && value === 0)) throw garbage(`a run of ${value}`);
    runs.push(value);
  }
  if (runs.length % 2 === 1) throw garbage("half a run");
  return runs;
}

function garbage(what: string): FaultlineError {
  return new FaultlineError("cluster-protocol", `an order log holds what is no entry: ${what}`, {
    hint: "check that the log belongs to this job alone",
  });
}
