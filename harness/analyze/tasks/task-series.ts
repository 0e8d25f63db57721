import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import type { MeasuredWindow } from "../window.ts";
import type { TaskLog } from "./task-log.ts";

type Counters = Omit<TaskCounters, "worker">;

/** What one task did from one look, about a second before, to the next. Rates per second, shares of the time. */
export interface TaskStep {
  readonly vertex: string;
  readonly subtask: number;
  /** Of the later look, from the first due time. */
  readonly atMs: number;
  readonly fromUs: number;
  readonly toUs: number;
  readonly recordsInPerSecond: number;
  readonly recordsOutPerSecond: number;
  readonly bytesOutPerSecond: number;
  /** Time in which it worked, and in which its full output kept it from working; the rest it was idle. */
  readonly busyShare: number;
  readonly blockedShare: number;
  /** Event time; null: no watermark yet, or behind the last one. */
  readonly watermarkMs: number | null;
  /** By how much it is behind the newest watermark of any task at that look, ms of event time. */
  readonly watermarkLagMs: number | null;
}

/**
 * What each task did between looks, in time order. A task that started anew between two looks (its counters are smaller than before, or it
 * was not there) has no step for that time.
 */
export function taskSteps({ looks }: TaskLog, startUs: number): TaskStep[] {
  const steps: TaskStep[] = [];
  const before = new Map<string, { readonly atUs: number; readonly counters: Counters }>();
  for (const { atUs, tasks } of looks) {
    const newest = Math.max(...tasks.map(({ watermarkMs }) => watermarkMs ?? Number.NEGATIVE_INFINITY));
    for (const counters of tasks) {
      const name = `${counters.vertex}/${counters.subtask}`;
      const last = before.get(name);
      before.set(name, { atUs, counters });
      if (last === undefined || last.atUs >= atUs || startedAnew(last.counters, counters)) continue;
      steps.push(stepOf(last.atUs, atUs, last.counters, counters, newest, startUs));
    }
  }
  return steps;
}

function startedAnew(before: Counters, now: Counters): boolean {
  return now.recordsIn < before.recordsIn || now.recordsOut < before.recordsOut || now.busyUs < before.busyUs;
}

function stepOf(
  fromUs: number,
  toUs: number,
  before: Counters,
  now: Counters,
  newestMs: number,
  startUs: number,
): TaskStep {
  const lengthUs = toUs - fromUs;
  const perSecond = (count: number) => (count * 1e6) / lengthUs;
  const share = (us: number) => Math.min(1, us / lengthUs);
  const { vertex, subtask, watermarkMs } = now;
  return {
    vertex,
    subtask,
    atMs: (toUs - startUs) / 1000,
    fromUs,
    toUs,
    recordsInPerSecond: perSecond(now.recordsIn - before.recordsIn),
    recordsOutPerSecond: perSecond(now.recordsOut - before.recordsOut),
    bytesOutPerSecond: perSecond(now.bytesOut - before.bytesOut),
    busyShare: share(now.busyUs - before.busyUs),
    blockedShare: share(Math.max(0, now.blockedUs - before.blockedUs)),
    watermarkMs,
    watermarkLagMs: watermarkMs === null ? null : newestMs - watermarkMs,
  };
}

/** An operator over the measured window: rates of all its tasks together, shares of its busiest task. */
export interface OperatorLoad {
  readonly vertex: string;
  readonly tasks: number;
  readonly recordsInPerSecond: number;
  readonly recordsOutPerSecond: number;
  readonly busyShare: number;
  readonly blockedShare: number;
}

/** Of the steps that lie within the window; operators in the order in which they are first seen. */
export function operatorLoads(steps: readonly TaskStep[], window: MeasuredWindow | null): OperatorLoad[] {
  if (window === null) return [];
  const within = steps.filter(({ fromUs, toUs }) => fromUs >= window.fromUs && toUs <= window.toUs);
  return [...Map.groupBy(within, ({ vertex }) => vertex)].map(([vertex, own]) => {
    const tasks = [...Map.groupBy(own, ({ subtask }) => subtask).values()];
    const sum = (of: (step: TaskStep) => number) => tasks.reduce((total, one) => total + meanOf(one, of), 0);
    const most = (of: (step: TaskStep) => number) => Math.max(...tasks.map((one) => meanOf(one, of)));
    return {
      vertex,
      tasks: tasks.length,
      recordsInPerSecond: sum((step) => step.recordsInPerSecond),
      recordsOutPerSecond: sum((step) => step.recordsOutPerSecond),
      busyShare: most((step) => step.busyShare),
      blockedShare: most((step) => step.blockedShare),
    };
  });
}

/** Weighted by the length of the steps. */
function meanOf(steps: readonly TaskStep[], of: (step: TaskStep) => number): number {
  let [sum, lengthUs] = [0, 0];
  for (const step of steps) {
    sum += of(step) * (step.toUs - step.fromUs);
    lengthUs += step.toUs - step.fromUs;
  }
  return sum / lengthUs;
}
