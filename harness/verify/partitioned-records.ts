import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../base/assert.ts";

export interface PartitionedRecordsOptions {
  readonly recordBytes: number;
  readonly partitions: number;
  /** Where the partitions go when they are kept on disk, one file each; null = in memory. */
  readonly directory: string | null;
  readonly name: string;
}

type Visit = (view: DataView, at: number) => void;

const LARGEST_CHUNK_BYTES = 64 * 1024;
/** All write buffers of one set of lists together, however many lists there are. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
const READ_BUFFER_BYTES = 256 * 1024;

/**
 * Append-only lists of fixed-size records, one list a partition, in memory or in temporary files with one write buffer each.
 * Write with `append` (which returns where to put the record in `view`), read with `forEach`, give room back with `release`. A file is
 * opened when it is needed: with `closeFiles` between writing and reading, only the set that is being written has all its files open.
 */
export class PartitionedRecords {
  readonly recordBytes: number;
  readonly partitions: number;
  /** The view that the last `append` reserved room in. */
  view: DataView;
  readonly #chunkBytes: number;
  readonly #views: DataView[];
  readonly #used: Int32Array;
  readonly #counts: Float64Array;
  readonly #full: DataView[][];
  readonly #paths: readonly string[] | null;
  readonly #fds: (number | null)[];
  readonly #released: Uint8Array;
  #reading: Uint8Array | null = null;

  constructor({ recordBytes, partitions, directory, name }: PartitionedRecordsOptions) {
    this.recordBytes = recordBytes;
    this.partitions = partitions;
    const share = Math.min(LARGEST_CHUNK_BYTES, Math.floor(WRITE_BUFFER_BYTES / partitions));
    this.#chunkBytes = wholeRecords(share, recordBytes);
    this.#views = Array.from({ length: partitions }, () => this.#chunk());
    this.view = this.#views[0]!;
    this.#used = new Int32Array(partitions);
    this.#counts = new Float64Array(partitions);
    this.#full = Array.from({ length: partitions }, () => []);
    this.#fds = new Array<number | null>(partitions).fill(null);
    this.#released = new Uint8Array(partitions);
    this.#paths =
      directory === null ? null : Array.from({ length: partitions }, (_, i) => join(directory, `${name}-${i}`));
    if (directory !== null) mkdirSync(directory, { recursive: true });
  }

  count(partition: number): number {
    return this.#counts[partition]!;
  }

  /** The most records that any partition holds. */
  largestCount(): number {
    return this.#counts.reduce((most, count) => Math.max(most, count), 0);
  }

  /** Reserves the partition's next record: write it into `view` at the offset returned, before the next call. */
  append(partition: number): number {
    let at = this.#used[partition]!;
    if (at === this.#chunkBytes) {
      this.#flush(partition);
      at = 0;
    }
    this.view = this.#views[partition]!;
    this.#used[partition] = at + this.recordBytes;
    this.#counts[partition]! += 1;
    return at;
  }

  /** Visits the records of a partition in the order of appending. */
  forEach(partition: number, visit: Visit): void {
    const written = this.#written(partition);
    if (this.#paths === null) for (const view of this.#full[partition]!) this.#visit(view, this.#chunkBytes, visit);
    else if (written > 0) this.#readBack(this.#open(partition, written), written, visit);
    this.#visit(this.#views[partition]!, this.#used[partition]!, visit);
  }

  /** Empties a partition for good and removes its file. */
  release(partition: number): void {
    this.#counts[partition] = 0;
    this.#used[partition] = 0;
    this.#full[partition] = [];
    this.#released[partition] = 1;
    this.#close(partition);
    if (this.#paths !== null) rmSync(this.#paths[partition]!, { force: true });
  }

  /** Closes all files until they are needed again: there are as many as partitions, and a process may have 1,024 of them only. */
  closeFiles(): void {
    for (let i = 0; i < this.partitions; i++) this.#close(i);
  }

  /** Releases every partition. */
  dispose(): void {
    for (let i = 0; i < this.partitions; i++) this.release(i);
  }

  #chunk(): DataView {
    return new DataView(new ArrayBuffer(this.#chunkBytes));
  }

  #flush(partition: number): void {
    const view = this.#views[partition]!;
    const used = this.#used[partition]!;
    assert(this.#released[partition] === 0, "a released partition takes no more records");
    if (this.#paths === null) {
      this.#full[partition]!.push(view);
      this.#views[partition] = this.#chunk();
    } else {
      const start = this.#written(partition);
      const fd = this.#open(partition, start);
      for (let done = 0; done < used; ) done += writeSync(fd, view, done, used - done, start + done);
    }
    this.#used[partition] = 0;
  }

  /** Bytes of a partition that are not in its write buffer. */
  #written(partition: number): number {
    return this.#counts[partition]! * this.recordBytes - this.#used[partition]!;
  }

  /** The partition's file, of which `written` bytes are there. */
  #open(partition: number, written: number): number {
    const fd = this.#fds[partition] ?? openSync(this.#paths![partition]!, written === 0 ? "w+" : "r+");
    this.#fds[partition] = fd;
    return fd;
  }

  #close(partition: number): void {
    const fd = this.#fds[partition];
    this.#fds[partition] = null;
    if (fd != null) closeSync(fd);
  }

  /** Visits the first `length` bytes of a file. */
  #readBack(fd: number, length: number, visit: Visit): void {
    this.#reading ??= new Uint8Array(wholeRecords(READ_BUFFER_BYTES, this.recordBytes));
    const bytes = this.#reading;
    const view = new DataView(bytes.buffer);
    for (let position = 0; position < length; ) {
      const wanted = Math.min(bytes.length, length - position);
      for (let read = 0; read < wanted; ) {
        const count = readSync(fd, bytes, read, wanted - read, position + read);
        assert(count > 0, "a temporary file of the verification is shorter than what was written");
        read += count;
      }
      this.#visit(view, wanted, visit);
      position += wanted;
    }
  }

  #visit(view: DataView, used: number, visit: Visit): void {
    for (let at = 0; at < used; at += this.recordBytes) visit(view, at);
  }
}

/** The most whole records that fit into `bytes`, at least one, in bytes. */
function wholeRecords(bytes: number, recordBytes: number): number {
  return Math.max(1, Math.floor(bytes / recordBytes)) * recordBytes;
}
