import type { ResourceSample, RunResult } from "../sweep/model.ts";

export interface RoleSecond {
  readonly cpuPercent: number;
  readonly rssBytes: number;
}

/** Samples of each process of a role, ascending by time; and the role's RSS (sum over its processes) at each sampling time. */
interface Role {
  readonly processes: ReadonlyMap<number, readonly ResourceSample[]>;
  readonly rssAt: ReadonlyMap<number, number>;
}

/** CPU over [fromUs, toUs] and peak RSS in it, per role; a role's processes are added up. {} without samples. */
export function resourceUsage(
  samples: readonly ResourceSample[],
  fromUs: number,
  toUs: number,
): RunResult["resources"] {
  const usage: Record<string, RunResult["resources"][string]> = {};
  for (const [name, role] of byRole(samples)) {
    let rssPeakBytes = -1;
    for (const [atUs, rss] of role.rssAt)
      if (atUs >= fromUs && atUs <= toUs) rssPeakBytes = Math.max(rssPeakBytes, rss);
    if (rssPeakBytes < 0) continue;
    const cpuMs = cpuBetween(role, fromUs, toUs);
    const cpuPercent = round((cpuMs * 1000 * 100) / (toUs - fromUs), 1);
    usage[name] = { cpuSeconds: round(cpuMs / 1000, 3), cpuPercent, rssPeakBytes };
  }
  return usage;
}

/** Role → what it used in each of `seconds` seconds from `startUs`; null where no sample tells. Roles by name. */
export function resourceSeries(
  samples: readonly ResourceSample[],
  startUs: number,
  seconds: number,
): ReadonlyMap<string, readonly (RoleSecond | null)[]> {
  const series = new Map<string, readonly (RoleSecond | null)[]>();
  for (const [name, role] of byRole(samples)) {
    const rss = new Array<number>(seconds).fill(-1);
    for (const [atUs, bytes] of role.rssAt) {
      const second = Math.floor((atUs - startUs) / 1_000_000);
      if (second >= 0 && second < seconds) rss[second] = Math.max(rss[second]!, bytes);
    }
    const perSecond = rss.map((rssBytes, second) => {
      if (rssBytes < 0) return null;
      const from = startUs + second * 1_000_000;
      return { cpuPercent: round(cpuBetween(role, from, from + 1_000_000) / 10, 1), rssBytes };
    });
    series.set(name, perSecond);
  }
  return series;
}

/** `worker-2` → `worker`: processes that are numbered share a role. */
export function roleOf(process: string): string {
  return process.replace(/-\d+$/, "");
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

/** CPU ms that a role used in [fromUs, toUs], the counters of its processes interpolated between samples. */
function cpuBetween(role: Role, fromUs: number, toUs: number): number {
  let cpuMs = 0;
  for (const samples of role.processes.values()) {
    cpuMs += Math.max(0, cpuAt(samples, toUs) - cpuAt(samples, fromUs));
  }
  return cpuMs;
}

function cpuAt(samples: readonly ResourceSample[], atUs: number): number {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (samples[middle]!.atUs <= atUs) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [samples[low - 1], samples[low]];
  if (before === undefined) return after === undefined ? 0 : total(after);
  if (after === undefined) return total(before);
  const share = (atUs - before.atUs) / (after.atUs - before.atUs);
  return total(before) + share * (total(after) - total(before));
}

function total(sample: ResourceSample): number {
  return sample.cpuUserMs + sample.cpuSystemMs;
}

function round(value: number, places: number): number {
  return Number(value.toFixed(places));
}
