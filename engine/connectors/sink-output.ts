import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { LogWriter } from "../ports.ts";
import { SinkBacklog } from "./sink-backlog.ts";

/**
 * Records on their way to one partition of a log: those that wait for a writer or for room in it, and how many are not durable. One
 * step of a task may make more of them than a writer takes.
 */
export class SinkOutput {
  readonly #partition: number;
  readonly #backlog = new SinkBacklog();
  #writer: LogWriter | null = null;
  /** The writer takes no more for now. */
  #full = false;
  #records = 0;
  #durable = 0;

  constructor(partition: number) {
    this.#partition = partition;
  }

  /** Records in all. */
  get records(): number {
    return this.#records;
  }

  /** Records known to be durable. */
  get durable(): number {
    return this.#durable;
  }

  get settled(): boolean {
    return this.#durable === this.#records;
  }

  /** Records wait here, or would. */
  get blocked(): boolean {
    return this.#writer === null || this.#full;
  }

  /** Writes to `writer` from now on; once. */
  open(writer: LogWriter): void {
    assert(this.#writer === null, "an output has one writer");
    this.#writer = writer;
    this.drain();
  }

  append(bytes: Uint8Array, start: number, end: number, timestampMs: number): void {
    this.#records++;
    const writer = this.#writer;
    if (writer === null || this.#full) this.#backlog.push(bytes, start, end, timestampMs);
    else this.#full = !writer.append(this.#partition, timestampMs, bytes, start, end);
  }

  /** The writer has room again: what waits goes first. */
  drain(): void {
    const writer = this.#writer;
    if (writer === null) return;
    const backlog = this.#backlog;
    this.#full = false;
    while (!backlog.isEmpty && !this.#full) {
      this.#full = !writer.append(this.#partition, backlog.timestampMs, backlog.bytes, backlog.start, backlog.end);
      backlog.shift();
    }
    if (!this.settled) writer.kick();
  }

  /** Takes over the records of an output that has no writer yet, behind its own. */
  takeOver(waiting: SinkOutput): void {
    assert(waiting.#writer === null, "records have one writer");
    const backlog = waiting.#backlog;
    for (; !backlog.isEmpty; backlog.shift()) {
      this.append(backlog.bytes, backlog.start, backlog.end, backlog.timestampMs);
    }
    this.kick();
  }

  kick(): void {
    if (!this.settled) this.#writer?.kick();
  }

  /** Throws when that many have not been written. */
  acknowledge(partition: number, count: number): void {
    if (partition !== this.#partition || count < 1 || this.#durable + count > this.#records) {
      const unasked = `${count} records of partition ${partition} acknowledged that were not written`;
      throw new FaultlineError("assertion-failed", unasked);
    }
    this.#durable += count;
  }
}
