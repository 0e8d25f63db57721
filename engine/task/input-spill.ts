import type { ScratchFiles } from "../ports.ts";
import type { Element } from "./element.ts";
import { type SpillBytes, SpillQueue } from "./spill-queue.ts";

/** Least and most that is written or read at once, bytes; between them a part of what may be in memory: each channel may gather so much. */
const MIN_CHUNK_BYTES = 256;
const MAX_CHUNK_BYTES = 1024 * 1024;
const CHUNKS_IN_MEMORY = 64;
/** Chunks that may be on their way to the disk before channels have to wait for it. */
const MAX_PENDING_CHUNKS = 8;

export interface InputSpillHost {
  /** What was put by comes back, in its order. */
  give(channel: number, elements: readonly Element[]): void;
  /** Channels that had to wait for the disk may have room again. What it throws is told to `fail`. */
  onRoom(): void;
  fail(error: unknown): void;
}

/** What a task's input channels hold beyond what fits into memory, in files: one queue a channel, made when it is needed. */
export class InputSpill {
  readonly #files: ScratchFiles;
  readonly #memoryBytes: number;
  readonly #host: InputSpillHost;
  readonly #chunkBytes: number;
  readonly #queues = new Map<number, SpillQueue>();
  readonly #bytes: SpillBytes = { written: 0, pending: 0, now: 0 };

  /** Puts by what comes when the `channels` hold `memoryBytes` beyond their windows. */
  constructor(files: ScratchFiles, memoryBytes: number, channels: number, host: InputSpillHost) {
    this.#files = files;
    this.#memoryBytes = memoryBytes;
    this.#host = host;
    const part = Math.floor(memoryBytes / Math.max(CHUNKS_IN_MEMORY, channels));
    this.#chunkBytes = Math.min(Math.max(part, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES);
  }

  /**
   * Channels have to wait, though the merge would let them go on: too much is on its way to the disk, or one that the merge may wait for is
   * being read back, so that it is not known whom it waits for.
   */
  get busy(): boolean {
    if (this.#bytes.pending > MAX_PENDING_CHUNKS * this.#chunkBytes) return true;
    for (const queue of this.#queues.values()) if (queue.starves) return true;
    return false;
  }

  /** Latest heartbeat of the channel that is put by, infinite for its end; 0: none. */
  heartbeatOf(channel: number): number {
    return this.#queues.get(channel)?.heartbeat ?? 0;
  }

  /** Something of the channel is put by: all that follows has to be, too. */
  holds(channel: number): boolean {
    return this.#queues.get(channel)?.empty === false;
  }

  /** Of `exceededBytes` that all channels hold beyond their windows too much is in memory. */
  isDue(exceededBytes: number): boolean {
    return exceededBytes - this.#bytes.now > this.#memoryBytes;
  }

  /** `processed`: latest number of the channel that has been. */
  push(channel: number, element: Element, processed: number): void {
    const queue = this.#queues.get(channel) ?? this.#open(channel);
    queue.push(element, processed);
  }

  onProcessed(channel: number, last: number): void {
    this.#queues.get(channel)?.onProcessed(last);
  }

  /** `spilledBytes`: handed to files so far; `spilledNowBytes`: there, or about to be. */
  counters(): Record<string, number> {
    return { spilledBytes: this.#bytes.written, spilledNowBytes: this.#bytes.now };
  }

  /** Its files go; nothing comes back any more. */
  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }

  #open(channel: number): SpillQueue {
    const queue = new SpillQueue({
      files: this.#files,
      chunkBytes: this.#chunkBytes,
      bytes: this.#bytes,
      give: (elements) => this.#host.give(channel, elements),
      onWritten: () => this.#tellRoom(),
      fail: (error) => this.#host.fail(error),
    });
    this.#queues.set(channel, queue);
    return queue;
  }

  /** Told by a file, not in a step of the task, so that nobody else would catch it. */
  #tellRoom(): void {
    try {
      this.#host.onRoom();
    } catch (error) {
      this.#host.fail(error);
    }
  }
}
