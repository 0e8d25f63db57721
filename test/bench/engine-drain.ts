/**
 * How fast the bundled engine drains a log that is ready in memory: `npm run bench:engine-drain [events] [parallelism] [q0,q5 …]`.
 * One thread, virtual time, sink that encodes and checksums. Prints events/s and CPU seconds per million events of each query.
 */

import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { queryIds } from "../../queries/registry.ts";
import { History } from "./lib/history.ts";
import { drainInMemory, FilledLog } from "./lib/memory-drain.ts";
import { cpuPerUnit, perSecond, type Sample, spreadOf } from "./lib/rounds.ts";

const events = Number(process.argv[2] ?? 1_000_000);
const parallelism = Number(process.argv[3] ?? 1);
const REPEATS = 3;
const history = new History("engine-drain");

const options = resolveNexmarkOptions({ events });
const log = new FilledLog(new NexmarkDataSet({ options, partitions: parallelism }));
console.log(`${events} events, parallelism ${parallelism}, ${REPEATS} drains each`);
for (const id of process.argv[4]?.split(",") ?? queryIds("nexmark")) {
  const drains: Sample[] = [];
  let rows = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const { sums, ...sample } = await drainInMemory(id, log, options.mode);
    rows = sums.rows;
    drains.push(sample);
    const rate = `${Math.round(perSecond(sample) / 1000)} k events/s`;
    console.log(`${id}  ${rate}  ${(cpuPerUnit(sample) * 1e6).toFixed(2)} CPU s per M events  ${rows} rows`);
  }
  const [ratePerSecond, cpuUsPerEvent] = [
    spreadOf(drains.map(perSecond)),
    spreadOf(drains.map((drain) => cpuPerUnit(drain) * 1e6)),
  ];
  history.add({ name: id, figures: { ratePerSecond, cpuUsPerEvent, rows } });
}
history.append();
