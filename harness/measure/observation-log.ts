import { FaultlineError } from "../../base/errors.ts";
import { OBSERVATION_BYTES, type Observation, writeObservation } from "./observation.ts";

const CHUNK_RECORDS = 8_192;
/** Chunks waiting for the disk above which reading should pause: 5 MB. */
const SOFT_CHUNKS = 16;
/** What is already on its way when reading pauses must still fit: 80 MB. */
const HARD_CHUNKS = 256;

/** The file below, injected. Writes are positional, so writing a chunk twice does no harm. */
export interface LogFile {
  write(bytes: Uint8Array, position: number, done: (error: Error | null) => void): void;
  writeSync(bytes: Uint8Array, position: number): void;
}

export interface LogPressure {
  /** The disk does not keep up: read no more until `onSpace`. */
  onFull(): void;
  onSpace(): void;
  onError(error: FaultlineError): void;
}

interface Chunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  used: number;
  position: number;
}

/** Appends observations through chunks that are written in the background, one at a time, in order. Bounded memory. */
export class ObservationLog {
  readonly #file: LogFile;
  readonly #pressure: LogPressure;
  readonly #waiting: Chunk[] = [];
  readonly #free: Chunk[] = [];
  #current: Chunk = newChunk();
  #position = 0;
  #isWriting = false;
  #isFull = false;
  #whenIdle: (() => void)[] = [];

  constructor(file: LogFile, pressure: LogPressure) {
    this.#file = file;
    this.#pressure = pressure;
  }

  append(observation: Observation): void {
    const chunk = this.#current;
    writeObservation(chunk.view, chunk.used, observation);
    chunk.used += OBSERVATION_BYTES;
    if (chunk.used === chunk.bytes.length) this.kick();
  }

  /** Hands what is buffered to the disk. */
  kick(): void {
    if (this.#current.used === 0) return;
    const sealed = this.#current;
    sealed.position = this.#position;
    this.#position += sealed.used;
    this.#waiting.push(sealed);
    this.#current = this.#free.pop() ?? newChunk();
    this.#current.used = 0;
    if (this.#waiting.length >= HARD_CHUNKS) {
      throw new FaultlineError("observer-failed", "the observation log cannot be written as fast as outputs come", {
        hint: "Put the results folder on a faster disk, or lower the rate.",
      });
    }
    if (!this.#isFull && this.#waiting.length >= SOFT_CHUNKS) {
      this.#isFull = true;
      this.#pressure.onFull();
    }
    this.#pump();
  }

  /** Resolves when everything appended so far is written. */
  flush(): Promise<void> {
    this.kick();
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Writes everything now, for the end of a process. */
  flushSync(): void {
    this.kick();
    for (const { bytes, used, position } of this.#waiting) this.#file.writeSync(bytes.subarray(0, used), position);
  }

  #pump(): void {
    const chunk = this.#waiting[0];
    if (this.#isWriting || chunk === undefined) return;
    this.#isWriting = true;
    this.#file.write(chunk.bytes.subarray(0, chunk.used), chunk.position, (error) => this.#written(error));
  }

  #written(cause: Error | null): void {
    this.#isWriting = false;
    if (cause !== null) {
      const hint = "Is the disk full?";
      this.#pressure.onError(new FaultlineError("observer-failed", "cannot write observations", { hint, cause }));
      return;
    }
    const chunk = this.#waiting.shift()!;
    if (this.#free.length < SOFT_CHUNKS) this.#free.push(chunk);
    if (this.#isFull && this.#waiting.length <= SOFT_CHUNKS / 2) {
      this.#isFull = false;
      this.#pressure.onSpace();
    }
    if (this.#waiting.length > 0) {
      this.#pump();
      return;
    }
    const idle = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of idle) resolve();
  }
}

function newChunk(): Chunk {
  const bytes = new Uint8Array(CHUNK_RECORDS * OBSERVATION_BYTES);
  return { bytes, view: new DataView(bytes.buffer), used: 0, position: 0 };
}
