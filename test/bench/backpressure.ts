/**
 * What a sink that takes nothing, and an operator that takes little, do to the engine's memory:
 *
 *   node test/bench/backpressure.ts sink [stall seconds] [thousand events]
 *   node test/bench/backpressure.ts operator [µs per row] [thousand events]
 *
 * Prints how much was read meanwhile and the largest resident set of each process; see test/integration/backpressure/.
 */

import { runSlowOperator } from "../integration/backpressure/slow-operator.ts";
import { stallSink } from "../integration/backpressure/stalled-sink.ts";
import { startTestBroker } from "../integration/broker.ts";

const [what = "sink", amount, thousandEvents = "200"] = process.argv.slice(2);
const events = Number(thousandEvents) * 1000;
const MIB = 2 ** 20;
const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;

interface Outcome {
  readonly blockedUs: number;
  readonly rssBytes: ReadonlyMap<string, number>;
  readonly expected: readonly string[];
  readonly observed: readonly string[];
}

function printOutcome({ blockedUs, rssBytes, expected, observed }: Outcome): void {
  console.log(`blocked for ${(blockedUs / 1e6).toFixed(1)} s`);
  for (const [role, bytes] of rssBytes) console.log(`${role}: at most ${mib(bytes)} resident`);
  const isSame = JSON.stringify(expected) === JSON.stringify(observed);
  console.log(`afterwards ${observed.length} rows, ${isSame ? "all and only the oracle's" : "not the oracle's"}`);
}

async function benchSink(stallS: number): Promise<void> {
  const [input, output] = await Promise.all([startTestBroker(), startTestBroker()]);
  try {
    const stall = await stallSink(input, output, events, stallS * 1000);
    console.log(`${stallS} s: read ${mib(stall.readBytes)} of ${mib(stall.inputBytes)}`);
    console.log(`read in the second half: ${stall.readAtEnd - stall.readAtHalf} records`);
    printOutcome(stall);
  } finally {
    await Promise.all([input.close(), output.close()]);
  }
}

async function benchOperator(workUs: number): Promise<void> {
  const broker = await startTestBroker();
  try {
    const run = await runSlowOperator(broker, events, workUs);
    console.log(`${workUs} µs a row: of ${mib(run.inputBytes)} at most ${mib(run.aheadBytes)} read and not through`);
    console.log(`${(run.doneWhenFilled * 100).toFixed(0)} % of the rows were through when the input was filled`);
    printOutcome(run);
  } finally {
    await broker.close();
  }
}

if (what === "sink") await benchSink(Number(amount ?? 30));
else if (what === "operator") await benchOperator(Number(amount ?? 200));
else throw new Error(`"${what}": sink or operator`);
