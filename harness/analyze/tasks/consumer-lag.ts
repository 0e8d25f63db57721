import { partitionPoint } from "../../../base/partition-point.ts";
import type { SentTimes } from "../sent-times.ts";
import type { TaskLog } from "./task-log.ts";

/**
 * Events of the main input stream that were sent and that the tasks of its source `vertex` had not taken in, at the last look of each of
 * `seconds` seconds from `startUs`. null: nobody looked in that second, not all source tasks answered, or one has started anew by then,
 * from when on its counter does not tell where it reads: the job did at `restartUs`, or a counter is smaller than it was. Of a source's
 * replicas the one furthest on counts.
 */
export function consumerLag(
  { header, looks }: TaskLog,
  vertex: string,
  sent: SentTimes,
  { startUs, seconds, restartUs }: { readonly startUs: number; readonly seconds: number; readonly restartUs: number },
): readonly (number | null)[] {
  const replicas = header.vertices[vertex]?.replicas ?? 1;
  const read = looks.map(({ tasks }) => {
    const own = tasks.filter((task) => task.vertex === vertex);
    return new Map(own.map(({ subtask, recordsIn }) => [subtask, recordsIn]));
  });
  const instances = new Set(
    read.flatMap((counters) => [...counters.keys()].map((task) => Math.floor(task / replicas))),
  );
  const sentByLook = sentBy(
    looks.map(({ atUs }) => atUs),
    sent,
  );
  const lags = new Array<number | null>(seconds).fill(null);
  const furthest = new Map<number, number>();
  for (const [at, counters] of read.entries()) {
    // Whoever was away for long may have read more since than before.
    if (looks[at]!.atUs >= restartUs) return lags;
    for (const [task, count] of counters) {
      if (count < (furthest.get(task) ?? 0)) return lags;
      furthest.set(task, count);
    }
    const second = Math.floor((looks[at]!.atUs - startUs) / 1e6);
    if (second < 0 || second >= seconds) continue;
    const taken = takenIn(counters, replicas, instances);
    // Closing records are read, too, and are no events; and what was read is asked for a little after `atUs`.
    lags[second] = taken === null ? null : Math.max(0, sentByLook[at]! - taken);
  }
  return lags;
}

/** By all instances together; null when one of them did not answer. */
function takenIn(
  counters: ReadonlyMap<number, number>,
  replicas: number,
  instances: ReadonlySet<number>,
): number | null {
  let sum = 0;
  for (const instance of instances) {
    const all = Array.from({ length: replicas }, (_, replica) => counters.get(instance * replicas + replica) ?? -1);
    const most = Math.max(...all);
    if (most < 0) return null;
    sum += most;
  }
  return instances.size === 0 ? null : sum;
}

/** How many events had been sent by each of these times, which ascend. */
function sentBy(timesUs: readonly number[], sent: SentTimes): number[] {
  const counts = new Array<number>(timesUs.length + 1).fill(0);
  sent.forEach((first, end, sentUs) => {
    counts[partitionPoint(timesUs.length, (look) => timesUs[look]! < sentUs)]! += end - first;
  });
  let sum = 0;
  return timesUs.map((_, at) => (sum += counts[at]!));
}
