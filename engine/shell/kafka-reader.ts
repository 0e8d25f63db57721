import { asFaultlineError } from "../../base/errors.ts";
import type { Fetcher, FetcherOptions, KafkaClient } from "../../kafka/client.ts";
import type { Isolation, LogPosition, LogReader, LogReaderHandler } from "../ports.ts";

/** How long the broker holds a fetch that has nothing to answer; bounds only how late a resumed reader asks, not latency. */
const MAX_WAIT_MS = 500;

/** Reads partitions of one topic by long poll: records are handed on as soon as the broker has any. */
export class KafkaLogReader implements LogReader {
  readonly #topic: string;
  readonly #from: readonly LogPosition[];
  readonly #handler: LogReaderHandler;
  readonly #client: Promise<KafkaClient>;
  readonly #isolation: FetcherOptions["isolation"];
  #fetcher: Fetcher | null = null;
  readonly #held = new Set<number>();
  #paused = false;
  #closed = false;

  constructor(
    client: Promise<KafkaClient>,
    topic: string,
    from: readonly LogPosition[],
    handler: LogReaderHandler,
    isolation: Isolation,
  ) {
    this.#isolation = isolation === "committed" ? "read_committed" : "read_uncommitted";
    this.#client = client;
    this.#topic = topic;
    this.#from = from;
    this.#handler = handler;
    client.then((connected) => this.#start(connected)).catch((error) => this.#fail(error));
  }

  #start(client: KafkaClient): void {
    if (this.#closed || this.#from.length === 0) return;
    this.#fetcher = client.fetcher({
      topic: this.#topic,
      assignments: this.#from,
      isolation: this.#isolation,
      maxWaitMs: MAX_WAIT_MS,
      onBatch: (view) => {
        if (!this.#closed) this.#handler.onRecords(view);
      },
      onSkipped: (partition, nextOffset) => {
        if (!this.#closed) this.#handler.onSkipped(partition, nextOffset);
      },
      onError: (error) => this.#fail(error),
    });
    for (const partition of this.#held) this.#fetcher.hold(partition, true);
    if (this.#paused) this.#fetcher.pause();
    this.#fetcher.start();
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#handler.onError(asFaultlineError(error));
  }

  pause(): void {
    this.#paused = true;
    this.#fetcher?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#fetcher?.resume();
  }

  hold(partition: number, held: boolean): void {
    if (held) this.#held.add(partition);
    else this.#held.delete(partition);
    this.#fetcher?.hold(partition, held);
  }

  endOffsets(answer: (offsets: readonly number[]) => void): void {
    const partitions = this.#from.map((position) => position.partition);
    this.#client
      .then((client) =>
        partitions.length === 0 ? [] : client.listOffsets(this.#topic, partitions, "latest", this.#isolation),
      )
      .then((offsets) => {
        if (!this.#closed) answer(offsets);
      })
      .catch((error) => this.#fail(error));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fetcher?.close();
    this.#fetcher = null;
  }
}
