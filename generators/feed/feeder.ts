import { assert, present } from "../../base/assert.ts";
import type { DataSet, EventCursor } from "../dataset.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { RecordRing } from "./record-ring.ts";

/** What the feeder needs of a Kafka producer (`kafka/types.ts`). */
export interface FeedProducer {
  append(partition: number, timestampMs: number, value: Uint8Array, start: number, end: number): boolean;
}

export interface FeederOptions {
  readonly dataSet: DataSet<unknown>;
  readonly schedule: Schedule;
  /** The partitions that this feeder sends; it walks all events and leaves out the others. */
  readonly ownedPartitions: readonly number[];
  /** Append a closing record to every owned partition, due with the last event. */
  readonly closing: boolean;
  readonly producer: FeedProducer;
  /** Monotonic µs. */
  readonly clock: () => number;
  readonly recordLag: (lagUs: number) => void;
  /** Events [firstIndex, endIndex) that this feeder owns were handed over at `sentUs`. */
  readonly recordSent: (firstIndex: number, endIndex: number, sentUs: number) => void;
  readonly prerenderBytes: number;
}

/**
 * `more`: events may still be due. `idle`: nothing is due before `nextDueUs`. `blocked`: the producer's buffer is full; call
 * `drained` first. `finished`: everything was handed over.
 */
export type FeedState =
  | { readonly state: "more" | "blocked" | "finished" }
  | { readonly state: "idle"; readonly nextDueUs: number };

/** Records handed over between two readings of the clock. */
const BATCH_RECORDS = 256;
const MORE = { state: "more" } as const;
const BLOCKED = { state: "blocked" } as const;
const FINISHED = { state: "finished" } as const;

/**
 * The open-loop feeder without its process: `sendDue` hands over what is due, each event with its own due time as CreateTime,
 * however late it is. Nothing is skipped and nothing is slowed down; lateness is recorded per event when its batch is handed
 * over. `prerender` makes events ahead of time, into a bounded ring.
 */
export class Feeder {
  readonly #options: FeederOptions;
  readonly #cursor: EventCursor<unknown>;
  readonly #ring: RecordRing;
  readonly #owned: Uint8Array;
  readonly #limit: number;
  readonly #batchDueNs = new Float64Array(BATCH_RECORDS);
  #startUs = 0;
  #startWallMs = 0;
  #started = false;
  #walked = 0;
  #rendered = false;
  #blocked = false;
  #sent = 0;
  /** Index after the last event handed over. */
  #endIndex = 0;
  #closingSent = 0;

  constructor(options: FeederOptions) {
    this.#options = options;
    const { dataSet, schedule, ownedPartitions } = options;
    const cursor = dataSet.open();
    this.#cursor = cursor;
    const makeRoom = cursor.makeRoom?.bind(cursor);
    this.#ring = new RecordRing(options.prerenderBytes, cursor.maxWireBytes, makeRoom);
    this.#owned = new Uint8Array(dataSet.partitions);
    for (const partition of ownedPartitions) {
      assert(partition >= 0 && partition < dataSet.partitions, "owned partition of the data set", { partition });
      this.#owned[partition] = 1;
    }
    this.#limit = Math.min(dataSet.events, schedule.totalEvents ?? Number.POSITIVE_INFINITY);
  }

  /** Fixes the time of due 0: `startUs` monotonic, `startWallMs` the same moment on the wall clock. */
  start(startUs: number, startWallMs: number): void {
    this.#startUs = startUs;
    this.#startWallMs = startWallMs;
    this.#started = true;
  }

  /** Events sent, closing records not counted. */
  get sent(): number {
    return this.#sent;
  }

  get closingSent(): number {
    return this.#closingSent;
  }

  /** Events of the run on all partitions, this feeder's and others'. */
  get totalEvents(): number {
    return this.#limit;
  }

  /** Due time of the first and last event of the run, monotonic µs. */
  get firstDueUs(): number {
    return this.#dueUs(0);
  }
  get lastDueUs(): number {
    return this.#dueUs(Math.max(0, this.#limit - 1));
  }

  /** Events due up to now of all partitions, scaled to this feeder's share of the partitions: exact when it owns all. */
  dueEvents(): number {
    const elapsedNs = (this.#options.clock() - this.#startUs) * 1000;
    const all = Math.min(this.#limit, this.#options.schedule.countBefore(elapsedNs));
    return Math.round((all * this.#options.ownedPartitions.length) / this.#options.dataSet.partitions);
  }

  /** Walks up to `maxEvents` events ahead and renders its own; false when the ring is full or all events are rendered. */
  prerender(maxEvents: number): boolean {
    const { schedule } = this.#options;
    const cursor = this.#cursor;
    const ring = this.#ring;
    for (let n = 0; n < maxEvents; n++) {
      const place = ring.reserve();
      if (place < 0 || this.#rendered) return false;
      if (this.#walked >= this.#limit || !cursor.advance()) {
        this.#rendered = true;
        return false;
      }
      this.#walked++;
      const partition = cursor.partition;
      if (this.#owned[partition] === 0) continue;
      ring.commit(cursor.writeWire(ring.bytes, place), partition, schedule.dueNs(cursor.index));
    }
    return true;
  }

  /** The producer took bytes again. */
  drained(): void {
    this.#blocked = false;
  }

  /** Hands over at most one batch of what is due now. */
  sendDue(): FeedState {
    assert(this.#started, "a feeder is started before it sends");
    if (this.#blocked) return BLOCKED;
    const { clock, producer, recordLag, recordSent } = this.#options;
    const ring = this.#ring;
    const nowNs = (clock() - this.#startUs) * 1000;
    let count = 0;
    while (count < BATCH_RECORDS && !this.#blocked) {
      if (ring.length === 0) {
        this.prerender(BATCH_RECORDS);
        if (ring.length === 0) break;
      }
      const dueNs = ring.dueNs;
      if (dueNs > nowNs) break;
      this.#batchDueNs[count++] = dueNs;
      this.#blocked = !producer.append(ring.partition, this.#createTimeMs(dueNs), ring.bytes, ring.start, ring.end);
      ring.dropFront();
    }
    if (count > 0) {
      const handedOverUs = clock();
      const handedOverNs = (handedOverUs - this.#startUs) * 1000;
      for (let i = 0; i < count; i++) recordLag(Math.floor((handedOverNs - this.#batchDueNs[i]!) / 1000));
      this.#sent += count;
      const endIndex = this.#options.schedule.countBefore(this.#batchDueNs[count - 1]!);
      recordSent(this.#endIndex, endIndex, handedOverUs);
      this.#endIndex = endIndex;
    }
    return this.#stateAfter(count, nowNs);
  }

  #stateAfter(count: number, nowNs: number): FeedState {
    if (this.#blocked) return BLOCKED;
    if (count === BATCH_RECORDS) return MORE;
    if (this.#ring.length > 0) {
      const dueNs = this.#ring.dueNs;
      return dueNs <= nowNs ? MORE : { state: "idle", nextDueUs: this.#startUs + Math.ceil(dueNs / 1000) };
    }
    return this.#rendered ? this.#sendClosing(nowNs) : MORE;
  }

  #sendClosing(nowNs: number): FeedState {
    const { dataSet, ownedPartitions, producer, closing } = this.#options;
    if (!closing || this.#closingSent === ownedPartitions.length) return FINISHED;
    const dueNs = this.#limit === 0 ? 0 : this.#options.schedule.dueNs(this.#limit - 1);
    if (dueNs > nowNs) return { state: "idle", nextDueUs: this.#startUs + Math.ceil(dueNs / 1000) };
    const value = dataSet.closingRecord();
    while (this.#closingSent < ownedPartitions.length) {
      const partition = present(ownedPartitions[this.#closingSent], "owned partition");
      // The bytes are negligible: a full buffer takes them too, and `flush` waits for them.
      producer.append(partition, this.#createTimeMs(dueNs), value, 0, value.length);
      this.#closingSent++;
    }
    return FINISHED;
  }

  #createTimeMs(dueNs: number): number {
    return this.#startWallMs + Math.floor(dueNs / 1_000_000);
  }

  #dueUs(index: number): number {
    return this.#startUs + Math.floor(this.#options.schedule.dueNs(index) / 1000);
  }
}
