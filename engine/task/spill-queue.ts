import { present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import { Fifo } from "../merge/fifo.ts";
import type { ScratchFile, ScratchFiles } from "../ports.ts";
import type { Element } from "./element.ts";
import { decodeChunk, encodeChunk, spilledBytes } from "./spill-chunk.ts";

/** A file that is written to no more from this size on, so that what was read gives its space back long before a queue is empty. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

interface OpenFile {
  readonly file: ScratchFile;
  bytes: number;
  /** Chunks in it that have not been taken. */
  chunks: number;
}

interface Chunk {
  /** Number of its first element. */
  readonly first: number;
  bytes: number;
  /** null: in the file alone. */
  elements: Element[] | null;
  /** null: still being filled. */
  place: { readonly in: OpenFile; readonly offset: number } | null;
}

/** What a queue counts, together with its siblings of the same task, bytes. */
export interface SpillBytes {
  /** Handed to files so far. */
  written: number;
  /** Handed to files, and neither in them yet nor taken back. */
  pending: number;
  /** Put by and not taken back: in files or on their way. */
  now: number;
}

export interface SpillQueueHost {
  readonly files: ScratchFiles;
  readonly chunkBytes: number;
  readonly bytes: SpillBytes;
  /** The channel goes on with these. */
  give(elements: readonly Element[]): void;
  /** A file has taken what was handed to it. */
  onWritten(): void;
  fail(error: FaultlineError): void;
}

/**
 * Elements of one channel that wait in files, first in, first out: written and read back in chunks. Two chunks at most are in memory on their
 * way back: one being read while the one before it is processed.
 */
export class SpillQueue {
  readonly #host: SpillQueueHost;
  readonly #chunks = new Fifo<Chunk>();
  #filling: Chunk | null = null;
  #file: OpenFile | null = null;
  #reading: Chunk | null = null;
  /** The next chunk is wanted when this number has been processed. */
  #wantedAt = 0;
  #processed = 0;
  #heartbeat = 0;
  #closed = false;
  /** Files with chunks that have not been taken. */
  readonly #files = new Set<OpenFile>();

  constructor(host: SpillQueueHost) {
    this.#host = host;
  }

  /** Nothing is put by: the channel's elements take the straight way. */
  get empty(): boolean {
    return this.#chunks.length === 0 && this.#reading === null;
  }

  /** Latest heartbeat put by, infinite for the end; 0: none is. */
  get heartbeat(): number {
    return this.empty ? 0 : this.#heartbeat;
  }

  /** All that came before what is put by has been processed: the channel waits for its file. */
  get starves(): boolean {
    return this.#reading !== null && this.#processed >= this.#reading.first - 1;
  }

  /** `processed`: latest number of the channel that has been. */
  push(element: Element, processed: number): void {
    this.#processed = processed;
    if (this.empty) {
      this.#heartbeat = 0;
      // The channel has what came before this in memory.
      this.#wantedAt = element.first - 1;
    }
    if (element.kind === "heartbeat") this.#heartbeat = element.heartbeat;
    else if (element.kind === "end") this.#heartbeat = Number.POSITIVE_INFINITY;
    const bytes = spilledBytes(element);
    const chunk = this.#filling ?? this.#begin(element.first);
    present(chunk.elements, "elements of a chunk that is being filled").push(element);
    chunk.bytes += bytes;
    this.#host.bytes.now += bytes;
    if (chunk.bytes >= this.#host.chunkBytes) this.#write(chunk);
    this.#take();
  }

  /** Elements up to number `last` have been processed: the next chunk may be due. */
  onProcessed(last: number): void {
    this.#processed = last;
    this.#take();
  }

  /** Its files go. */
  close(): void {
    this.#closed = true;
    for (const { file } of this.#files) file.remove();
    this.#files.clear();
    while (this.#chunks.length > 0) this.#chunks.shift();
    this.#reading = null;
  }

  #begin(first: number): Chunk {
    const chunk: Chunk = { first, bytes: 0, elements: [], place: null };
    this.#filling = chunk;
    this.#chunks.push(chunk);
    return chunk;
  }

  #write(chunk: Chunk): void {
    this.#filling = null;
    const file = this.#file ?? this.#open();
    const bytes = encodeChunk(present(chunk.elements, "elements of a chunk to write"));
    chunk.place = { in: file, offset: file.bytes };
    file.bytes += bytes.length;
    file.chunks++;
    this.#host.bytes.written += bytes.length;
    this.#host.bytes.pending += bytes.length;
    if (file.bytes >= MAX_FILE_BYTES) this.#file = null;
    file.file.append(bytes, (error) => {
      if (this.#closed) return;
      if (error !== null) {
        this.#host.fail(spillFailed("written", error));
        return;
      }
      // Unless it was taken before that.
      if (chunk.elements !== null) this.#host.bytes.pending -= chunk.bytes;
      chunk.elements = null;
      this.#host.onWritten();
    });
  }

  #open(): OpenFile {
    const file = { file: this.#host.files.create(), bytes: 0, chunks: 0 };
    this.#files.add(file);
    this.#file = file;
    return file;
  }

  /** Takes chunks back while more is wanted: from memory at once, from a file one at a time. */
  #take(): void {
    while (this.#reading === null && this.#chunks.length > 0 && this.#processed >= this.#wantedAt) {
      const chunk = present(this.#chunks.shift(), "chunk");
      if (chunk === this.#filling) this.#filling = null;
      if (chunk.elements === null) {
        this.#read(chunk);
        return;
      }
      if (chunk.place !== null) this.#host.bytes.pending -= chunk.bytes;
      this.#give(chunk, chunk.elements);
    }
  }

  #read(chunk: Chunk): void {
    this.#reading = chunk;
    const { in: file, offset } = present(chunk.place, "place of a chunk in a file");
    file.file.read(offset, chunk.bytes, (error, bytes) => {
      if (this.#closed) return;
      this.#reading = null;
      try {
        if (error !== null) throw error;
        this.#give(chunk, decodeChunk(present(bytes, "bytes of a chunk"), chunk.first));
      } catch (cause) {
        this.#host.fail(spillFailed("read back", cause));
        return;
      }
      this.#take();
    });
  }

  #give(chunk: Chunk, elements: readonly Element[]): void {
    chunk.elements = null;
    this.#wantedAt = chunk.first;
    this.#host.bytes.now -= chunk.bytes;
    if (chunk.place !== null) this.#release(chunk.place.in);
    this.#host.give(elements);
  }

  #release(file: OpenFile): void {
    file.chunks--;
    if (file.chunks > 0) return;
    if (file === this.#file) this.#file = null;
    this.#files.delete(file);
    file.file.remove();
  }
}

function spillFailed(what: string, cause: unknown): FaultlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FaultlineError("spill-failed", `what waits for the merge cannot be ${what}: ${reason}`, {
    hint: "make room where the worker has its scratch files; a shorter replication.heartbeat makes smaller epochs",
    cause,
  });
}
