import { assert } from "../../base/assert.ts";
import { hash64, hashNumber, lastHash } from "../../base/hash.ts";
import { rowBytes } from "../rows/binary-layout.ts";
import { OutputHashRing } from "./output-hash-ring.ts";

/** The epoch that the end of a stream closes. */
export const END_EPOCH = Number.MAX_SAFE_INTEGER;

/** An epoch of a channel, the elements behind one heartbeat up to and with the next, as its replica remembers it. */
export interface DescribedEpoch {
  /** Number of the heartbeat that closes it; `END_EPOCH`. */
  readonly epoch: number;
  /** Number of the element that closes it. */
  readonly last: number;
  /** Of everything that the channel has carried up to there. */
  readonly hash: number;
  /** What that heartbeat carries, as text: it may be infinite. */
  readonly watermark: string;
  /** Of each record; null: they are not kept any more. */
  readonly hashes: readonly number[] | null;
}

/** Most records whose hashes are told at once. */
const MAX_HASHES = 16_384;

/**
 * Hash of all that one replica sends on one logical channel, up to each heartbeat: a function of the elements and their order alone, not of
 * how they were cut into frames or when they left. Equal hashes at a heartbeat mean equal streams up to it. Keeps the hashes of the latest
 * `epochs` heartbeats and the latest `bytes` bytes of records, to say afterwards which record it was.
 */
export class OutputHash {
  readonly #ring: OutputHashRing;
  readonly #capacity: number;
  readonly #epochs: Float64Array;
  readonly #lasts: Float64Array;
  readonly #hashes: Uint32Array;
  readonly #watermarks: Float64Array;
  /** Where the epoch's bytes end in the stream. */
  readonly #ends: Float64Array;
  /** Epochs closed so far. */
  #closed = 0;
  #hash = 0;
  #frozen = false;

  constructor(bytes: number, epochs: number) {
    assert(epochs >= 2, "an epoch begins where the one before it ends");
    this.#ring = new OutputHashRing(bytes);
    this.#capacity = epochs;
    this.#epochs = new Float64Array(epochs);
    this.#lasts = new Float64Array(epochs);
    this.#hashes = new Uint32Array(epochs);
    this.#watermarks = new Float64Array(epochs);
    this.#ends = new Float64Array(epochs);
  }

  /** The last element of the latest epoch, and the hash up to it. */
  get last(): number {
    return this.#closed === 0 ? 0 : this.#lasts[this.#at(this.#closed - 1)]!;
  }

  get hash(): number {
    return this.#hash;
  }

  /** Whole rows in binary form. */
  records(payload: Uint8Array): void {
    if (!this.#frozen) this.#ring.take(payload);
  }

  /** A heartbeat or the end, element `number`, closes an epoch. */
  close(epoch: number, number: number, watermarkMs: number): void {
    if (this.#frozen) return;
    const at = this.#at(this.#closed++);
    this.#hash = fold(fold(fold(this.#hash, this.#ring.checksum()), number), watermarkMs);
    this.#epochs[at] = epoch;
    this.#lasts[at] = number;
    this.#hashes[at] = this.#hash;
    this.#watermarks[at] = watermarkMs;
    this.#ends[at] = this.#ring.taken;
  }

  /** Takes nothing more, so that nothing gets lost of what it has. */
  freeze(): void {
    this.#frozen = true;
  }

  /** The epochs behind `after` up to `upTo` that are kept, oldest first. */
  describe(after: number, upTo: number): readonly DescribedEpoch[] {
    const described: DescribedEpoch[] = [];
    let told = 0;
    for (let index = Math.max(0, this.#closed - this.#capacity); index < this.#closed; index++) {
      const at = this.#at(index);
      const epoch = this.#epochs[at]!;
      if (epoch <= after || epoch > upTo) continue;
      const hashes = this.#hashesOf(index, MAX_HASHES - told);
      told += hashes?.length ?? 0;
      const watermark = String(this.#watermarks[at]);
      described.push({ epoch, last: this.#lasts[at]!, hash: this.#hashes[at]!, watermark, hashes });
    }
    return described;
  }

  /** The `position`-th record of that epoch in binary form, or null when it is not kept any more, or never was. */
  record(epoch: number, position: number): Uint8Array | null {
    for (let index = Math.max(0, this.#closed - this.#capacity); index < this.#closed; index++) {
      if (this.#epochs[this.#at(index)] === epoch) return rowsOf(this.#bytesOf(index))[position] ?? null;
    }
    return null;
  }

  #hashesOf(index: number, most: number): readonly number[] | null {
    const bytes = this.#bytesOf(index);
    if (bytes === null) return null;
    const rows = rowsOf(bytes);
    if (rows.length > most) return null;
    return rows.map((row) => {
      hash64(row, 0, row.length);
      return lastHash.low;
    });
  }

  #bytesOf(index: number): Uint8Array | null {
    const isFirstKept = index > 0 && index === this.#closed - this.#capacity;
    if (isFirstKept) return null;
    return this.#ring.slice(index === 0 ? 0 : this.#ends[this.#at(index - 1)]!, this.#ends[this.#at(index)]!);
  }

  #at(index: number): number {
    return index % this.#capacity;
  }
}

/** The rows of whole epochs, one by one. */
function rowsOf(bytes: Uint8Array | null): readonly Uint8Array[] {
  if (bytes === null) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = rowBytes(view, at);
    rows.push(bytes.subarray(at, at + length));
    at += length;
  }
  return rows;
}

/** Watermarks may be infinite, or NaN for an idle channel: each of them stands for itself. */
function fold(hash: number, value: number): number {
  const word = Number.isFinite(value) ? hashNumber(value) : hashText(String(value));
  return Math.imul(hash ^ word, 0x9e3779b1) >>> 0;
}

function hashText(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x85ebca6b);
  return hash;
}
