import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { LogAddress, LogWriter, LogWriterHandler } from "../ports.ts";

/** Kind of a log that is files of lines in a folder, its topic; one file a process, so that it shows who wrote what. */
export const LINES_LOG = "lines";

/** Bytes that may wait to be written. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * Appends to `<folder>/<process>.txt`; a record is a line: its timestamp (ms), a tab, its value. What is acknowledged survives the end of
 * the process, not that of the machine.
 */
export class LinesWriter implements LogWriter {
  readonly #file: Promise<Awaited<ReturnType<typeof open>>>;
  readonly #handler: LogWriterHandler;
  readonly #text = new TextDecoder();
  #waiting = "";
  #counts = new Map<number, number>();
  #isWriting = false;
  #full = false;
  #closed = false;

  constructor({ topic }: LogAddress, process: string, handler: LogWriterHandler) {
    this.#handler = handler;
    this.#file = openFile(topic, `${process}.txt`);
    this.#file.catch((error) => this.#fail(error));
  }

  append(partition: number, timestampMs: number, value: Uint8Array, start: number, end: number): boolean {
    this.#waiting += `${timestampMs}\t${this.#text.decode(value.subarray(start, end))}\n`;
    this.#counts.set(partition, (this.#counts.get(partition) ?? 0) + 1);
    this.#full = this.#waiting.length > MAX_WAITING_BYTES;
    if (this.#full) this.kick();
    return !this.#full;
  }

  kick(): void {
    if (this.#isWriting || this.#waiting === "" || this.#closed) return;
    this.#isWriting = true;
    this.#write().then(
      () => this.kick(),
      (error) => this.#fail(error),
    );
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.then((file) => file.close()).catch(() => {}); // whoever wrote has its acknowledgements already
  }

  async #write(): Promise<void> {
    const file = await this.#file;
    const text = this.#waiting;
    const counts = this.#counts;
    this.#waiting = "";
    this.#counts = new Map();
    if (this.#closed) return;
    await file.appendFile(text);
    this.#isWriting = false;
    if (this.#closed) return;
    for (const [partition, count] of counts) this.#handler.onAcknowledged(partition, count);
    if (!this.#full) return;
    this.#full = false;
    this.#handler.onDrain();
  }

  #fail(cause: unknown): void {
    if (this.#closed) return;
    this.close();
    const { message } = asFaultlineError(cause);
    this.#handler.onError(new FaultlineError("output-unwritable", `cannot write output: ${message}`, { cause }));
  }
}

async function openFile(folder: string, name: string) {
  await mkdir(folder, { recursive: true });
  return open(join(folder, name), "a");
}
