/**
 * CPU of the bundled engine's worker processes while they drain a topic of a real broker: `node test/bench/drain-kafka.ts
 * [--events 1000000] [--queries q0,q2,q5] [--shapes 1x1,2x2] [--rounds 3] [--to discard|kafka] [--profile directory]`.
 * A shape is parallelism x workers; all shapes take turns in every round. 2*1x1 are two clusters that drain the topic at the same time,
 * each for itself: what two processes beside each other cost without an exchange.
 *
 * Every query drains a topic of N and one of 2 N events, each with fresh processes. "slope" is what the second N cost: CPU without the
 * job's start, the first compilations and the end; "× first" the slope's ratio to that of the first shape: of the medians (least and largest of a
 * round). The sink encodes every row and adds up its hash; the sum must be the oracle's.
 */
import { parseArgs } from "node:util";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { findQuery } from "../../queries/registry.ts";
import { startTestBroker, type TestBroker } from "../integration/broker.ts";
import { type Drained, drainOnCluster } from "./lib/drain-cluster.ts";
import { fillTopic } from "./lib/filled-topic.ts";
import { History } from "./lib/history.ts";
import { shown, spreadOf } from "./lib/rounds.ts";
import { oracleSums, type RowSums } from "./lib/row-sums.ts";

const { values: args } = parseArgs({
  options: {
    events: { type: "string", default: "1000000" },
    queries: { type: "string", default: "q0,q1,q2,q3,q5,q7,q8,q9,q11,q19" },
    shapes: { type: "string", default: "1x1" },
    rounds: { type: "string", default: "3" },
    to: { type: "string", default: "discard" },
    profile: { type: "string" },
  },
});
const events = Number(args.events);
const rounds = Number(args.rounds);
const history = new History("drain-kafka");

interface Filled {
  readonly dataSet: NexmarkDataSet;
  readonly topic: string;
}

/** How a job is spread, and its topics of N and 2 N events. */
interface Shape {
  readonly name: string;
  /** Clusters. */
  readonly copies: number;
  readonly parallelism: number;
  readonly workers: number;
  readonly small: Filled;
  readonly large: Filled;
}

/** The drains of N and of 2 N events of one round; CPU is the mean of the copies. */
interface Round {
  readonly small: Drained;
  readonly large: Drained;
}

async function shapeOf(broker: TestBroker, name: string): Promise<Shape> {
  const match = /^(?:(\d+)\*)?(\d+)x(\d+)$/.exec(name);
  if (match === null) throw new Error(`"${name}" is no shape such as 2x2`);
  const [copies, parallelism, workers] = match.slice(1).map((digits) => Number(digits ?? 1));
  const small = await fill(broker, events, parallelism!);
  const large = await fill(broker, 2 * events, parallelism!);
  return { name, copies: copies!, parallelism: parallelism!, workers: workers!, small, large };
}

async function fill(broker: TestBroker, events: number, parallelism: number): Promise<Filled> {
  const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ events }), partitions: parallelism });
  const topic = await broker.topic(parallelism);
  await fillTopic(broker.service.brokers, topic, dataSet);
  return { dataSet, topic };
}

async function drain(broker: TestBroker, id: string, shape: Shape, { dataSet, topic }: Filled): Promise<Drained> {
  const { parallelism, workers } = shape;
  const { brokers } = broker.service;
  const outputTopic = args.to === "kafka" ? await broker.topic(parallelism) : "results";
  return drainOnCluster({
    query: findQuery(id),
    dataMode: dataSet.options.mode,
    input: { kind: "kafka", brokers, topic, partitions: parallelism },
    output: { kind: args.to, brokers, topic: outputTopic, partitions: parallelism },
    parallelism,
    workers,
    directory: args.profile ?? broker.directory,
    profile: args.profile !== undefined,
  });
}

/** Updates of a key depend on how partitions interleave: there is nothing to compare with then. */
function isCompared(id: string, { dataSet }: Filled): boolean {
  return args.to === "discard" && (findQuery(id).output.kind !== "upsert" || dataSet.partitions === 1);
}

function expectedSums(id: string, filled: Filled): RowSums | null {
  return isCompared(id, filled) ? oracleSums(findQuery(id), filled.dataSet) : null;
}

function check(id: string, expected: RowSums | null, { recordsIn, sums }: Drained, { dataSet }: Filled): void {
  if (recordsIn !== dataSet.events + dataSet.partitions) throw new Error(`${id} read ${recordsIn} records`);
  if (expected !== null && JSON.stringify(sums) !== JSON.stringify(expected)) {
    throw new Error(`${id}: rows ${JSON.stringify(sums)}, of the oracle ${JSON.stringify(expected)}`);
  }
}

/** All copies at the same time. */
async function drainCopies(broker: TestBroker, id: string, shape: Shape, filled: Filled): Promise<Drained> {
  const { copies } = shape;
  const drained = await Promise.all(Array.from({ length: copies }, () => drain(broker, id, shape, filled)));
  const mean = (of: (one: Drained) => number) => drained.reduce((sum, one) => sum + of(one), 0) / copies;
  return { ...drained[0]!, cpuS: mean(({ cpuS }) => cpuS), startCpuS: mean(({ startCpuS }) => startCpuS) };
}

async function drainRounds(broker: TestBroker, id: string, shapes: readonly Shape[]): Promise<Round[][]> {
  const expected = shapes.map(({ small, large }) => [expectedSums(id, small), expectedSums(id, large)] as const);
  const drained: Round[][] = shapes.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, shape] of shapes.entries()) {
      const { small, large } = shape;
      const both = {
        small: await drainCopies(broker, id, shape, small),
        large: await drainCopies(broker, id, shape, large),
      };
      check(id, expected[index]![0], both.small, small);
      check(id, expected[index]![1], both.large, large);
      drained[index]!.push(both);
    }
  }
  return drained;
}

const slopeOf = ({ small, large }: Round) => ((large.cpuS - small.cpuS) / events) * 1e6;

function report(id: string, shape: Shape, drained: readonly Round[], first: readonly Round[]): void {
  const perMillion = (cpuS: number, events: number) => (cpuS / events) * 1e6;
  const of = (figure: (round: Round) => number) => spreadOf(drained.map(figure));
  const slopes = of(slopeOf);
  const ratios = spreadOf(drained.map((round, index) => slopeOf(round) / slopeOf(first[index]!)));
  const median = slopes.median / spreadOf(first.map(slopeOf)).median;
  const figures = {
    smallJobCpuUsPerEvent: of(({ small }) => perMillion(small.cpuS, events)),
    largeJobCpuUsPerEvent: of(({ large }) => perMillion(large.cpuS, 2 * events)),
    slopeCpuUsPerEvent: slopes,
    slopeRatio: { ...ratios, median },
    startCpuS: spreadOf(drained.flatMap(({ small, large }) => [small.startCpuS, large.startCpuS])),
  };
  const rate = ({ large }: Round) => (2 * events) / large.wallS;
  const rows = drained[0]!.large.sums?.rows ?? null;
  const cells = [
    id,
    shape.name,
    ...Object.values(figures).map((figure) => shown(figure)),
    shown(of((round) => rate(round) / 1000)),
    rows ?? "–",
    isCompared(id, shape.large) ? "yes" : "not compared",
  ];
  console.log(`| ${cells.join(" | ")} |`);
  history.add({ name: `${id}, ${shape.name}`, figures: { ...figures, ratePerSecond: of(rate), rows } });
}

const broker = await startTestBroker();
try {
  const shapes: Shape[] = [];
  for (const name of args.shapes.split(",")) shapes.push(await shapeOf(broker, name));
  console.log("CPU s per M events of the workers, median (min–max)");
  console.log(
    "| query | shape | job, N | job, 2 N | slope | × first | process start, s | k events/s, 2 N | rows | = oracle |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|");
  for (const id of args.queries.split(",")) {
    const drained = await drainRounds(broker, id, shapes);
    for (const [index, shape] of shapes.entries()) report(id, shape, drained[index]!, drained[0]!);
  }
  history.append();
} finally {
  await broker.close();
}
