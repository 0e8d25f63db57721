import { FaultlineError } from "../../base/errors.ts";
import type { Clock, Log, LogAddress, LogReader, LogRecords, LogWriter } from "../ports.ts";
import { type CutEntry, decodeCutLogEntry, encodeCutLogEntry, type TickEntry } from "./cut-entry.ts";

export interface CutLogHost {
  /** Tick h, each h once, in order from 1. */
  onTick(tick: TickEntry): void;
  /** The cut of (group, h) that counts, each once, in ascending order of h per group, after tick h. A group may pass over some h. */
  onCut?(cut: CutEntry): void;
  onError(error: Error): void;
}

/** Entries that may wait for room in the log. */
const MAX_BACKLOG = 1024;

/**
 * A job's cut log: one partition that all write and all read. The first entry of each heartbeat, or of each group and heartbeat, counts,
 * and none behind a later one. So whoever reads it sees the same ticks and cuts, whatever was proposed.
 */
export class CutLog {
  readonly #attempt: number;
  readonly #host: CutLogHost;
  readonly #clock: Clock;
  readonly #reader: LogReader;
  readonly #writer: LogWriter;
  #backlog: (TickEntry | CutEntry)[] = [];
  #full = false;
  #tick = 0;
  readonly #cuts = new Map<string, number>();
  #closed = false;

  constructor(
    { clock, log }: { readonly clock: Clock; readonly log: Log },
    address: LogAddress,
    attempt: number,
    host: CutLogHost,
  ) {
    this.#clock = clock;
    this.#attempt = attempt;
    this.#host = host;
    this.#writer = log.openWriter(address, [0], {
      onAcknowledged: () => {},
      onDrain: () => this.#onDrain(),
      onError: (error) => this.#onError(error),
    });
    this.#reader = log.openReader(address, [{ partition: 0, offset: 0 }], {
      onRecords: (records) => this.#onRecords(records),
      onSkipped: () => {},
      onError: (error) => this.#onError(error),
    });
  }

  /** Number of the latest tick read. */
  get tick(): number {
    return this.#tick;
  }

  append(entry: TickEntry | CutEntry): void {
    if (this.#closed) return;
    if (!this.#full) {
      this.#write(entry);
      return;
    }
    if (this.#backlog.length >= MAX_BACKLOG) {
      this.#onError(new FaultlineError("job-failed", `${MAX_BACKLOG} entries wait for the cut log`));
      return;
    }
    this.#backlog.push(entry);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.close();
    this.#writer.close();
  }

  #write(entry: TickEntry | CutEntry): void {
    const bytes = encodeCutLogEntry(entry);
    // Nobody reads the time, but a broker deletes records that are old by it.
    const timestampMs = Math.floor((this.#clock.nowUs() + (this.#clock.epochOffsetUs ?? 0)) / 1000);
    this.#full = !this.#writer.append(0, timestampMs, bytes, 0, bytes.length);
    this.#writer.kick();
  }

  #onDrain(): void {
    const waiting = this.#backlog;
    this.#full = false;
    this.#backlog = [];
    for (const entry of waiting) this.append(entry);
  }

  #onRecords(records: LogRecords): void {
    try {
      for (const cursor = records.walk(); cursor.next() && !this.#closed; ) {
        this.#onEntry(decodeCutLogEntry(records.bytes.subarray(cursor.valueStart, cursor.valueEnd)));
      }
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #onEntry(entry: TickEntry | CutEntry): void {
    if (entry.attempt !== this.#attempt) return;
    if (entry.kind === "tick") {
      if (entry.heartbeat !== this.#tick + 1) return;
      this.#tick = entry.heartbeat;
      this.#host.onTick(entry);
      return;
    }
    if (entry.heartbeat <= (this.#cuts.get(entry.group) ?? 0)) return;
    this.#cuts.set(entry.group, entry.heartbeat);
    this.#host.onCut?.(entry);
  }

  #onError(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#host.onError(error);
  }
}
