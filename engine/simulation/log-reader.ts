import { present } from "../../base/assert.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { SuppliedRecords } from "../connectors/source-supplier.ts";
import type { Isolation, LogPosition, LogReader, LogReaderHandler, LogStart } from "../ports.ts";
import { Latency } from "./latency.ts";
import type { Outages } from "./outages.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Topics } from "./topics.ts";
import { TRACED } from "./trace.ts";
import type { Universe } from "./universe.ts";

export interface LogReading {
  readonly topic: string;
  readonly from: readonly LogPosition[];
  readonly isolation: Isolation;
  readonly start: LogStart;
  readonly batchRecords: number;
}

/** Reads partitions of a topic: one fetch at a time, each of one partition drawn from those that have records. */
export class SimulatedLogReader implements LogReader {
  readonly #universe: Universe;
  readonly #process: SimulatedProcess;
  readonly #topics: Topics;
  readonly #outages: Outages;
  readonly #topic: string;
  readonly #isolation: Isolation;
  readonly #start: LogStart;
  readonly #positions: { readonly partition: number; offset: number }[];
  readonly #handler: LogReaderHandler;
  readonly #batchRecords: number;
  readonly #latency: Latency;
  readonly #held = new Set<number>();
  #paused = false;
  #closed = false;
  #fetching = false;
  /** A fetch was answered while the reader was paused: its records wait. */
  #answered = false;

  constructor(
    universe: Universe,
    process: SimulatedProcess,
    topics: Topics,
    outages: Outages,
    { topic, from, isolation, start, batchRecords }: LogReading,
    handler: LogReaderHandler,
  ) {
    this.#universe = universe;
    this.#process = process;
    this.#topics = topics;
    this.#outages = outages;
    this.#topic = topic;
    this.#isolation = isolation;
    this.#start = start;
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
    this.#askLater(0, () => {
      if (!this.#closed) answer(this.#positions.map(({ partition }) => this.#endOffset(partition)));
    });
  }

  close(): void {
    this.#closed = true;
  }

  #fetchLater(): void {
    if (this.#fetching || this.#paused || this.#closed) return;
    this.#fetching = true;
    const closedUs = this.#topics.readableFromUs(this.#topic) - this.#universe.nowUs;
    const ask = this.#answered ? this.#giveLater : this.#askLater;
    ask.call(this, closedUs, () => {
      this.#fetching = false;
      const comesAnyway = this.#paused && !this.#closed && this.#deliversPaused();
      this.#answered = this.#paused && !comesAnyway;
      if (!this.#closed && (!this.#paused || comesAnyway)) this.#fetch();
    });
  }

  /** What is under way when a reader pauses may come all the same, as the port allows; in a rough world it does so now and then. */
  #deliversPaused(): boolean {
    const { conditions, random, situations } = this.#universe;
    const comes = conditions.fetches.stallOneIn > 0 && random.below(2) === 0;
    if (comes) situations.meet("fetchedInPause");
    return comes;
  }

  #giveLater(delayUs: number, run: () => void): void {
    this.#process.later(Math.max(0, delayUs), run);
  }

  /** After a latency, at least `delayUs`; later when the log is out then. */
  #askLater(delayUs: number, run: () => void): void {
    this.#process.later(Math.max(delayUs, this.#latency.nextUs()), () => {
      if (this.#outages.isOut(this.#process.name))
        this.#askLater(this.#outages.endUs(this.#process.name) - this.#universe.nowUs, run);
      else run();
    });
  }

  #endOffset(partition: number): number {
    return this.#topics.endOffset(this.#topic, partition, this.#isolation);
  }

  #fetch(): void {
    const ready = this.#positions.filter(({ partition, offset }) => {
      return !this.#held.has(partition) && offset < this.#endOffset(partition);
    });
    if (ready.length === 0) {
      for (const { partition } of this.#positions) {
        this.#topics.onAppend(this.#topic, partition, () => this.#fetchLater());
      }
      return;
    }
    const position = ready[this.#universe.random.below(ready.length)]!;
    const { partition, offset } = position;
    let records: SuppliedRecords | null;
    try {
      if (this.#passDeleted(position)) return;
      const read = this.#topics.read(this.#topic, partition, offset, this.#batchRecords, this.#isolation);
      records = read.values === null ? null : new SuppliedRecords(partition, offset, read.values);
      position.offset = records?.nextOffset ?? present(read.skippedTo, "next offset");
    } catch (error) {
      this.close();
      this.#handler.onError(asFaultlineError(error));
      return;
    }
    this.#note(partition, offset, position.offset, records === null ? "passes over" : "reads");
    this.#universe.watch.onRead?.(this.#process.name, this.#topic, partition, position.offset);
    if (records === null) this.#handler.onSkipped(partition, position.offset);
    else this.#handler.onRecords(records);
    this.#fetchLater();
  }

  /** true: the records wanted next are gone, and it goes on with those that are kept. */
  #passDeleted(position: { readonly partition: number; offset: number }): boolean {
    const { partition, offset } = position;
    const begin = this.#topics.beginOffset(this.#topic, partition);
    if (offset >= begin) return false;
    if (this.#start === "exact") {
      const message = `records of ${this.#topic}/${partition} from ${offset} on were deleted`;
      throw new FaultlineError("kafka-offset-out-of-range", message);
    }
    position.offset = begin;
    this.#handler.onSkipped(partition, begin);
    this.#fetchLater();
    return true;
  }

  #note(partition: number, offset: number, nextOffset: number, what: string): void {
    const { trace, nowUs } = this.#universe;
    trace.note(nowUs, TRACED.fetch, partition);
    trace.note(nowUs, TRACED.fetch, nextOffset);
    if (!trace.detailed) return;
    trace.tell(nowUs, `${this.#process.name} ${what} ${this.#topic}/${partition} ${offset} … ${nextOffset - 1}`);
  }
}
