import { assert } from "../../base/assert.ts";

/** Assumed least bytes of a record, for the number of slots. */
const BYTES_PER_SLOT = 128;

/**
 * A bounded queue of rendered records: one byte ring, each record contiguous, and a slot of numbers per record. The writer
 * renders straight into `bytes`: `reserve`, write at the returned place, `commit`. The reader looks at the front, then drops it.
 */
export class RecordRing {
  readonly bytes: Uint8Array;
  readonly #maxRecordBytes: number;
  readonly #slots: number;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #partitions: Uint32Array;
  readonly #dueNs: Float64Array;
  #front = 0;
  #length = 0;
  #writeAt = 0;

  /**
   * `maxRecordBytes`: room that every record must find when it is rendered. The ring holds at least two such records. `makeRoom` gives the
   * array that whoever renders fills quickest.
   */
  constructor(
    capacityBytes: number,
    maxRecordBytes: number,
    makeRoom: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
  ) {
    const size = Math.max(capacityBytes, 4 * maxRecordBytes);
    assert(size < 2 ** 32, "a record ring is below 4 GiB", { size });
    this.bytes = makeRoom(size);
    this.#maxRecordBytes = maxRecordBytes;
    this.#slots = Math.max(16, Math.floor(size / BYTES_PER_SLOT));
    this.#starts = new Uint32Array(this.#slots);
    this.#ends = new Uint32Array(this.#slots);
    this.#partitions = new Uint32Array(this.#slots);
    this.#dueNs = new Float64Array(this.#slots);
  }

  get length(): number {
    return this.#length;
  }

  /** The place where the next record can be rendered, or −1 while the ring is full. */
  reserve(): number {
    if (this.#length === this.#slots) return -1;
    if (this.#length === 0) {
      this.#writeAt = 0;
      return 0;
    }
    const oldest = this.#starts[this.#front]!;
    const need = this.#maxRecordBytes;
    if (this.#writeAt > oldest) {
      if (this.bytes.length - this.#writeAt >= need) return this.#writeAt;
      if (oldest <= need) return -1;
      this.#writeAt = 0;
      return 0;
    }
    return oldest - this.#writeAt > need ? this.#writeAt : -1;
  }

  /** Adds the record rendered at the reserved place up to `end`. */
  commit(end: number, partition: number, dueNs: number): void {
    const slot = (this.#front + this.#length) % this.#slots;
    this.#starts[slot] = this.#writeAt;
    this.#ends[slot] = end;
    this.#partitions[slot] = partition;
    this.#dueNs[slot] = dueNs;
    this.#writeAt = end;
    this.#length++;
  }

  /** The front record; only while `length` > 0. */
  get start(): number {
    return this.#starts[this.#front]!;
  }
  get end(): number {
    return this.#ends[this.#front]!;
  }
  get partition(): number {
    return this.#partitions[this.#front]!;
  }
  get dueNs(): number {
    return this.#dueNs[this.#front]!;
  }

  dropFront(): void {
    this.#front = this.#front + 1 === this.#slots ? 0 : this.#front + 1;
    this.#length--;
  }
}
