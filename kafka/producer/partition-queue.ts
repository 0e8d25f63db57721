import { BatchBuilder, type BatchIdentity } from "../record-batch/encode.ts";
import type { PartitionBatch } from "../requests/produce.ts";
import type { BufferPool } from "./pool.ts";

const SEQUENCE_MASK = 0x7fffffff;

/** What is the same in all batches of a writer. */
export type WriterIdentity = Omit<BatchIdentity, "baseSequence">;

/** Somebody waits in `flush` until `left` batches are acknowledged. */
export interface FlushWaiter {
  left: number;
  resolve(): void;
}

/** A closed batch: its sequence numbers are given and its bytes final, however often it is sent. */
export interface ClosedBatch extends PartitionBatch {
  /** Position among the batches of the partition. */
  readonly serial: number;
  readonly count: number;
  /** When its first record was appended, monotonic. */
  readonly openedUs: number;
  /** All memory behind `bytes`. */
  readonly buffer: Buffer;
  readonly waiters: FlushWaiter[];
  /** Once it is acknowledged: the offset of its first record, −1 when the broker no longer knows; null before. */
  baseOffset: number | null;
}

/** The records of one partition from append to acknowledgement: one open batch, closed ones to send, sent ones. */
export class PartitionQueue {
  readonly partition: number;
  /** Node id of the broker that it is sent to, −1 while there is none. */
  leader = -1;
  /** Waits for fresh metadata before it is sent again. */
  isWaiting = false;
  /** Its records may go to the broker: always, but in transactions only once the coordinator knows the partition as part of this one. */
  isEnlisted: boolean;
  openedUs = 0;
  open: BatchBuilder | null = null;
  readonly #identity: WriterIdentity;
  readonly #pool: BufferPool;
  readonly #unacknowledged: ClosedBatch[] = [];
  readonly #ready: ClosedBatch[] = [];
  #inFlight = 0;
  #mustDrain = false;
  #nextSequence = 0;
  #nextSerial = 0;

  constructor(partition: number, identity: WriterIdentity, pool: BufferPool) {
    this.partition = partition;
    this.#identity = identity;
    this.isEnlisted = identity.isTransactional !== true;
    this.#pool = pool;
  }

  /** Opens a batch; `nowUs` starts its time to deliver. */
  begin(nowUs: number): BatchBuilder {
    this.openedUs = nowUs;
    this.open = new BatchBuilder(this.#pool.take());
    return this.open;
  }

  /** Closes the open batch, if there is one with records. */
  seal(): void {
    const { open } = this;
    if (open === null || open.count === 0) return;
    const bytes = open.finish({ ...this.#identity, baseSequence: this.#nextSequence });
    const batch: ClosedBatch = {
      partition: this.partition,
      bytes,
      serial: this.#nextSerial,
      count: open.count,
      openedUs: this.openedUs,
      buffer: open.buffer,
      waiters: [],
      baseOffset: null,
    };
    this.#nextSequence = (this.#nextSequence + open.count) & SEQUENCE_MASK;
    this.#nextSerial += 1;
    this.#ready.push(batch);
    this.#unacknowledged.push(batch);
    this.open = null;
  }

  /** Takes back the open batch, which has no sequence numbers yet; returns its bytes. */
  discardOpen(): number {
    const { open } = this;
    if (open === null) return 0;
    this.open = null;
    this.#pool.give(open.buffer);
    return open.length;
  }

  /** Whether all its records are acknowledged. */
  get isSettled(): boolean {
    return this.open === null && this.#unacknowledged.length === 0;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** When the oldest record that is not acknowledged was appended; infinite when there is none. */
  get waitingSinceUs(): number {
    return this.#unacknowledged[0]?.openedUs ?? (this.open === null ? Number.POSITIVE_INFINITY : this.openedUs);
  }

  /** The youngest closed batch that is not acknowledged. */
  get newest(): ClosedBatch | undefined {
    return this.#unacknowledged.at(-1);
  }

  /** The batch to send next; closes the open one when it is its turn. After a failure nothing, until all sent batches are answered. */
  takeNext(): ClosedBatch | null {
    if (this.isWaiting || !this.isEnlisted || (this.#mustDrain && this.#inFlight > 0)) return null;
    this.#mustDrain = false;
    if (this.#ready.length === 0) this.seal();
    const batch = this.#ready.shift();
    if (batch === undefined) return null;
    this.#inFlight += 1;
    return batch;
  }

  /** Whether a sent batch of before `batch` is not acknowledged: then `batch` cannot succeed yet. */
  isBehindAnother(batch: ClosedBatch): boolean {
    return this.#unacknowledged[0] !== batch;
  }

  /**
   * The batch is safely written at `baseOffset`. Returns the batches whose turn to be reported has come, in order: none while
   * an earlier one, whose answer was lost, must be sent again to be recognised as a copy.
   */
  acknowledge(batch: ClosedBatch, baseOffset: number): readonly ClosedBatch[] {
    this.#inFlight -= 1;
    batch.baseOffset = baseOffset;
    const reported: ClosedBatch[] = [];
    for (let oldest = this.#unacknowledged[0]; oldest?.baseOffset != null; oldest = this.#unacknowledged[0]) {
      this.#unacknowledged.shift();
      reported.push(oldest);
    }
    return reported;
  }

  /** A reported batch is done with: its memory is used again, and those who wait for it hear of it. */
  release(batch: ClosedBatch): void {
    this.#pool.give(batch.buffer);
    for (const waiter of batch.waiters) {
      waiter.left -= 1;
      if (waiter.left === 0) waiter.resolve();
    }
  }

  /** The batch must be sent again, before all later ones. */
  giveBack(batch: ClosedBatch): void {
    this.#inFlight -= 1;
    this.#mustDrain = true;
    let at = this.#ready.length;
    while (at > 0 && this.#ready[at - 1]!.serial > batch.serial) at -= 1;
    this.#ready.splice(at, 0, batch);
  }
}
