import { partitionPoint } from "../../base/partition-point.ts";
import type { RuntimeSample } from "../measure/runtime-probe.ts";
import type { ResourceSample, RoleUsage } from "../sweep/model.ts";
import { heapSeries, roleOf, runtimeUsage } from "./runtime-usage.ts";

/** null: not told. */
export interface RoleSecond {
  readonly cpuPercent: number | null;
  readonly rssBytes: number | null;
  readonly writtenBytes: number | null;
  readonly readBytes: number | null;
  /** JavaScript heap in use, of our own programs. */
  readonly heapBytes: number | null;
}

/** Samples of each process of a role, ascending by time; and the role's RSS (sum over its processes) at each sampling time. */
interface Role {
  readonly processes: ReadonlyMap<number, readonly ResourceSample[]>;
  readonly rssAt: ReadonlyMap<number, number>;
}

const UNSEEN: Role = { processes: new Map(), rssAt: new Map() };
const NOT_TOLD: Omit<RoleSecond, "heapBytes"> = {
  cpuPercent: null,
  rssBytes: null,
  writtenBytes: null,
  readBytes: null,
};

/** Those that the kernel may keep to itself, and that older samples lack. */
const OPTIONAL_COUNTERS = ["readBytes", "writtenBytes", "voluntarySwitches", "involuntarySwitches"] as const;

/** A counter of a process that only grows; undefined in samples that do not tell. */
type Counter = (sample: ResourceSample) => number | undefined;

/** What each role used over [fromUs, toUs], and its peak RSS in it; a role's processes are added up. {} without samples. */
export function resourceUsage(
  samples: readonly ResourceSample[],
  runtimeSamples: readonly RuntimeSample[],
  fromUs: number,
  toUs: number,
): Record<string, RoleUsage> {
  const usage: Record<string, RoleUsage> = {};
  const told = runtimeUsage(runtimeSamples, fromUs, toUs);
  for (const [name, role] of byRole(samples)) {
    let rssPeakBytes = -1;
    for (const [atUs, rss] of role.rssAt)
      if (atUs >= fromUs && atUs <= toUs) rssPeakBytes = Math.max(rssPeakBytes, rss);
    if (rssPeakBytes < 0) continue;
    const cpuMs = counting(role, cpuOf)(fromUs, toUs) ?? 0;
    const cpuPercent = round((cpuMs * 1000 * 100) / (toUs - fromUs), 1);
    const counted: Partial<Record<(typeof OPTIONAL_COUNTERS)[number], number>> = {};
    for (const counter of OPTIONAL_COUNTERS) {
      const count = counting(role, (sample) => sample[counter])(fromUs, toUs);
      if (count !== null) counted[counter] = Math.round(count);
    }
    const runtime = told.get(name);
    const ofNode = runtime === undefined ? {} : { runtime };
    usage[name] = { cpuSeconds: round(cpuMs / 1000, 3), cpuPercent, rssPeakBytes, ...counted, ...ofNode };
  }
  return usage;
}

/** Role → what it used in each of `seconds` seconds from `startUs`. Roles by name, also those of which only the runtime is told. */
export function resourceSeries(
  samples: readonly ResourceSample[],
  runtimeSamples: readonly RuntimeSample[],
  startUs: number,
  seconds: number,
): ReadonlyMap<string, readonly RoleSecond[]> {
  const roles = byRole(samples);
  const heaps = heapSeries(runtimeSamples, startUs, seconds);
  const names = [...new Set([...roles.keys(), ...heaps.keys()])].sort();
  return new Map(
    names.map((name) => {
      const used = sampledSeconds(roles.get(name) ?? UNSEEN, startUs, seconds);
      return [name, used.map((one, second) => ({ ...one, heapBytes: heaps.get(name)?.[second] ?? null }))];
    }),
  );
}

function sampledSeconds(role: Role, startUs: number, seconds: number): Omit<RoleSecond, "heapBytes">[] {
  const rss = new Array<number>(seconds).fill(-1);
  for (const [atUs, bytes] of role.rssAt) {
    const second = Math.floor((atUs - startUs) / 1_000_000);
    if (second >= 0 && second < seconds) rss[second] = Math.max(rss[second]!, bytes);
  }
  const cpuMs = counting(role, cpuOf);
  const written = counting(role, ({ writtenBytes }) => writtenBytes);
  const read = counting(role, ({ readBytes }) => readBytes);
  return rss.map((rssBytes, second) => {
    if (rssBytes < 0) return NOT_TOLD;
    const from = startUs + second * 1_000_000;
    const within = (count: typeof cpuMs) => count(from, from + 1_000_000);
    const whole = (count: number | null) => (count === null ? null : Math.round(count));
    return {
      cpuPercent: round((within(cpuMs) ?? 0) / 10, 1),
      rssBytes,
      writtenBytes: whole(within(written)),
      readBytes: whole(within(read)),
    };
  });
}

function byRole(named: readonly ResourceSample[]): Map<string, Role> {
  const samples = named.map((sample) => ({ ...sample, role: roleOf(sample.role) }));
  const roles = new Map<string, { processes: Map<number, ResourceSample[]>; rssAt: Map<number, number> }>();
  const ordered = samples.sort((a, b) => (a.role === b.role ? a.atUs - b.atUs : a.role < b.role ? -1 : 1));
  for (const sample of ordered) {
    let role = roles.get(sample.role);
    if (role === undefined) {
      role = { processes: new Map(), rssAt: new Map() };
      roles.set(sample.role, role);
    }
    const list = role.processes.get(sample.pid);
    if (list === undefined) role.processes.set(sample.pid, [sample]);
    else list.push(sample);
    role.rssAt.set(sample.atUs, (role.rssAt.get(sample.atUs) ?? 0) + sample.rssBytes);
  }
  return roles;
}

/**
 * How far a counter of a role's processes went in [fromUs, toUs], interpolated between samples; null when one of them, seen in that
 * time, does not tell. What a process did before its first sample, or after its last, is not in it.
 */
function counting(role: Role, of: Counter): (fromUs: number, toUs: number) => number | null {
  const processes = [...role.processes.values()].map((all) => ({
    all,
    telling: all.filter((sample) => of(sample) !== undefined),
  }));
  return (fromUs, toUs) => {
    let counted = 0;
    for (const { all, telling } of processes) {
      if (telling.length > 0) counted += Math.max(0, counterAt(telling, of, toUs) - counterAt(telling, of, fromUs));
      else if (all.some(({ atUs }) => atUs >= fromUs && atUs <= toUs)) return null;
    }
    return counted;
  };
}

/** `samples`: one or more, all of which tell. */
function counterAt(samples: readonly ResourceSample[], of: Counter, atUs: number): number {
  const next = partitionPoint(samples.length, (index) => samples[index]!.atUs <= atUs);
  const [before, after] = [samples[next - 1], samples[next]];
  if (before === undefined) return of(after!)!;
  if (after === undefined) return of(before)!;
  const share = (atUs - before.atUs) / (after.atUs - before.atUs);
  return of(before)! + share * (of(after)! - of(before)!);
}

function cpuOf(sample: ResourceSample): number {
  return sample.cpuUserMs + sample.cpuSystemMs;
}

function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}
