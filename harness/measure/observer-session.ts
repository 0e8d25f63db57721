import { monotonicUs } from "../../base/clock.ts";
import type { FaultlineError } from "../../base/errors.ts";
import type { Fetcher, FetcherOptions, KafkaClient } from "../../kafka/client.ts";
import { Observer, type ObserverOptions } from "./observer.ts";
import type { ObserverIsolation, ObserverSpec } from "./observer-spec.ts";

const POLL_MS = 20;
/** A reader of committed records that stands still for so long waits for a transaction that nobody ends. */
const STALLED_MS = 30_000;

const FETCH_ISOLATION: Readonly<Record<ObserverIsolation, FetcherOptions["isolation"]>> = {
  uncommitted: "read_uncommitted",
  committed: "read_committed",
};

/** What one reader of the output topic has observed, as `observer-main` prints it. */
export interface SessionSummary {
  readonly observed: number;
  readonly undecodable: number;
  readonly readLagUs: Readonly<Record<"p50" | "p99" | "max" | "n", number | null>>;
  /** Where it stands in each partition. */
  readonly nextOffsets: readonly number[];
  /** Whether it came to the offsets where it was to stop; not, when a transaction before them was never ended. */
  readonly isWhole: boolean;
}

/** One reader of the whole output topic under one isolation level. */
export class ObserverSession {
  readonly isolation: ObserverIsolation;
  readonly observer: Observer;
  readonly #fetcher: Fetcher;
  readonly #partitions: number;
  #isWhole = false;

  constructor(
    client: KafkaClient,
    spec: ObserverSpec,
    isolation: ObserverIsolation,
    options: Omit<ObserverOptions, "isolation">,
    onError: (error: FaultlineError) => void,
  ) {
    this.isolation = isolation;
    this.observer = new Observer({ ...options, isolation: isolation === "committed" ? 1 : 0 });
    this.#partitions = spec.partitions;
    this.#fetcher = client.fetcher({
      topic: spec.topic,
      assignments: Array.from({ length: spec.partitions }, (_, partition) => ({ partition, offset: 0 })),
      isolation: FETCH_ISOLATION[isolation],
      maxWaitMs: 100,
      onBatch: (view) => this.observer.onBatch(view),
      onError,
    });
  }

  start(): void {
    this.#fetcher.start();
  }

  pause(): void {
    this.#fetcher.pause();
  }

  resume(): void {
    this.#fetcher.resume();
  }

  /**
   * Reads on to these offsets, one a partition, and ends. Control records and what was taken back count as read. A reader of committed
   * records that a transaction holds up for half a minute ends where it stands.
   */
  async readTo(endOffsets: readonly number[]): Promise<void> {
    this.#isWhole = await this.#reach(endOffsets);
    this.#fetcher.close();
    this.observer.finish();
  }

  summary(): SessionSummary {
    const { observed, undecodable, readLag } = this.observer;
    const readLagUs = { p50: readLag.percentile(50), p99: readLag.percentile(99), max: readLag.max, n: readLag.count };
    return { observed, undecodable, readLagUs, nextOffsets: this.#positions(), isWhole: this.#isWhole };
  }

  #positions(): number[] {
    return Array.from({ length: this.#partitions }, (_, partition) => this.#fetcher.position(partition));
  }

  /** Looks now and then, because control records come without a batch. */
  #reach(endOffsets: readonly number[]): Promise<boolean> {
    return new Promise((resolve) => {
      let positions = "";
      let movedUs = monotonicUs();
      const timer = setInterval(() => {
        const now = this.#positions();
        const isReached = endOffsets.every((offset, partition) => now[partition]! >= offset);
        if (positions !== String(now)) {
          positions = String(now);
          movedUs = monotonicUs();
        }
        const isStalled = this.isolation === "committed" && monotonicUs() - movedUs > STALLED_MS * 1000;
        if (!isReached && !isStalled) return;
        clearInterval(timer);
        resolve(isReached);
      }, POLL_MS);
    });
  }
}
