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

const CHUNK_BYTES = 64 * 1024;

/**
 * Append-only lists of fixed-size records, one list a partition, in memory or in temporary files with one write buffer each.
 * Write with `append` (which returns where to put the record in `view`), then `seal`, then `forEach` per partition.
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
  readonly #files: { readonly path: string; readonly fd: number }[] = [];

  constructor({ recordBytes, partitions, directory, name }: PartitionedRecordsOptions) {
    this.recordBytes = recordBytes;
    this.partitions = partitions;
    this.#chunkBytes = Math.max(1, Math.floor(CHUNK_BYTES / recordBytes)) * recordBytes;
    this.#views = Array.from({ length: partitions }, () => this.#chunk());
    this.view = this.#views[0]!;
    this.#used = new Int32Array(partitions);
    this.#counts = new Float64Array(partitions);
    this.#full = Array.from({ length: partitions }, () => []);
    if (directory === null) return;
    mkdirSync(directory, { recursive: true });
    for (let i = 0; i < partitions; i++) {
      const path = join(directory, `${name}-${i}`);
      this.#files.push({ path, fd: openSync(path, "w+") });
    }
  }

  count(partition: number): number {
    return this.#counts[partition]!;
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

  /** Visits records [from, to) of a partition in the order of appending. Appending may go on only in memory afterwards. */
  forEach(partition: number, visit: (view: DataView, at: number) => void): void {
    const file = this.#files[partition];
    if (file === undefined) {
      for (const view of this.#full[partition]!) this.#visit(view, this.#chunkBytes, visit);
      this.#visit(this.#views[partition]!, this.#used[partition]!, visit);
      return;
    }
    const reader = this.reader(partition, 0, this.#counts[partition]!);
    while (reader.next()) visit(reader.view, reader.at);
  }

  /** A reader of records [from, to) of a partition that is on disk. */
  reader(partition: number, from: number, to: number): RecordReader {
    const file = this.#files[partition];
    assert(file !== undefined, "only partitions on disk have readers");
    if (this.#used[partition]! > 0) this.#flush(partition);
    return new RecordReader(file.fd, this.recordBytes, from, to);
  }

  /** Closes and removes the files. */
  dispose(): void {
    for (const { path, fd } of this.#files) {
      closeSync(fd);
      rmSync(path, { force: true });
    }
    this.#files.length = 0;
  }

  #chunk(): DataView {
    return new DataView(new ArrayBuffer(this.#chunkBytes));
  }

  #flush(partition: number): void {
    const view = this.#views[partition]!;
    const used = this.#used[partition]!;
    const file = this.#files[partition];
    if (file === undefined) {
      this.#full[partition]!.push(view);
      this.#views[partition] = this.#chunk();
    } else {
      const start = this.#counts[partition]! * this.recordBytes - used;
      for (let done = 0; done < used; ) {
        done += writeSync(file.fd, new Uint8Array(view.buffer), done, used - done, start + done);
      }
    }
    this.#used[partition] = 0;
  }

  #visit(view: DataView, used: number, visit: (view: DataView, at: number) => void): void {
    for (let at = 0; at < used; at += this.recordBytes) visit(view, at);
  }
}

/** Walks a range of records of one file through a buffer of its own. */
export class RecordReader {
  readonly view: DataView;
  /** Where the record reached by `next` lies in `view`. */
  at = 0;
  readonly #fd: number;
  readonly #recordBytes: number;
  readonly #bytes: Uint8Array;
  #position: number;
  readonly #end: number;
  #filled = 0;

  constructor(fd: number, recordBytes: number, from: number, to: number) {
    this.#fd = fd;
    this.#recordBytes = recordBytes;
    this.#bytes = new Uint8Array(Math.max(1, Math.floor(CHUNK_BYTES / recordBytes)) * recordBytes);
    this.view = new DataView(this.#bytes.buffer);
    this.#position = from * recordBytes;
    this.#end = to * recordBytes;
    this.at = -recordBytes;
  }

  next(): boolean {
    this.at += this.#recordBytes;
    if (this.at < this.#filled) return true;
    const wanted = Math.min(this.#bytes.length, this.#end - this.#position);
    if (wanted <= 0) return false;
    let read = 0;
    while (read < wanted) {
      const count = readSync(this.#fd, this.#bytes, read, wanted - read, this.#position + read);
      assert(count > 0, "a temporary file of the verification is shorter than what was written");
      read += count;
    }
    this.#position += wanted;
    this.#filled = wanted;
    this.at = 0;
    return true;
  }
}
