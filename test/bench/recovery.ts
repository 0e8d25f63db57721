/**
 * What a fault costs where much state is kept: `npm run bench:recovery -- [--users 1000000] [--kills 5] [--pauses 3] [--share 0.5 or --rate events/s]
 * [--interval 10000] [--guarantee exactly-once] [--profile directory]`. Two workers and a spare one, Kafka to Kafka; twelve numbers of state a user (about 100 MB for a million), an
 * output an event, read uncommitted. All users visit once, as fast as the job takes them: that is the capacity. Then, at a share of it, workers
 * are killed and paused in the middle between two checkpoints. Prints each recovery in its parts, and the spread of the gaps. With `--pairs
 * 8` instead, checkpoints twice as far apart and nothing killed: CPU per event and latency with a checkpoint every interval and without.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { monotonicUs } from "../../base/clock.ts";
import type { Guarantee } from "../../engine/cluster/job-spec.ts";
import { startTestBroker } from "../integration/broker.ts";
import { History } from "./lib/history.ts";
import { type Spread, shown, spreadOf } from "./lib/rounds.ts";
import { type CheckpointCost, measureCost, type SecondOfLatency } from "./recovery/checkpoint-cost.ts";
import { RecoveryCluster } from "./recovery/cluster.ts";
import { Load } from "./recovery/load.ts";
import { type Fault, measureFault, type Recovery } from "./recovery/measure-fault.ts";

const { values: args } = parseArgs({
  options: {
    users: { type: "string", default: "1000000" },
    kills: { type: "string", default: "5" },
    pauses: { type: "string", default: "3" },
    share: { type: "string", default: "0.5" },
    rate: { type: "string" },
    interval: { type: "string", default: "10000" },
    guarantee: { type: "string", default: "exactly-once" },
    pairs: { type: "string", default: "0" },
    profile: { type: "string" },
  },
});
const PARTITIONS = 4;
const WORKERS = 2;
const history = new History("recovery");

const ms = (value: number | null) => (value === null ? "–" : value.toFixed(0));

/** Of those that were seen; null: none. */
function spread(values: readonly (number | null)[]): Spread | null {
  const seen = values.filter((value) => value !== null);
  return seen.length === 0 ? null : spreadOf(seen);
}

const shownMs = (value: Spread | null) => (value === null ? "–" : shown(value, 0));

const PARTS: readonly (readonly [string, keyof Recovery])[] = [
  ["detected", "detectedMs"],
  ["tasks ended, place to begin found", "endedMs"],
  ["module loaded", "loadMs"],
  ["state read", "restoreMs"],
  ["tasks built", "buildMs"],
  ["running (from deployment)", "runningMs"],
  ["first output (from running)", "firstOutputMs"],
  ["gap", "gapMs"],
  ["gap of new outputs", "newGapMs"],
  ["caught up (from the fault)", "caughtUpMs"],
];

function report(fault: Fault, recoveries: readonly Recovery[]): void {
  console.log(`${recoveries.length} × ${fault}, ms, median (least–most):`);
  const spreads = PARTS.map(([name, part]) => [name, part, spread(recoveries.map((of) => of[part]))] as const);
  for (const [name, , values] of spreads) console.log(`  ${name.padEnd(36)}${shownMs(values)}`);
  for (const of of recoveries) console.log(`  ${PARTS.map(([name, part]) => `${name} ${ms(of[part])}`).join(", ")}`);
  const parts = Object.fromEntries(spreads.map(([, part, values]) => [part, values]));
  history.add({ name: fault, figures: { faults: recoveries.length, ...parts } });
}

/** Student's t, two-sided 95 %, of 2 to 15 pairs; 2.1 for more. */
const STUDENT_T = [12.7, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14];

function reportCost({ pairs, seconds }: CheckpointCost): void {
  const percents = pairs.map((pair) => (pair.withCheckpoint / pair.without - 1) * 100);
  const mean = percents.reduce((sum, value) => sum + value, 0) / percents.length;
  const deviation = Math.sqrt(percents.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (percents.length - 1));
  const mdc = ((STUDENT_T[pairs.length - 2] ?? 2.1) * deviation) / Math.sqrt(pairs.length);
  const without = { cpuUsPerEvent: spreadOf(pairs.map((pair) => pair.without)), ...latencyOf(seconds, false) };
  const withCheckpoint = {
    cpuUsPerEvent: spreadOf(pairs.map((pair) => pair.withCheckpoint)),
    ...latencyOf(seconds, true),
  };
  const cpu = (of: { readonly cpuUsPerEvent: Spread }) => of.cpuUsPerEvent.median.toFixed(2);
  console.log(`CPU per event, median of ${pairs.length}: ${cpu(without)} µs without, ${cpu(withCheckpoint)} µs with`);
  console.log(`  more with checkpoints: ${percents.map((value) => value.toFixed(1)).join(", ")} %`);
  console.log(`  mean ${mean.toFixed(1)} %, least change that could be told from none (95 %): ${mdc.toFixed(1)} %`);
  for (const [name, figures] of Object.entries({
    "without a checkpoint": without,
    "with a checkpoint": withCheckpoint,
  })) {
    const { seconds, p99Ms, maxMs } = figures;
    console.log(`${seconds} seconds ${name}: p99 ${shownMs(p99Ms)} ms, longest ${shownMs(maxMs)} ms`);
    history.add({ name, figures });
  }
  const figures = { pairs: pairs.length, meanPercent: mean, leastDetectablePercent: mdc };
  history.add({ name: "more CPU with checkpoints", figures });
}

/** Of the seconds with or without a checkpoint. */
function latencyOf(seconds: readonly SecondOfLatency[], inCheckpoint: boolean) {
  const of = seconds.filter((second) => second.inCheckpoint === inCheckpoint);
  return {
    seconds: of.length,
    p99Ms: spread(of.map(({ p99Ms }) => p99Ms)),
    maxMs: spread(of.map(({ maxMs }) => maxMs)),
  };
}

const broker = await startTestBroker();
const { brokers } = broker.service;
const [input, output] = [await broker.topic(PARTITIONS), await broker.topic(PARTITIONS)];
const intervalMs = Number(args.interval);
const pairs = Number(args.pairs);
const cluster = await RecoveryCluster.start(
  {
    brokers,
    input,
    output,
    partitions: PARTITIONS,
    directory: args.profile ?? broker.directory,
    guarantee: args.guarantee as Guarantee,
    checkpointIntervalMs: pairs > 0 ? 2 * intervalMs : intervalMs,
    workers: WORKERS,
    profile: args.profile !== undefined,
  },
  "recovery",
);
const load = await Load.start({ brokers, input, output, partitions: PARTITIONS, users: Number(args.users) });
let isOver = false;
let feeding: Promise<void> = Promise.resolve();
try {
  const capacity = await load.fill();
  const rate = args.rate === undefined ? Math.floor(capacity * Number(args.share)) : Number(args.rate);
  history.add(
    { name: "capacity", figures: { ratePerSecond: capacity } },
    { name: "load", figures: { ratePerSecond: rate } },
  );
  console.log(`capacity ${Math.round(capacity)} events/s, load ${rate} events/s`);
  feeding = load.run(rate, () => isOver);
  if (pairs > 0) reportCost(await measureCost(cluster, load, pairs, intervalMs));
  const plan: Fault[] = [
    ...Array.from({ length: pairs > 0 ? 0 : Number(args.kills) }, (): Fault => "kill"),
    ...Array.from({ length: pairs > 0 ? 0 : Number(args.pauses) }, (): Fault => "pause"),
  ];
  const recoveries: { readonly fault: Fault; readonly recovery: Recovery }[] = [];
  for (const fault of plan) {
    const recovery = await measureFault(cluster, load, fault, intervalMs);
    recoveries.push({ fault, recovery });
  }
  isOver = true;
  await feeding;
  await sleep(500);
  const complete = cluster.checkpoints.filter(({ outcome, bytes }) => outcome === "completed" && bytes > 0);
  const bytes = complete.at(-1)?.bytes ?? 0;
  const tookMs = spread(complete.map(({ triggeredUs, endedUs }) => (endedUs - triggeredUs) / 1000));
  console.log(`state ${(bytes / 1e6).toFixed(1)} MB; ${complete.length} checkpoints, ms: ${shownMs(tookMs)}`);
  history.add({ name: "checkpoints", figures: { checkpoints: complete.length, bytes, tookMs } });
  for (const fault of ["kill", "pause"] as const) {
    const measured = recoveries.filter((one) => one.fault === fault).map(({ recovery }) => recovery);
    if (measured.length > 0) report(fault, measured);
  }
  const { copies } = load;
  console.log(
    `outputs seen twice by uncommitted readers: ${copies}; at ${Math.round(monotonicUs() / 1e6)} s of uptime`,
  );
  history.add({ name: "outputs seen twice", figures: { copies } });
  history.append();
} finally {
  isOver = true;
  await feeding;
  await cluster.stop();
  await load.close();
  await broker.close();
}
