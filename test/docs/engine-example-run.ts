import { runSimulated } from "../../engine/simulation/run-simulated.ts";
import { textSupplier } from "../../engine/simulation/text-supplier.ts";
import sensors from "./engine-example.ts";

const START_MS = 1_700_000_000_000;
/** Two partitions of 100 readings each, one a second. */
const readings = [1, 2].map((sensor) =>
  Array.from({ length: 100 }, (_, i) => JSON.stringify({ sensor, celsius: 20 + (i % 20), at: START_MS + i * 1000 })),
);

runSimulated({
  job: sensors,
  parameters: { limit: 30 },
  parallelism: 2,
  workers: 2,
  supplier: () => textSupplier(readings),
  seed: 1,
  batchRecords: 100,
  onRecord: (sink, _partition, value) => process.stdout.write(`${sink} ${new TextDecoder().decode(value)}\n`),
});
