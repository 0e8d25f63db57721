/**
 * What a sink that takes nothing, and an operator that takes little, do to the engine's memory:
 *
 *   npm run bench:backpressure -- sink [stall seconds] [thousand events]
 *   npm run bench:backpressure -- operator [µs per row] [thousand events]
 *
 * Prints how much was read meanwhile and the largest resident set of each process; see test/integration/backpressure/.
 */

import { runSlowOperator } from "../integration/backpressure/slow-operator.ts";
import { stallSink } from "../integration/backpressure/stalled-sink.ts";
import { startTestBroker } from "../integration/broker.ts";
import { type Figure, History } from "./lib/history.ts";

const [what = "sink", amount, thousandEvents = "200"] = process.argv.slice(2);
const events = Number(thousandEvents) * 1000;
const MIB = 2 ** 20;
const history = new History("backpressure");
const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;

interface Outcome {
  readonly blockedUs: number;
  readonly rssBytes: ReadonlyMap<string, number>;
  readonly expected: readonly string[];
  readonly observed: readonly string[];
}

/** Prints what both benchmarks tell, and keeps it with what one of them tells besides. */
function report(name: string, figures: Readonly<Record<string, Figure>>, outcome: Outcome): void {
  const { blockedUs, rssBytes, expected, observed } = outcome;
  console.log(`blocked for ${(blockedUs / 1e6).toFixed(1)} s`);
  for (const [role, bytes] of rssBytes) console.log(`${role}: at most ${mib(bytes)} resident`);
  const isSame = JSON.stringify(expected) === JSON.stringify(observed);
  if (!isSame) throw new Error(`afterwards ${observed.length} rows, not the oracle's`);
  console.log(`afterwards ${observed.length} rows, all and only the oracle's`);
  const blockedS = blockedUs / 1e6;
  history.add({ name, figures: { ...figures, blockedS, rows: observed.length } });
  for (const [role, bytes] of rssBytes) history.add({ name: `${name}, ${role}`, figures: { mostRssBytes: bytes } });
}

async function benchSink(stallS: number): Promise<void> {
  const [input, output] = await Promise.all([startTestBroker(), startTestBroker()]);
  try {
    const stall = await stallSink(input, output, events, stallS * 1000);
    console.log(`${stallS} s: read ${mib(stall.readBytes)} of ${mib(stall.inputBytes)}`);
    const lateRecords = stall.readAtEnd - stall.readAtHalf;
    console.log(`read in the second half: ${lateRecords} records`);
    report("blocked sink", { inputBytes: stall.inputBytes, readBytes: stall.readBytes, lateRecords }, stall);
  } finally {
    await Promise.all([input.close(), output.close()]);
  }
}

async function benchOperator(workUs: number): Promise<void> {
  const broker = await startTestBroker();
  try {
    const run = await runSlowOperator(broker, events, workUs);
    const { inputBytes, aheadBytes, doneWhenFilled } = run;
    console.log(`${workUs} µs a row: of ${mib(inputBytes)} at most ${mib(aheadBytes)} read and not through`);
    console.log(`${(doneWhenFilled * 100).toFixed(0)} % of the rows were through when the input was filled`);
    report("slow operator", { inputBytes, mostAheadBytes: aheadBytes, doneWhenFilledShare: doneWhenFilled }, run);
  } finally {
    await broker.close();
  }
}

if (what === "sink") await benchSink(Number(amount ?? 30));
else if (what === "operator") await benchOperator(Number(amount ?? 200));
else throw new Error(`"${what}": sink or operator`);
history.append();
