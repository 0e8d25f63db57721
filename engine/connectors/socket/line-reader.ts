import { assert } from "../../../base/assert.ts";
import { asFaultlineError } from "../../../base/errors.ts";
import type { LogReader, LogReaderHandler } from "../../ports.ts";
import { SuppliedRecords } from "../source-supplier.ts";
import { LineSplitter } from "./line-splitter.ts";

/** The byte stream beneath, as its reader needs it. */
export interface ByteStream {
  pause(): void;
  resume(): void;
  close(): void;
}

/**
 * A socket as a log of one partition: each line is a record, its offset the number of lines before it on this connection. It cannot be
 * read again, and its end is known when the peer has closed it: only then are end offsets answered. A reader that is opened anew gets
 * what is sent from then on.
 */
export class LineReader implements LogReader {
  readonly #partition: number;
  readonly #handler: LogReaderHandler;
  readonly #lines = new LineSplitter();
  /** Lines that came while reading was paused; the stream is paused too, so that there are few. */
  #waiting: Uint8Array[] = [];
  #askers: ((offsets: readonly number[]) => void)[] = [];
  #stream: ByteStream | null = null;
  /** Lines handed on, and lines that came. */
  #given: number;
  #came: number;
  #paused = false;
  #held = false;
  #closed = false;
  #ended = false;

  constructor(partition: number, offset: number, handler: LogReaderHandler) {
    this.#partition = partition;
    this.#given = offset;
    this.#came = offset;
    this.#handler = handler;
  }

  /** The stream to read; once. */
  attach(stream: ByteStream): void {
    assert(this.#stream === null, "a reader has one stream");
    this.#stream = stream;
    if (this.#stopped) stream.pause();
  }

  /** Bytes have come; they are not kept. */
  onBytes(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#take(this.#lines.push(bytes));
    } catch (error) {
      this.onError(asFaultlineError(error));
    }
  }

  /** The peer has closed the stream: there is nothing more to come. */
  onEnd(): void {
    if (this.#closed || this.#ended) return;
    this.#ended = true;
    this.#take(this.#lines.end());
    const askers = this.#askers;
    this.#askers = [];
    for (const answer of askers) answer([this.#came]);
  }

  onError(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#handler.onError(error);
  }

  pause(): void {
    this.#paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#goOn();
  }

  hold(partition: number, held: boolean): void {
    assert(partition === this.#partition, "a socket has one partition");
    this.#held = held;
    if (held) this.#stream?.pause();
    else this.#goOn();
  }

  endOffsets(answer: (offsets: readonly number[]) => void): void {
    if (this.#ended) answer([this.#came]);
    else this.#askers.push(answer);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting = [];
    this.#askers = [];
    this.#stream?.close();
  }

  get #stopped(): boolean {
    return this.#paused || this.#held;
  }

  #goOn(): void {
    if (this.#stopped || this.#closed) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#give(waiting);
    if (!this.#stopped) this.#stream?.resume();
  }

  #take(lines: readonly Uint8Array[]): void {
    this.#came += lines.length;
    if (this.#stopped) this.#waiting.push(...lines);
    else this.#give(lines);
  }

  #give(lines: readonly Uint8Array[]): void {
    if (lines.length === 0) return;
    const offsets = new Int32Array(lines.length + 1);
    for (const [i, line] of lines.entries()) offsets[i + 1] = offsets[i]! + line.length;
    const bytes = new Uint8Array(offsets[lines.length]!);
    for (const [i, line] of lines.entries()) bytes.set(line, offsets[i]!);
    const records = new SuppliedRecords(this.#partition, this.#given, { bytes, count: lines.length, offsets });
    this.#given += lines.length;
    this.#handler.onRecords(records);
  }
}
