import type { InputStream } from "../merged-input.ts";
import { compileSchedule } from "../schedule/schedule.ts";
import { MicrobenchEvents } from "./events.ts";
import { type MicrobenchEvent, STREAMS } from "./model.ts";
import type { MicrobenchOptions } from "./options.ts";

/** The first `sources` streams, each at its constant rate; all end with the first one, and each has an event. */
export function microbenchInput(
  options: MicrobenchOptions,
  sources: number,
  partitions: number,
): readonly InputStream<MicrobenchEvent>[] {
  const rates = [options.rate, options.rate2, options.rate3];
  const schedules = rates.map((ratePerSecond) => compileSchedule({ shape: "constant", ratePerSecond }));
  const lastDueNs = schedules[0]!.dueNs(options.events - 1);
  return STREAMS.slice(0, sources).map((name, i) => {
    const schedule = schedules[i]!;
    const events = i === 0 ? options.events : schedule.countBefore(lastDueNs);
    const stream = { options: { ...options, events }, source: i + 1, schedule, partitions };
    return { name, dataSet: new MicrobenchEvents(stream), schedule };
  });
}
