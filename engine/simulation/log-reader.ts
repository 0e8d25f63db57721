import { asFaultlineError } from "../../base/errors.ts";
import { SuppliedRecords } from "../connectors/source-supplier.ts";
import type { LogAddress, LogPosition, LogReader, LogReaderHandler } from "../ports.ts";
import { Latency } from "./latency.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Topics } from "./topics.ts";
import { TRACED } from "./trace.ts";
import type { Universe } from "./universe.ts";

/** Reads partitions of a topic: one fetch at a time, each of one partition drawn from those that have records. */
export class SimulatedLogReader implements LogReader {
  readonly #universe: Universe;
  readonly #process: SimulatedProcess;
  readonly #topics: Topics;
  readonly #topic: string;
  readonly #positions: { readonly partition: number; offset: number }[];
  readonly #handler: LogReaderHandler;
  readonly #batchRecords: number;
  readonly #latency: Latency;
  readonly #held = new Set<number>();
  #paused = false;
  #closed = false;
  #fetching = false;

  constructor(
    universe: Universe,
    process: SimulatedProcess,
    topics: Topics,
    address: LogAddress,
    from: readonly LogPosition[],
    handler: LogReaderHandler,
    batchRecords: number,
  ) {
    this.#universe = universe;
    this.#process = process;
    this.#topics = topics;
    this.#topic = address.topic;
    this.#positions = from.map(({ partition, offset }) => ({ partition, offset }));
    this.#handler = handler;
    this.#batchRecords = batchRecords;
    this.#latency = new Latency(universe, universe.conditions.fetches);
    this.#fetchLater();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#fetchLater();
  }

  hold(partition: number, held: boolean): void {
    if (held) {
      this.#held.add(partition);
      this.#universe.situations.meet("heldPartition");
    } else {
      this.#held.delete(partition);
      this.#fetchLater();
    }
  }

  endOffsets(answer: (offsets: readonly number[]) => void): void {
    this.#process.later(this.#latency.nextUs(), () => {
      if (this.#closed) return;
      answer(this.#positions.map(({ partition }) => this.#topics.endOffset(this.#topic, partition)));
    });
  }

  close(): void {
    this.#closed = true;
  }

  #fetchLater(): void {
    if (this.#fetching || this.#paused || this.#closed) return;
    this.#fetching = true;
    const closedUs = this.#topics.readableFromUs(this.#topic) - this.#universe.nowUs;
    this.#process.later(Math.max(closedUs, this.#latency.nextUs()), () => {
      this.#fetching = false;
      if (!this.#closed && !this.#paused) this.#fetch();
    });
  }

  #fetch(): void {
    const ready = this.#positions.filter(({ partition, offset }) => {
      return !this.#held.has(partition) && offset < this.#topics.endOffset(this.#topic, partition);
    });
    if (ready.length === 0) {
      for (const { partition } of this.#positions) {
        this.#topics.onAppend(this.#topic, partition, () => this.#fetchLater());
      }
      return;
    }
    const position = ready[this.#universe.random.below(ready.length)]!;
    let records: SuppliedRecords;
    try {
      const values = this.#topics.read(this.#topic, position.partition, position.offset, this.#batchRecords);
      records = new SuppliedRecords(position.partition, position.offset, values);
    } catch (error) {
      this.close();
      this.#handler.onError(asFaultlineError(error));
      return;
    }
    position.offset += records.recordCount;
    const { trace, nowUs } = this.#universe;
    trace.note(nowUs, TRACED.fetch, position.partition);
    trace.note(nowUs, TRACED.fetch, position.offset);
    if (trace.detailed) {
      const what = `${this.#topic}/${records.partition} ${records.baseOffset} … ${position.offset - 1}`;
      trace.tell(nowUs, `${this.#process.name} reads ${what}`);
    }
    this.#handler.onRecords(records);
    this.#fetchLater();
  }
}
