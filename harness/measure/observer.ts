import type { WireFormatName } from "../../generators/dataset.ts";
import type { RecordBatchView } from "../../kafka/record-batch/view.ts";
import type { ColumnSpec, QueryDefinition } from "../../queries/query.ts";
import { RowHasher, wireColumns } from "../verify/row-hash.ts";
import { parseRow } from "../verify/typed-value.ts";
import { type EngineLatencyLog, engineStampsOf } from "./engine-latency-log.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import type { LiveEstimate } from "./live-estimate.ts";
import { FLAG_UNDECODABLE, type Observation } from "./observation.ts";
import type { ObservationLog } from "./observation-log.ts";
import { emptyObservation } from "./observation-reader.ts";
import type { ObservedRecord, Planter } from "./planter.ts";

export interface ObserverOptions {
  readonly query: QueryDefinition;
  /** Of the records; default json. */
  readonly format?: WireFormatName;
  readonly isolation: 0 | 1;
  readonly startWallMs: number;
  readonly log: Pick<ObservationLog, "append">;
  readonly live: LiveEstimate | null;
  readonly monotonicUs: () => number;
  /** Monotonic − wall clock, µs. */
  readonly clockOffsetUs: number;
  /** Takes the engine's stamps of queries whose rows tell them. */
  readonly engineStamps?: EngineLatencyLog | null;
  /** Plants errors, from `warmupMs` after the start. */
  readonly plants?: { readonly planter: Planter; readonly warmupMs: number } | null;
}

/** Turns fetched batches into observations and does as little else as it can: one look at the clock a batch, no objects a record. */
export class Observer {
  observed = 0;
  undecodable = 0;
  /** First due time of the load, monotonic µs; null before it is known. Only planted errors need it. */
  startUs: number | null = null;
  /** Observed − append time of the oldest record of every batch. */
  readonly readLag = new LatencyHistogram();
  readonly #options: ObserverOptions;
  readonly #hasher: RowHasher;
  readonly #observation: Observation = emptyObservation();
  readonly #columns: readonly ColumnSpec[];
  readonly #engineStamps: ReturnType<typeof engineStampsOf>;
  readonly #decoder = new TextDecoder();

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#hasher = new RowHasher(options.query, options.format);
    this.#columns = wireColumns(options.query);
    this.#engineStamps = options.engineStamps == null ? null : engineStampsOf(options.query);
    this.#observation.isolation = options.isolation;
  }

  onBatch(view: RecordBatchView): void {
    const { monotonicUs, startWallMs, log, live } = this.#options;
    const observedUs = monotonicUs();
    if (this.#options.plants != null) {
      this.#onPlantedBatch(view, observedUs);
      return;
    }
    const observation = this.#observation;
    const hasher = this.#hasher;
    const bytes = view.bytes;
    const sampled = view.recordCount >> 1;
    observation.observedUs = observedUs;
    observation.partition = view.partition;
    let nth = 0;
    for (const cursor = view.walk(); cursor.next(); nth++) {
      const { valueStart, valueEnd } = cursor;
      const decoded = valueStart >= 0 ? this.#hash(bytes, valueStart, valueEnd) : this.#noRow();
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

  /** After the last batch. */
  finish(): void {
    this.#options.plants?.planter.end((record) => this.#write(record));
  }

  /** The way of planted runs: a copy of each record, through the planter. */
  #onPlantedBatch(view: RecordBatchView, observedUs: number): void {
    const { planter, warmupMs } = this.#options.plants!;
    const startUs = this.startUs;
    const armedFromUs = startUs === null ? null : startUs + warmupMs * 1000;
    const { bytes, partition } = view;
    let nth = 0;
    for (const cursor = view.walk(); cursor.next(); nth++) {
      const { offset, timestampMs, valueStart, valueEnd } = cursor;
      // A copy, which slice() of a Buffer is not.
      const value = valueStart < 0 ? null : new Uint8Array(bytes.subarray(valueStart, valueEnd));
      if (nth === 0) this.#lag(observedUs, timestampMs);
      const record = { value, partition, offset, timestampMs, observedUs };
      planter.next(record, armedFromUs, startUs ?? 0, (seen) => this.#write(seen));
    }
  }

  #write({ value, partition, offset, timestampMs, observedUs }: ObservedRecord): void {
    const decoded = value === null ? this.#noRow() : this.#hash(value, 0, value.length);
    if (!decoded) this.undecodable++;
    const { nameHigh, nameLow, contentHigh, contentLow } = decoded ? this.#hasher : emptyObservation();
    const hashes = { nameHigh, nameLow, contentHigh, contentLow };
    const { isolation, startWallMs, log } = this.#options;
    const flags = decoded ? 0 : FLAG_UNDECODABLE;
    log.append({ observedUs, ...hashes, offset, appendMs: timestampMs - startWallMs, partition, isolation, flags });
    this.observed++;
  }

  /** Hashes the row, and notes the engine's stamps where the query has them. */
  #hash(bytes: Uint8Array, start: number, end: number): boolean {
    const stampsOf = this.#engineStamps;
    if (stampsOf === null) return this.#hasher.fromRecord(bytes, start, end);
    const row = parseRow(this.#columns, this.#decoder.decode(bytes.subarray(start, end)));
    this.#options.engineStamps?.record(row === null ? null : stampsOf(row));
    if (row !== null) this.#hasher.fromValues(row);
    return row !== null;
  }

  #noRow(): false {
    if (this.#engineStamps !== null) this.#options.engineStamps?.record(null);
    return false;
  }

  #lag(observedUs: number, appendMs: number): void {
    this.readLag.record(Math.round(observedUs - this.#options.clockOffsetUs - appendMs * 1000));
  }
}
