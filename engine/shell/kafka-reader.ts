import { asFaultlineError } from "../../base/errors.ts";
import type { Fetcher, FetcherOptions, KafkaClient } from "../../kafka/client.ts";
import type { LogPosition, LogReader, LogReaderHandler, LogReading } from "../ports.ts";

/** How long the broker holds a fetch that has nothing to answer; bounds only how late a resumed reader asks, not latency. */
const MAX_WAIT_MS = 500;

/** Reads partitions of one topic by long poll: records are handed on as soon as the broker has any. */
export class KafkaLogReader implements LogReader {
  readonly #topic: string;
  #from: readonly LogPosition[];
  readonly #handler: LogReaderHandler;
  readonly #client: Promise<KafkaClient>;
  readonly #isolation: FetcherOptions["isolation"];
  readonly #restMs: number;
  #fetcher: Fetcher | null = null;
  readonly #held = new Set<number>();
  #paused = false;
  #closed = false;

  constructor(
    client: Promise<KafkaClient>,
    topic: string,
    from: readonly LogPosition[],
    handler: LogReaderHandler,
    { isolation = "uncommitted", start = "exact", restMs = 0 }: LogReading,
  ) {
    this.#isolation = isolation === "committed" ? "read_committed" : "read_uncommitted";
    this.#restMs = restMs;
    this.#client = client;
    this.#topic = topic;
    this.#from = from;
    this.#handler = handler;
    const begin = async (connected: KafkaClient) => {
      if (start === "kept" && from.length > 0) await this.#passDeleted(connected);
      this.#start(connected);
    };
    client.then(begin).catch((error) => this.#fail(error));
  }

  async #passDeleted(client: KafkaClient): Promise<void> {
    const partitions = this.#from.map(({ partition }) => partition);
    const kept = await client.listOffsets(this.#topic, partitions, "earliest");
    const wanted = this.#from;
    this.#from = wanted.map(({ partition, offset }, index) => ({
      partition,
      offset: Math.max(offset, kept[index] ?? 0),
    }));
    for (const [index, { partition, offset }] of this.#from.entries()) {
      if (offset > wanted[index]!.offset && !this.#closed) this.#handler.onSkipped(partition, offset);
    }
  }

  #start(client: KafkaClient): void {
    if (this.#closed || this.#from.length === 0) return;
    this.#fetcher = client.fetcher({
      topic: this.#topic,
      assignments: this.#from,
      isolation: this.#isolation,
      maxWaitMs: MAX_WAIT_MS,
      restMs: this.#restMs,
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
