/**
 * How fast the bundled engine drains a log that is ready in memory: `node test/bench/engine-drain.ts [events] [parallelism] [q0,q5 …]`.
 * One thread, virtual time, sink that encodes and checksums. Prints events/s and CPU seconds per million events of each query.
 */

import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { queryIds } from "../../queries/registry.ts";
import { drainInMemory, FilledLog } from "./lib/memory-drain.ts";

const events = Number(process.argv[2] ?? 1_000_000);
const parallelism = Number(process.argv[3] ?? 1);
const REPEATS = 3;

const options = resolveNexmarkOptions({ events });
const log = new FilledLog(new NexmarkDataSet({ options, partitions: parallelism }));
console.log(`${events} events, parallelism ${parallelism}, ${REPEATS} drains each`);
for (const id of process.argv[4]?.split(",") ?? queryIds("nexmark")) {
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const { wallS, cpuS, sums } = await drainInMemory(id, log, options.mode);
    const perSecond = Math.round(events / wallS / 1000);
    console.log(
      `${id}  ${perSecond} k events/s  ${(cpuS / (events / 1e6)).toFixed(2)} CPU s per M events  ${sums.rows} rows`,
    );
  }
}
