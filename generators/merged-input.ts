import { assert, present } from "../base/assert.ts";
import type { DataSet, EventCursor } from "./dataset.ts";
import type { Schedule } from "./schedule/schedule.ts";

/** One of the streams that together enter a job. */
export interface InputStream<E> {
  /** Name of the job's source, and of the stream in reports. */
  readonly name: string;
  readonly dataSet: DataSet<E>;
  /** On one clock with the other streams; times may be negative. Not descending. */
  readonly schedule: Schedule;
}

/** An event of one of the streams. */
export interface Place {
  readonly stream: number;
  /** Index in the stream. */
  readonly index: number;
}

/**
 * Several streams as one data set with one schedule: the events in the order of their due times, the order of the streams among those
 * due at once. Event m of it is called by that number wherever one data set would be. One stream is itself.
 */
export interface MergedInput<E> {
  readonly streams: readonly InputStream<E>[];
  readonly dataSet: DataSet<E>;
  readonly schedule: Schedule;
  /** Which event of which stream is the m-th; O(log) of the number of events. */
  locate(index: number): Place;
  /** The inverse of `locate`. */
  indexOf(place: Place): number;
}

export function mergeInput<E>(streams: readonly InputStream<E>[]): MergedInput<E> {
  const [only] = streams;
  assert(only !== undefined, "an input has a stream");
  if (streams.length === 1) {
    const { dataSet, schedule } = only;
    return { streams, dataSet, schedule, locate: (index) => ({ stream: 0, index }), indexOf: ({ index }) => index };
  }
  const { locate, indexOf } = followEachOther(streams) ? makeSuccession(streams) : makeInterleaving(streams);
  const dueNs = (index: number) => {
    const { stream, index: own } = locate(index);
    return streams[stream]!.schedule.dueNs(own);
  };
  const countBefore = (ns: number) => streams.reduce((sum, stream) => sum + countOf(stream, ns), 0);
  const schedule = { dueNs, countBefore, totalEvents: total(streams) };
  return { streams, dataSet: new MergedDataSet(streams), schedule, locate, indexOf };
}

function total(streams: readonly InputStream<unknown>[]): number {
  return streams.reduce((sum, { dataSet }) => sum + dataSet.events, 0);
}

/** Events of a stream due at or before `ns`. */
function countOf({ dataSet, schedule }: InputStream<unknown>, ns: number): number {
  return Math.min(dataSet.events, schedule.countBefore(ns));
}

type Places = Pick<MergedInput<unknown>, "locate" | "indexOf">;

/** Does each stream end before the next one begins? */
function followEachOther(streams: readonly InputStream<unknown>[]): boolean {
  return streams.every(({ dataSet, schedule }, i) => {
    const next = streams[i + 1];
    if (next === undefined || next.dataSet.events === 0 || dataSet.events === 0) return next === undefined;
    return schedule.dueNs(dataSet.events - 1) <= next.schedule.dueNs(0);
  });
}

function makeSuccession(streams: readonly InputStream<unknown>[]): Places {
  let sum = 0;
  const starts = streams.map(({ dataSet }) => {
    const start = sum;
    sum += dataSet.events;
    return start;
  });
  return {
    locate(index) {
      const stream = starts.findLastIndex((start) => start <= index);
      return { stream, index: index - starts[stream]! };
    },
    indexOf: ({ stream, index }) => starts[stream]! + index,
  };
}

function makeInterleaving(streams: readonly InputStream<unknown>[]): Places {
  const locate = (index: number): Place => {
    for (const [stream, { dataSet }] of streams.entries()) {
      let low = 0;
      let high = dataSet.events;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (placeOf(streams, stream, middle) < index) low = middle + 1;
        else high = middle;
      }
      if (low < dataSet.events && placeOf(streams, stream, low) === index) return { stream, index: low };
    }
    assert(false, "event of the merged input", { index });
  };
  return { locate, indexOf: ({ stream, index }) => placeOf(streams, stream, index) };
}

/** Place of an event of a stream among the events of all. */
function placeOf(streams: readonly InputStream<unknown>[], stream: number, index: number): number {
  const dueNs = streams[stream]!.schedule.dueNs(index);
  let place = index;
  for (const [other, input] of streams.entries()) {
    if (other !== stream) place += countOf(input, other < stream ? dueNs : dueNs - 1);
  }
  return place;
}

class MergedDataSet<E> implements DataSet<E> {
  readonly name: string;
  readonly events: number;
  /** Of all streams; the second stream's partitions follow the first's. */
  readonly partitions: number;
  readonly partitionRule: string;
  readonly closingTimeMs: number;
  readonly #streams: readonly InputStream<E>[];

  constructor(streams: readonly InputStream<E>[]) {
    this.#streams = streams;
    this.name = streams.map(({ dataSet }) => dataSet.name).join(" + ");
    this.events = total(streams);
    this.partitions = streams.reduce((sum, { dataSet }) => sum + dataSet.partitions, 0);
    this.partitionRule = streams.map(({ name, dataSet }) => `${name}: ${dataSet.partitionRule}`).join("; ");
    this.closingTimeMs = Math.max(...streams.map(({ dataSet }) => dataSet.closingTimeMs));
  }

  open(firstIndex = 0): EventCursor<E> {
    const cursor = new MergedCursor(this.#streams);
    for (let i = 0; i < firstIndex && cursor.advance(); i++);
    return cursor;
  }

  /** The streams have closing records of their own. */
  closingRecord(): Uint8Array {
    return this.#streams[0]!.dataSet.closingRecord();
  }
}

interface Head<E> {
  readonly cursor: EventCursor<E>;
  readonly schedule: Schedule;
  readonly firstPartition: number;
  /** Of the event that the cursor stands at; +infinity at the end. */
  dueNs: number;
}

class MergedCursor<E> implements EventCursor<E> {
  readonly maxWireBytes: number;
  readonly #heads: readonly Head<E>[];
  #current: Head<E> | null = null;
  #index = -1;

  constructor(streams: readonly InputStream<E>[]) {
    let firstPartition = 0;
    this.#heads = streams.map(({ dataSet, schedule }) => {
      const head = { cursor: dataSet.open(), schedule, firstPartition, dueNs: 0 };
      firstPartition += dataSet.partitions;
      step(head);
      return head;
    });
    this.maxWireBytes = Math.max(...this.#heads.map(({ cursor }) => cursor.maxWireBytes));
  }

  advance(): boolean {
    if (this.#current !== null) step(this.#current);
    let next = this.#heads[0]!;
    for (const head of this.#heads) if (head.dueNs < next.dueNs) next = head;
    if (next.dueNs === Number.POSITIVE_INFINITY) return false;
    this.#current = next;
    this.#index++;
    return true;
  }

  get index(): number {
    return this.#index;
  }
  get partition(): number {
    const { firstPartition, cursor } = this.#head();
    return firstPartition + cursor.partition;
  }
  get eventTimeMs(): number {
    return this.#head().cursor.eventTimeMs;
  }
  writeWire(target: Uint8Array, at: number): number {
    return this.#head().cursor.writeWire(target, at);
  }
  event(): E {
    return this.#head().cursor.event();
  }

  #head(): Head<E> {
    return present(this.#current, "event of the merged input");
  }
}

function step<E>(head: Head<E>): void {
  head.dueNs = head.cursor.advance() ? head.schedule.dueNs(head.cursor.index) : Number.POSITIVE_INFINITY;
}
