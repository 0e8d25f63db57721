import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs, wallClockMs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { KafkaClient, type Producer, type RecordBatchView } from "../../../kafka/client.ts";

export const WARM_PARTITIONS = 4;
const READERS = 2;
const RECORD_BYTES = 290;
const TICK_MS = 1;
const RECORDS_PER_TICK = 5;
const POLL_MS = 1;
/** Records on their way during a flood: few, so that requests are small and many. */
const FLOOD_OUTSTANDING = 32;

export interface WarmTopics {
  readonly brokers: readonly string[];
  /** With CreateTime, as the input of a run. */
  readonly input: string;
  /** With LogAppendTime, as the output of a run. */
  readonly output: string;
  /** Ends the traffic with `interrupted`. */
  readonly signal: AbortSignal | undefined;
}

/**
 * The traffic of a run in small: one connection produces to the input topic, two workers' worth of connections fetch it and
 * produce each record on to the output topic, one more fetches that. Each record carries the time when it was appended.
 */
export class WarmTraffic {
  readonly #clients: KafkaClient[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #value = Buffer.alloc(RECORD_BYTES, "x");
  #producer: Producer | null = null;
  #latenciesUs: number[] = [];
  #sent = 0;
  #seen = 0;
  #failure: FaultlineError | null = null;

  private constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Connects everything; `close` it, also when this throws half-way: it then has closed itself. */
  static async start(topics: WarmTopics): Promise<WarmTraffic> {
    const traffic = new WarmTraffic(topics.signal);
    try {
      await traffic.#connect(topics);
    } catch (error) {
      await traffic.close();
      throw error;
    }
    return traffic;
  }

  /** Small batches, the next as soon as one has arrived, for `durationMs`: the most requests a second. */
  async flood(durationMs: number, endUs: number): Promise<void> {
    const untilUs = Math.min(endUs, monotonicUs() + durationMs * 1000);
    while (monotonicUs() < untilUs) {
      while (this.#sent - this.#seen < FLOOD_OUTSTANDING) this.#append();
      await delay(0);
      this.#check();
    }
    await this.#arrival(endUs);
  }

  /** Paced records for `durationMs`; their times from append to delivery after both hops, µs. */
  async round(durationMs: number, endUs: number): Promise<number[]> {
    this.#latenciesUs = [];
    const startUs = monotonicUs();
    for (let nowUs = startUs; nowUs < Math.min(endUs, startUs + durationMs * 1000); nowUs = monotonicUs()) {
      for (let i = 0; i < RECORDS_PER_TICK; i++) this.#append();
      await delay(TICK_MS);
      this.#check();
    }
    await this.#arrival(endUs);
    return this.#latenciesUs;
  }

  /** Closes all connections at once. */
  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
  }

  async #connect({ brokers, input, output }: WarmTopics): Promise<void> {
    const all = Array.from({ length: WARM_PARTITIONS }, (_, partition) => partition);
    this.#producer = await this.#produceTo(await this.#client(brokers), input, all);
    for (let reader = 0; reader < READERS; reader++) {
      const own = all.filter((partition) => partition % READERS === reader);
      const client = await this.#client(brokers);
      const onward = await this.#produceTo(client, output, own);
      this.#fetch(client, input, own, (view) => forward(view, onward));
    }
    this.#fetch(await this.#client(brokers), output, all, (view) => this.#measure(view));
  }

  async #client(brokers: readonly string[]): Promise<KafkaClient> {
    const client = await KafkaClient.connect({ brokers, clientId: "faultline-warm-up" });
    this.#clients.push(client);
    return client;
  }

  #produceTo(client: KafkaClient, topic: string, partitions: readonly number[]): Promise<Producer> {
    return client.producer({ topic, partitions, acks: -1, onAck: () => {}, onError: (error) => this.#fail(error) });
  }

  #fetch(
    client: KafkaClient,
    topic: string,
    partitions: readonly number[],
    onBatch: (view: RecordBatchView) => void,
  ): void {
    const assignments = partitions.map((partition) => ({ partition, offset: 0 }));
    const onError = (error: FaultlineError) => this.#fail(error);
    client.fetcher({ topic, assignments, isolation: "read_uncommitted", onBatch, onError }).start();
  }

  #append(): void {
    this.#value.writeDoubleLE(monotonicUs(), 0);
    this.#producer?.append(this.#sent % WARM_PARTITIONS, wallClockMs(), this.#value, 0, RECORD_BYTES);
    this.#sent += 1;
  }

  #measure(view: RecordBatchView): void {
    const nowUs = monotonicUs();
    const { buffer, byteOffset, length } = view.bytes;
    const bytes = Buffer.from(buffer, byteOffset, length);
    for (const cursor = view.walk(); cursor.next(); ) {
      this.#latenciesUs.push(nowUs - bytes.readDoubleLE(cursor.valueStart));
    }
    this.#seen += view.recordCount;
  }

  /** Until everything sent has arrived, or the time is over: then it is simply not all there. */
  async #arrival(endUs: number): Promise<void> {
    while (this.#seen < this.#sent && monotonicUs() < endUs) {
      await delay(POLL_MS);
      this.#check();
    }
  }

  #fail(error: FaultlineError): void {
    this.#failure ??= error;
  }

  #check(): void {
    if (this.#signal?.aborted) throw new FaultlineError("interrupted", "interrupted while Kafka was warmed");
    if (this.#failure !== null) throw this.#failure;
  }
}

function forward(view: RecordBatchView, producer: Producer): void {
  for (const cursor = view.walk(); cursor.next(); ) {
    producer.append(view.partition, cursor.timestampMs, view.bytes, cursor.valueStart, cursor.valueEnd);
  }
}
