import { assert, present } from "../../base/assert.ts";
import type { Clock } from "../ports.ts";
import type { RowSchema } from "../rows/schema.ts";
import { type DescribedEpoch, END_EPOCH, OutputHash } from "./output-hash.ts";
import { rowText } from "./output-hash-text.ts";

/** What a replica's channels have carried up to heartbeat `epoch`: of each the number of its last element, and the hash of them all. */
export interface OutputWindow {
  readonly epoch: number;
  /** Heartbeat that closed the window before; 0: none. */
  readonly after: number;
  /** By channel: the vertex's outgoing edges in the plan's order, of each its receiving instances. */
  readonly numbers: readonly number[];
  readonly hashes: readonly number[];
}

/** Asks a replica for the epochs of one channel in (after, upTo]; with `record` also for that record's text. */
export interface OutputQuestion {
  readonly channel: number;
  readonly after: number;
  readonly upTo: number;
  readonly record: { readonly epoch: number; readonly position: number } | null;
}

export interface OutputDescription {
  readonly epochs: readonly DescribedEpoch[];
  /** null: not asked for, or not kept any more. */
  readonly record: string | null;
}

export interface OutputHashesSettings {
  /** Logical channels of the task, all edges. */
  readonly channels: number;
  /** Heartbeats from one comparison to the next. */
  readonly windowHeartbeats: number;
  readonly clock: Clock;
  readonly report: (windows: readonly OutputWindow[]) => void;
}

interface HashedChannel {
  readonly schema: RowSchema;
  readonly hash: OutputHash;
  readonly nextNumber: () => number;
}

/** Of records kept for all channels of a task, bytes. */
const KEPT_BYTES = 512 * 1024;
/** Windows whose epochs are kept: a comparison may come late by so much. */
const KEPT_WINDOWS = 4;
/** Heartbeats may come in bursts: what they close waits for others at least so long, µs, unless it is this much. */
const REPORT_INTERVAL_US = 100_000;
const MAX_WAITING_WINDOWS = 32;
/** Target distance of comparisons, µs. */
const WINDOW_US = 200_000;

/** Heartbeats in a window: the same for all replicas, because the job's settings alone say it. */
export function windowHeartbeatsOf(heartbeatIntervalUs: number): number {
  return Math.max(1, Math.round(WINDOW_US / heartbeatIntervalUs));
}

/**
 * What one replica tells of its output, so that somebody can compare it with that of its siblings: the hashes of all its channels, now and
 * then, always at the same heartbeats, and at the end.
 */
export class OutputHashes {
  readonly #settings: OutputHashesSettings;
  readonly #channels: HashedChannel[] = [];
  #waiting: OutputWindow[] = [];
  /** Heartbeat that closed the latest window. */
  #after = 0;
  #reportedUs = Number.NEGATIVE_INFINITY;

  constructor(settings: OutputHashesSettings) {
    assert(settings.channels >= 1 && settings.windowHeartbeats >= 1, "hashes need channels and windows");
    this.#settings = settings;
  }

  /** The next channel, whose rows are of `schema`. */
  add(schema: RowSchema, nextNumber: () => number): OutputHash {
    const { channels, windowHeartbeats } = this.#settings;
    assert(this.#channels.length < channels, "more channels than were announced");
    const hash = new OutputHash(Math.ceil(KEPT_BYTES / channels), windowHeartbeats * KEPT_WINDOWS + 2);
    this.#channels.push({ schema, hash, nextNumber });
    return hash;
  }

  /** A heartbeat has gone out on all channels. */
  onHeartbeat(heartbeat: number, watermarkMs: number): void {
    this.#close(heartbeat, watermarkMs);
    const { windowHeartbeats } = this.#settings;
    // Heartbeats may be passed over, by all replicas alike.
    if (Math.floor(heartbeat / windowHeartbeats) === Math.floor(this.#after / windowHeartbeats)) return;
    this.#closeWindow(heartbeat);
    const nowUs = this.#settings.clock.nowUs();
    if (nowUs - this.#reportedUs < REPORT_INTERVAL_US && this.#waiting.length < MAX_WAITING_WINDOWS) return;
    this.#reportedUs = nowUs;
    this.#report();
  }

  /** The end has gone out on all channels. */
  onEnd(): void {
    this.#close(END_EPOCH, Number.POSITIVE_INFINITY);
    this.#closeWindow(END_EPOCH);
    this.#report();
  }

  /** The channel that is asked for takes nothing more: who asks has seen that it differs, and the job will not go on. */
  describe({ channel, after, upTo, record }: OutputQuestion): OutputDescription {
    const { hash, schema } = present(this.#channels[channel], `output channel ${channel}`);
    hash.freeze();
    const row = record === null ? null : hash.record(record.epoch, record.position);
    return { epochs: hash.describe(after, upTo), record: row === null ? null : rowText(schema, row) };
  }

  #close(epoch: number, watermarkMs: number): void {
    for (const { hash, nextNumber } of this.#channels) hash.close(epoch, nextNumber() - 1, watermarkMs);
  }

  #closeWindow(epoch: number): void {
    const numbers = this.#channels.map(({ hash }) => hash.last);
    const hashes = this.#channels.map(({ hash }) => hash.hash);
    this.#waiting.push({ epoch, after: this.#after, numbers, hashes });
    this.#after = epoch;
  }

  #report(): void {
    const windows = this.#waiting;
    this.#waiting = [];
    this.#settings.report(windows);
  }
}
