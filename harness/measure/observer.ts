import type { RecordBatchView } from "../../kafka/record-batch/view.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { RowHasher } from "../verify/row-hash.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import type { LiveEstimate } from "./live-estimate.ts";
import { FLAG_UNDECODABLE, type Observation } from "./observation.ts";
import type { ObservationLog } from "./observation-log.ts";
import { emptyObservation } from "./observation-reader.ts";

export interface ObserverOptions {
  readonly query: QueryDefinition;
  readonly isolation: 0 | 1;
  readonly startWallMs: number;
  readonly log: Pick<ObservationLog, "append">;
  readonly live: LiveEstimate | null;
  readonly monotonicUs: () => number;
  /** Monotonic − wall clock, µs. */
  readonly clockOffsetUs: number;
}

/** Turns fetched batches into observations and does as little else as it can: one look at the clock a batch, no objects a record. */
export class Observer {
  observed = 0;
  undecodable = 0;
  /** Observed − append time of the oldest record of every batch. */
  readonly readLag = new LatencyHistogram();
  readonly #options: ObserverOptions;
  readonly #hasher: RowHasher;
  readonly #observation: Observation = emptyObservation();

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#hasher = new RowHasher(options.query);
    this.#observation.isolation = options.isolation;
  }

  onBatch(view: RecordBatchView): void {
    const { monotonicUs, startWallMs, log, live } = this.#options;
    const observedUs = monotonicUs();
    const observation = this.#observation;
    const hasher = this.#hasher;
    const bytes = view.bytes;
    const sampled = view.recordCount >> 1;
    observation.observedUs = observedUs;
    observation.partition = view.partition;
    let nth = 0;
    for (const cursor = view.walk(); cursor.next(); nth++) {
      const { valueStart, valueEnd } = cursor;
      const decoded = valueStart >= 0 && hasher.fromJson(bytes, valueStart, valueEnd);
      if (!decoded) this.undecodable++;
      observation.nameHigh = decoded ? hasher.nameHigh : 0;
      observation.nameLow = decoded ? hasher.nameLow : 0;
      observation.contentHigh = decoded ? hasher.contentHigh : 0;
      observation.contentLow = decoded ? hasher.contentLow : 0;
      observation.flags = decoded ? 0 : FLAG_UNDECODABLE;
      observation.offset = cursor.offset;
      observation.appendMs = cursor.timestampMs - startWallMs;
      log.append(observation);
      if (nth === 0) this.#lag(observedUs, cursor.timestampMs);
      if (nth === sampled && decoded) live?.sample(bytes, valueStart, valueEnd, observedUs);
    }
    this.observed += nth;
  }

  #lag(observedUs: number, appendMs: number): void {
    this.readLag.record(Math.round(observedUs - this.#options.clockOffsetUs - appendMs * 1000));
  }
}
