import { assert } from "../../base/assert.ts";
import { wallClockMs } from "../../base/clock.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { type LogSourceSupplier, SuppliedRecords } from "../connectors/source-supplier.ts";
import type { LogAddress, LogPosition, LogReader, LogReaderHandler } from "../ports.ts";

/** Kind of a log that a module of the submitter computes; its topic is a `SuppliedLogSpec` as JSON. */
export const SUPPLIED_LOG = "supplied";

/** Records handed on at once. */
const BATCH_RECORDS = 500;
/** A paced log waits at least so long for its next records, ms. */
const MIN_WAIT_MS = 1;

export interface SuppliedLogSpec {
  /** URL of the module whose default export makes a `LogSourceSupplier` of `parameters`. */
  readonly module: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Records of all partitions together that become readable in a second, from `startMs` (epoch) on; absent: all at once. */
  readonly pace?: { readonly ratePerSecond: number; readonly startMs: number };
}

type SupplierFactory = (parameters: SuppliedLogSpec["parameters"]) => LogSourceSupplier;

/** Reads a computed log: replayable from any offset, without a broker. */
export function openSuppliedReader(
  { topic }: LogAddress,
  from: readonly LogPosition[],
  handler: LogReaderHandler,
): LogReader {
  const spec = JSON.parse(topic) as SuppliedLogSpec;
  const reader = new SuppliedReader(spec.pace ?? null, from, handler);
  loadSupplier(spec).then(
    (supplier) => reader.start(supplier),
    (error) => reader.fail(asFaultlineError(error, "job-invalid")),
  );
  return reader;
}

async function loadSupplier({ module, parameters }: SuppliedLogSpec): Promise<LogSourceSupplier> {
  const loaded = (await import(module)) as { readonly default?: unknown };
  if (typeof loaded.default !== "function") {
    throw new FaultlineError("job-invalid", `the module ${module} supplies no log`);
  }
  return (loaded.default as SupplierFactory)(parameters);
}

class SuppliedReader implements LogReader {
  readonly #pace: SuppliedLogSpec["pace"] | null;
  /** Epoch ms at which record 0 is due. */
  #startMs = 0;
  readonly #positions: { readonly partition: number; offset: number }[];
  readonly #handler: LogReaderHandler;
  readonly #held = new Set<number>();
  readonly #askers: ((offsets: readonly number[]) => void)[] = [];
  #supplier: LogSourceSupplier | null = null;
  #timer: NodeJS.Timeout | null = null;
  #next = 0;
  #paused = false;
  #closed = false;

  constructor(pace: SuppliedLogSpec["pace"] | null, from: readonly LogPosition[], handler: LogReaderHandler) {
    this.#pace = pace;
    this.#positions = from.map(({ partition, offset }) => ({ partition, offset }));
    this.#handler = handler;
  }

  start(supplier: LogSourceSupplier): void {
    if (this.#closed) return;
    this.#supplier = supplier;
    if (this.#pace) this.#startMs = this.#pace.startMs - this.#leadMs(supplier, this.#pace);
    for (const answer of this.#askers.splice(0)) answer(this.#ends(supplier));
    this.#wake(0);
  }

  fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#handler.onError(error);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake(0);
  }

  hold(partition: number, held: boolean): void {
    if (held) this.#held.add(partition);
    else this.#held.delete(partition);
    this.#wake(0);
  }

  endOffsets(answer: (offsets: readonly number[]) => void): void {
    const supplier = this.#supplier;
    if (supplier === null) this.#askers.push(answer);
    else setImmediate(() => this.#closed || answer(this.#ends(supplier)));
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #ends(supplier: LogSourceSupplier): readonly number[] {
    return this.#positions.map(({ partition }) => supplier.endOffset(partition));
  }

  /** Reads when `delayMs` have passed; one reading at a time. */
  #wake(delayMs: number): void {
    if (this.#timer !== null || this.#closed || this.#supplier === null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      try {
        this.#read();
      } catch (error) {
        this.fail(asFaultlineError(error));
      }
    }, delayMs);
  }

  /** The next records of the next partition that has some, in turn. */
  #read(): void {
    const supplier = this.#supplier;
    if (supplier === null || this.#paused || this.#closed) return;
    let hasMore = false;
    for (let tried = 0; tried < this.#positions.length; tried++) {
      const position = this.#positions[this.#next++ % this.#positions.length]!;
      const { partition, offset } = position;
      if (this.#held.has(partition) || offset >= supplier.endOffset(partition)) continue;
      hasMore = true;
      const count = Math.min(BATCH_RECORDS, this.#readable(supplier) - offset);
      if (count < 1) continue;
      const values = supplier.read(partition, offset, count);
      assert(values.count <= count, "a supplier gives no more than it was asked for");
      position.offset += values.count;
      this.#handler.onRecords(new SuppliedRecords(partition, offset, values));
      this.#wake(0);
      return;
    }
    if (hasMore) this.#wake(MIN_WAIT_MS);
  }

  /** Records of each partition that may be read by now. */
  #readable({ partitions }: LogSourceSupplier): number {
    if (!this.#pace) return Number.POSITIVE_INFINITY;
    return Math.floor(((wallClockMs() - this.#startMs) / 1000) * (this.#pace.ratePerSecond / partitions));
  }

  /** A job that begins from a savepoint begins with records that are not due yet: they become due now. */
  #leadMs({ partitions }: LogSourceSupplier, { startMs, ratePerSecond }: NonNullable<SuppliedLogSpec["pace"]>): number {
    const furthest = Math.max(0, ...this.#positions.map(({ offset }) => offset));
    return Math.max(0, startMs + (furthest * partitions * 1000) / ratePerSecond - wallClockMs());
  }
}
