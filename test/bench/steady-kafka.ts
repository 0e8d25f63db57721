/**
 * CPU of the bundled engine's worker while events come at a steady rate: `node test/bench/steady-kafka.ts [--rate 10000] [--seconds 10]
 * [--query q0] [--partitions 4] [--workers 2] [--profile directory]`, Kafka to Kafka, beside an echo that only fetches, walks and produces, in a process of
 * its own and at the same time: what two more clients of the broker cost whoever they are.
 */
import { fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { monotonicUs } from "../../base/clock.ts";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { KafkaClient } from "../../kafka/client.ts";
import { findQuery } from "../../queries/registry.ts";
import { startTestBroker } from "../integration/broker.ts";
import { cpuOfProcessS, startJob } from "./lib/drain-cluster.ts";
import { History } from "./lib/history.ts";

const { values: args } = parseArgs({
  options: {
    rate: { type: "string", default: "10000" },
    seconds: { type: "string", default: "10" },
    query: { type: "string", default: "q0" },
    partitions: { type: "string", default: "4" },
    workers: { type: "string", default: "2" },
    profile: { type: "string" },
    echo: { type: "string" },
  },
});
const rate = Number(args.rate);
const workers = Number(args.workers);
const partitions = Array.from({ length: Number(args.partitions) }, (_, partition) => partition);
const WARM_UP_S = 3;
const TICK_MS = 1;

const fail = (error: Error): never => {
  throw error;
};

/** Fetches, walks and produces each record to the partition that it came from; one request in flight, whatever came meanwhile is the next. */
async function echo([brokers, from, to]: readonly string[]): Promise<void> {
  const client = await KafkaClient.connect({ brokers: [brokers!], clientId: "echo-in" });
  const writer = await KafkaClient.connect({ brokers: [brokers!], clientId: "echo-out" });
  const producer = await writer.producer({ topic: to!, partitions, acks: -1, onAck: () => {}, onError: fail });
  const fetcher = client.fetcher({
    topic: from!,
    assignments: partitions.map((partition) => ({ partition, offset: 0 })),
    isolation: "read_uncommitted",
    onBatch: (view) => {
      for (const cursor = view.walk(); cursor.next(); ) {
        producer.append(view.partition, cursor.timestampMs, view.bytes, cursor.valueStart, cursor.valueEnd);
      }
      producer.kick();
    },
    onError: fail,
  });
  fetcher.start();
  process.on("disconnect", () => {
    fetcher.close();
    producer.abort();
    void Promise.all([client.close(), writer.close()]);
  });
}

type Latency = Readonly<Record<"p50Ms" | "p99Ms", number | null> & { bids: number }>;

const shownLatency = ({ p50Ms, p99Ms, bids }: Latency): string =>
  `p50 ${p50Ms?.toFixed(1) ?? "–"} p99 ${p99Ms?.toFixed(1) ?? "–"} ms of ${bids}`;

/** Bids that are under way: when each was sent, by what tells it from others. */
class Sent {
  readonly #atUs = new Map<string, number>();
  latenciesUs: number[] = [];

  static key(bid: { readonly bidder: number; readonly price: number; readonly dateTime: number }): string {
    return `${bid.bidder} ${bid.price} ${bid.dateTime}`;
  }

  note(key: string): void {
    this.#atUs.set(key, monotonicUs());
  }

  arrived(key: string): void {
    const atUs = this.#atUs.get(key);
    if (atUs !== undefined) this.latenciesUs.push(monotonicUs() - atUs);
    this.#atUs.delete(key);
  }

  /** null: no bid came back, as of a query that passes none on. */
  get latency(): Latency {
    const sorted = this.latenciesUs.toSorted((a, b) => a - b);
    const at = (share: number) => (sorted.length === 0 ? null : sorted[Math.floor(sorted.length * share)]! / 1000);
    return { p50Ms: at(0.5), p99Ms: at(0.99), bids: sorted.length };
  }
}

/** Takes the time of every bid that a topic gets, as q0 writes it or as it was fed. */
function observe(client: KafkaClient, topic: string, sent: Sent): void {
  const fetcher = client.fetcher({
    topic,
    assignments: partitions.map((partition) => ({ partition, offset: 0 })),
    isolation: "read_uncommitted",
    onBatch: (view) => {
      for (const cursor = view.walk(); cursor.next(); ) {
        const row = JSON.parse(Buffer.from(view.bytes.subarray(cursor.valueStart, cursor.valueEnd)).toString());
        const bid = "event_type" in row ? row.bid : row;
        if (bid !== null) sent.arrived(Sent.key(bid));
      }
    },
    onError: fail,
  });
  fetcher.start();
}

async function feed(
  client: KafkaClient,
  topic: string,
  totalS: number,
  onBid: (key: string) => void,
  eachSecond: (second: number) => void,
) {
  const events = rate * totalS;
  const cursor = new NexmarkDataSet({ options: resolveNexmarkOptions({ events }) }).open();
  const producer = await client.producer({ topic, partitions, acks: -1, onAck: () => {}, onError: fail });
  const value = new Uint8Array(cursor.maxWireBytes);
  const startUs = monotonicUs();
  for (let sent = 0, second = 0; sent < events; ) {
    const elapsedUs = monotonicUs() - startUs;
    const due = Math.min(events, Math.floor((elapsedUs / 1e6) * rate));
    for (; sent < due && cursor.advance(); sent++) {
      const event = cursor.event();
      if (event.type === "bid") onBid(Sent.key(event.bid));
      producer.append(sent % partitions.length, cursor.eventTimeMs, value, 0, cursor.writeWire(value, 0));
    }
    if (Math.floor(sent / rate) > second) eachSecond(++second);
    await sleep(TICK_MS);
  }
  await producer.close();
}

async function measure(): Promise<void> {
  const history = new History("steady-kafka");
  const broker = await startTestBroker();
  const { brokers } = broker.service;
  const topic = () => broker.topic(partitions.length);
  const [input, output, echoed] = [await topic(), await topic(), await topic()];
  const running = await startJob(
    {
      query: findQuery(args.query),
      dataMode: "head",
      input: { kind: "kafka", brokers, topic: input, partitions: partitions.length },
      output: { kind: "kafka", brokers, topic: output, partitions: partitions.length },
      parallelism: workers,
      workers,
      directory: args.profile ?? broker.directory,
      profile: args.profile !== undefined,
    },
    false,
  );
  const child = fork(import.meta.filename, [
    "--partitions",
    args.partitions,
    "--echo",
    [brokers[0], input, echoed].join(" "),
  ]);
  const client = await KafkaClient.connect({ brokers, clientId: "feed" });
  try {
    await running.waitFor("running");
    const seconds = Number(args.seconds);
    const used: { engine: number; echo: number }[] = [];
    const [ours, bare] = [new Sent(), new Sent()];
    if (args.query === "q0") observe(client, output, ours);
    observe(client, echoed, bare);
    const note = (key: string) => {
      ours.note(key);
      bare.note(key);
    };
    await feed(client, input, WARM_UP_S + seconds, note, (second) => {
      if (second === WARM_UP_S) [ours.latenciesUs, bare.latenciesUs] = [[], []];
      if (second >= WARM_UP_S) used.push({ engine: running.cpuS(), echo: cpuOfProcessS(child.pid!) });
    });
    const [first, last] = [used[0]!, used.at(-1)!];
    const perEvent = (of: "engine" | "echo") => ((last[of] - first[of]) / (rate * (used.length - 1))) * 1e6;
    const echo = { cpuUsPerEvent: perEvent("echo"), ...bare.latency };
    const cpuUsPerEvent = perEvent("engine");
    const engine = { cpuUsPerEvent, cpuRatio: cpuUsPerEvent / echo.cpuUsPerEvent, ...ours.latency };
    const cpu = `workers ${cpuUsPerEvent.toFixed(1)} µs an event, echo ${echo.cpuUsPerEvent.toFixed(1)}, × ${engine.cpuRatio.toFixed(2)}`;
    const latency = `latency ${shownLatency(engine)}, echo ${shownLatency(echo)}`;
    console.log(`${args.query} at ${rate}/s for ${seconds} s: ${cpu}; ${latency}`);
    history.add({ name: `${args.query}, engine`, figures: engine }, { name: "bare echo", figures: echo });
    history.append();
  } finally {
    child.disconnect();
    await running.stop();
    await client.close();
    await broker.close();
  }
}

if (args.echo !== undefined) await echo(args.echo.split(" "));
else await measure();
