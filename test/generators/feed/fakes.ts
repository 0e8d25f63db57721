import type { DataSet, EventCursor } from "../../../generators/dataset.ts";
import type { FeedProducer } from "../../../generators/feed/feeder.ts";
import type { PaceTimers } from "../../../generators/feed/pace.ts";

/** A data set whose wire values are the texts "0", "1", …; event time = index. */
export class CountingDataSet implements DataSet<number> {
  readonly name = "counting";
  readonly partitionRule = "index mod partitions";
  readonly closingTimeMs = 86_400_000;
  readonly events: number;
  readonly partitions: number;

  constructor(events: number, partitions = 1) {
    this.events = events;
    this.partitions = partitions;
  }

  open(firstIndex = 0): EventCursor<number> {
    const { events, partitions } = this;
    let index = firstIndex - 1;
    return {
      maxWireBytes: 16,
      advance: () => index + 1 < events && ++index >= 0,
      get index() {
        return index;
      },
      get partition() {
        return index % partitions;
      },
      get eventTimeMs() {
        return index;
      },
      writeWire: (target, at) => at + Buffer.from(target.buffer).write(String(index), at, "latin1"),
      event: () => index,
    };
  }

  closingRecord(): Uint8Array {
    return Buffer.from("closing");
  }
}

export interface Appended {
  readonly partition: number;
  readonly timestampMs: number;
  readonly value: string;
  readonly atUs: number;
}

/** Keeps what it is given; refuses more once `room` records are waiting, until `drain`. */
export class FakeProducer implements FeedProducer {
  readonly appended: Appended[] = [];
  room = Number.POSITIVE_INFINITY;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  append(partition: number, timestampMs: number, value: Uint8Array, start: number, end: number): boolean {
    const text = Buffer.from(value.subarray(start, end)).toString("latin1");
    this.appended.push({ partition, timestampMs, value: text, atUs: this.#time.us });
    return --this.room > 0;
  }
}

/** A clock that moves only when told, or while somebody sleeps. */
export class VirtualTime implements PaceTimers {
  us = 0;
  sleeps = 0;
  turns = 0;
  /** How late every sleep ends, µs. */
  lateUs = 0;
  /** Called after every sleep and turn. */
  afterWait: () => void = () => {};

  now = (): number => this.us;

  async sleep(us: number): Promise<void> {
    this.sleeps++;
    this.us += us + this.lateUs;
    this.afterWait();
  }

  async turn(): Promise<void> {
    this.turns++;
    this.us += 1;
    this.afterWait();
  }
}
