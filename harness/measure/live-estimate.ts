import { resolveBetterCloudOptions } from "../../generators/bettercloud/options.ts";
import { resolveMicrobenchOptions } from "../../generators/microbench/options.ts";
import { EventNumbers } from "../../generators/nexmark/numbers.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { compileSchedule } from "../../generators/schedule/schedule.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { wireColumns } from "../verify/row-hash.ts";
import { type RowText, rowText } from "../verify/row-text.ts";
import { parseRow } from "../verify/typed-value.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import type { ObserverSpec } from "./observer-spec.ts";

/**
 * The p50 and p99 of the progress line: event time of a sampled output → event index (data without disorder assumed) → due
 * time. An estimate, marked ≈ wherever it is shown; the measured latency comes from the oracle, afterwards.
 */
export class LiveEstimate {
  startUs: number | null;
  readonly #query: QueryDefinition;
  readonly #dueUs: (eventTimeMs: number) => number;
  readonly #watermarkDelayMs: number;
  readonly #rows: RowText;
  #histogram = new LatencyHistogram();

  constructor(
    query: QueryDefinition,
    live: NonNullable<ObserverSpec["live"]>,
    rows: RowText = rowText("json", wireColumns(query)),
  ) {
    this.#rows = rows;
    this.#query = query;
    this.startUs = live.startUs ?? null;
    this.#watermarkDelayMs = live.watermarkDelayMs;
    this.#dueUs = dueByEventTime(live);
  }

  /** Takes one output into account; what cannot be estimated is passed over. */
  sample(bytes: Uint8Array, start: number, end: number, observedUs: number): void {
    if (this.startUs === null) return;
    const row = parseRow(wireColumns(this.#query), this.#rows.textOf(bytes, start, end));
    const eventTimeMs = row === null ? null : this.#query.liveEventTimeMs(row, this.#watermarkDelayMs);
    if (eventTimeMs === null) return;
    this.#histogram.record(Math.round(observedUs - this.startUs - this.#dueUs(eventTimeMs)));
  }

  /** Percentiles since the last call; null without samples. */
  take(): { readonly p50Us: number | null; readonly p99Us: number | null } {
    const taken = { p50Us: this.#histogram.percentile(50), p99Us: this.#histogram.percentile(99) };
    this.#histogram.destroy();
    this.#histogram = new LatencyHistogram();
    return taken;
  }
}

/** Due time, µs after the start, of the first event of an event time. */
function dueByEventTime({ dataset, schedule }: NonNullable<ObserverSpec["live"]>): (eventTimeMs: number) => number {
  if (dataset.kind !== "nexmark") {
    // Their event time is the due time, in whole ms.
    const resolve = dataset.kind === "bettercloud" ? resolveBetterCloudOptions : resolveMicrobenchOptions;
    const { baseTimeMs } = resolve(dataset.options);
    return (eventTimeMs) => (eventTimeMs - baseTimeMs) * 1000;
  }
  const options = resolveNexmarkOptions(dataset.options);
  const numbers = new EventNumbers(options);
  const { dueNs } = compileSchedule(schedule);
  const indexOf = indexByTime((index) => numbers.timestampMs(options.firstEventNumber + index), options.events);
  return (eventTimeMs) => dueNs(indexOf(eventTimeMs)) / 1000;
}

/** First index whose event time is at least the wanted one, by bisection over times that never fall. */
function indexByTime(timeOf: (index: number) => number, events: number): (eventTimeMs: number) => number {
  return (eventTimeMs) => {
    let low = 0;
    let high = Math.max(0, events - 1);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (timeOf(middle) >= eventTimeMs) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
