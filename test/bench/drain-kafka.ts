/**
 * CPU of the bundled engine's worker processes while they drain a topic of a real broker: `node test/bench/drain-kafka.ts
 * [--events 1000000] [--queries q0,q2,q5] [--parallelism 1] [--workers 1] [--rounds 3] [--to discard|kafka] [--profile directory]`.
 *
 * Every query drains a topic of N and one of 2 N events, each with fresh processes. "slope" is what the second N cost: CPU without the
 * job's start, the first compilations and the end. The sink encodes every row and adds up its hash; the sum must be the oracle's.
 */
import { parseArgs } from "node:util";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { findQuery } from "../../queries/registry.ts";
import { startTestBroker, type TestBroker } from "../integration/broker.ts";
import { type Drained, drainOnCluster } from "./lib/drain-cluster.ts";
import { fillTopic } from "./lib/filled-topic.ts";
import { spreadOf } from "./lib/rounds.ts";
import { oracleSums, type RowSums } from "./lib/row-sums.ts";

const { values: args } = parseArgs({
  options: {
    events: { type: "string", default: "1000000" },
    queries: { type: "string", default: "q0,q1,q2,q3,q5,q7,q8,q9,q11,q19" },
    parallelism: { type: "string", default: "1" },
    workers: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    to: { type: "string", default: "discard" },
    profile: { type: "string" },
  },
});
const parallelism = Number(args.parallelism);
const rounds = Number(args.rounds);

interface Filled {
  readonly dataSet: NexmarkDataSet;
  readonly topic: string;
}

async function fill(broker: TestBroker, events: number): Promise<Filled> {
  const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ events }), partitions: parallelism });
  const topic = await broker.topic(parallelism);
  await fillTopic(broker.service.brokers, topic, dataSet);
  return { dataSet, topic };
}

async function drain(broker: TestBroker, id: string, { dataSet, topic }: Filled): Promise<Drained> {
  const { brokers } = broker.service;
  const outputTopic = args.to === "kafka" ? await broker.topic(parallelism) : "results";
  return drainOnCluster({
    query: findQuery(id),
    dataMode: dataSet.options.mode,
    input: { kind: "kafka", brokers, topic, partitions: parallelism },
    output: { kind: args.to, brokers, topic: outputTopic, partitions: parallelism },
    parallelism,
    workers: Number(args.workers),
    directory: args.profile ?? broker.directory,
    profile: args.profile !== undefined,
  });
}

/** Updates of a key depend on how partitions interleave: there is nothing to compare with then. */
function expectedSums(id: string, { dataSet }: Filled): RowSums | null {
  const query = findQuery(id);
  if (args.to !== "discard" || (query.output.kind === "upsert" && parallelism > 1)) return null;
  return oracleSums(query, dataSet);
}

function check(id: string, expected: RowSums | null, { recordsIn, sums }: Drained, { dataSet }: Filled): void {
  if (recordsIn !== dataSet.events + dataSet.partitions) throw new Error(`${id} read ${recordsIn} records`);
  if (expected !== null && JSON.stringify(sums) !== JSON.stringify(expected)) {
    throw new Error(`${id}: rows ${JSON.stringify(sums)}, of the oracle ${JSON.stringify(expected)}`);
  }
}

const shown = (values: readonly number[]) => {
  const { median, min, max } = spreadOf(values);
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
};

const broker = await startTestBroker();
try {
  const small = await fill(broker, Number(args.events));
  const large = await fill(broker, 2 * Number(args.events));
  const perMillion = (cpuS: number, events: number) => (cpuS / events) * 1e6;
  console.log("CPU s per M events of the workers, median (min–max)");
  console.log(
    "| query | whole job, N | whole job, 2 N | slope | process start, s | k events/s, 2 N | rows | = oracle |",
  );
  console.log("|---|---|---|---|---|---|---|---|");
  for (const id of args.queries.split(",")) {
    const expected = [expectedSums(id, small), expectedSums(id, large)];
    const drained: [Drained, Drained][] = [];
    for (let round = 0; round < rounds; round++) {
      const first = await drain(broker, id, small);
      const second = await drain(broker, id, large);
      check(id, expected[0]!, first, small);
      check(id, expected[1]!, second, large);
      drained.push([first, second]);
    }
    const n = small.dataSet.events;
    const cells = [
      id,
      shown(drained.map(([{ cpuS }]) => perMillion(cpuS, n))),
      shown(drained.map(([, { cpuS }]) => perMillion(cpuS, 2 * n))),
      shown(drained.map(([a, b]) => perMillion(b.cpuS - a.cpuS, n))),
      shown(drained.flat().map(({ startCpuS }) => startCpuS)),
      shown(drained.map(([, { wallS }]) => (2 * n) / wallS / 1000)),
      drained[0]![1].sums?.rows ?? "–",
      expected[1] === null ? "not compared" : "yes",
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
} finally {
  await broker.close();
}
