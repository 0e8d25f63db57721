/**
 * What a sink that takes nothing does to the engine's memory: `node test/bench/backpressure.ts [stall seconds] [thousand events]`. Prints
 * how much was read in the stall and the largest resident set of each process; see test/integration/backpressure/stalled-sink.ts.
 */

import { stallSink } from "../integration/backpressure/stalled-sink.ts";
import { startTestBroker } from "../integration/broker.ts";

const stallMs = Number(process.argv[2] ?? 30) * 1000;
const events = Number(process.argv[3] ?? 200) * 1000;
const MIB = 2 ** 20;

const [input, output] = await Promise.all([startTestBroker(), startTestBroker()]);
try {
  const stall = await stallSink(input, output, events, stallMs);
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
  console.log(`${stallMs / 1000} s: read ${mib(stall.readBytes)} of ${mib(stall.inputBytes)}`);
  console.log(`read in the second half: ${stall.readAtEnd - stall.readAtHalf} records`);
  console.log(`blocked for ${(stall.blockedUs / 1e6).toFixed(1)} s`);
  for (const [role, bytes] of stall.rssBytes) console.log(`${role}: at most ${mib(bytes)} resident`);
  const isSame = JSON.stringify(stall.expected) === JSON.stringify(stall.observed);
  console.log(`afterwards ${stall.observed.length} rows, ${isSame ? "all and only the oracle's" : "not the oracle's"}`);
} finally {
  await Promise.all([input.close(), output.close()]);
}
