import { monotonicUs } from "../../../base/clock.ts";
import type { FaultlineError } from "../../../base/errors.ts";
import { KafkaClient, type Producer, type RecordBatchView } from "../../../kafka/client.ts";
import { KafkaAdmin } from "./admin.ts";
import { isStable, median } from "./warm-rule.ts";

const PARTITIONS = 4;
const RECORD_BYTES = 290;
const BURST_RECORDS = 400_000;
const ROUND_MS = 500;
const TICK_MS = 2;
const RECORDS_PER_TICK = 20;
const MIN_ROUNDS = 4;

export interface WarmOptions {
  /** Bound on the whole warm-up. Default 10,000. */
  readonly maxMs?: number;
  readonly onProgress?: (message: string) => void;
}

export interface WarmResult {
  readonly durationMs: number;
  /** Median round-trip time of each round, in order. */
  readonly medianUs: readonly number[];
  /** The round trips had become stable before the bound. */
  readonly isStable: boolean;
}

/**
 * Warms a fresh broker, whose compiler takes a core for the first seconds of traffic: a burst at full speed, then paced
 * rounds until the median round trip (append to delivery) of three rounds agrees, or the bound. On a topic of its own.
 */
export async function warmBroker(
  service: { readonly brokers: readonly string[] },
  options: WarmOptions = {},
): Promise<WarmResult> {
  const startUs = monotonicUs();
  const endUs = startUs + (options.maxMs ?? 10_000) * 1000;
  const admin = await KafkaAdmin.connect(service.brokers);
  const topic = `faultline-warm-up-${startUs.toString(36)}`;
  const client = await KafkaClient.connect({ brokers: service.brokers, clientId: "faultline-warm-up" });
  try {
    await admin.createTopics([{ topic, partitions: PARTITIONS }]);
    options.onProgress?.("warming Kafka");
    const traffic = await WarmTraffic.start(client, topic);
    await traffic.burst(BURST_RECORDS, endUs);
    const medianUs: number[] = [];
    while (monotonicUs() < endUs && !(medianUs.length >= MIN_ROUNDS && isStable(medianUs))) {
      medianUs.push(median(await traffic.round()));
    }
    return { durationMs: Math.round((monotonicUs() - startUs) / 1000), medianUs, isStable: isStable(medianUs) };
  } finally {
    await client.close();
    await admin.deleteTopics(admin.created);
    await admin.close();
  }
}

/** Produces records that carry their append time and reads them back. */
class WarmTraffic {
  readonly #value = Buffer.alloc(RECORD_BYTES, "x");
  #producer: Producer | null = null;
  #latenciesUs: number[] = [];
  #sent = 0;
  #seen = 0;
  #wake: () => void = () => {};
  #failure: FaultlineError | null = null;

  static async start(client: KafkaClient, topic: string): Promise<WarmTraffic> {
    const traffic = new WarmTraffic();
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    const onError = (error: FaultlineError) => {
      traffic.#failure = error;
      traffic.#wake();
    };
    traffic.#producer = await client.producer({
      topic,
      partitions,
      acks: -1,
      maxBufferedBytes: 4 * 1024 * 1024,
      onAck: () => {},
      onDrain: () => traffic.#wake(),
      onError,
    });
    const assignments = partitions.map((partition) => ({ partition, offset: 0 }));
    const onBatch = (view: RecordBatchView) => traffic.#read(view);
    client.fetcher({ topic, assignments, isolation: "read_uncommitted", onBatch, onError }).start();
    return traffic;
  }

  /** As fast as the broker takes them, until `count` records or the time is over. */
  async burst(count: number, endUs: number): Promise<void> {
    for (let i = 0; i < count && monotonicUs() < endUs; i++) if (!this.#append()) await this.#next();
    await this.#producer?.flush();
  }

  /** One paced round; the round-trip times of its records in µs. */
  async round(): Promise<number[]> {
    this.#latenciesUs = [];
    const target = this.#sent + (ROUND_MS / TICK_MS) * RECORDS_PER_TICK;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        for (let i = 0; i < RECORDS_PER_TICK; i++) this.#append();
        if (this.#sent < target) return;
        clearInterval(timer);
        resolve();
      }, TICK_MS);
    });
    while (this.#seen < this.#sent) await this.#next();
    return this.#latenciesUs;
  }

  #append(): boolean {
    this.#value.writeDoubleLE(monotonicUs(), 0);
    const isOpen = this.#producer?.append(this.#sent % PARTITIONS, 0, this.#value, 0, RECORD_BYTES) ?? false;
    this.#sent += 1;
    return isOpen;
  }

  #read(view: RecordBatchView): void {
    const nowUs = monotonicUs();
    const bytes = Buffer.from(view.bytes.buffer, view.bytes.byteOffset, view.bytes.length);
    for (const cursor = view.walk(); cursor.next(); )
      this.#latenciesUs.push(nowUs - bytes.readDoubleLE(cursor.valueStart));
    this.#seen += view.recordCount;
    if (this.#seen >= this.#sent) this.#wake();
  }

  async #next(): Promise<void> {
    if (this.#failure === null) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#failure !== null) throw this.#failure;
  }
}
