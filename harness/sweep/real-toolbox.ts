import { monotonicUs, wallClockMs } from "../../base/clock.ts";
import { startSampler } from "../measure/sampler.ts";
import { startGuard } from "../services/guard.ts";
import { bundled } from "../systems/bundled/bundled.ts";
import { commandSystem } from "../systems/command/command-system.ts";
import { nodeSpawner } from "../systems/spawn-node.ts";
import { clockOffsetUs, raisePriority, sleep } from "./bindings/clock.ts";
import { startFeeder } from "./bindings/feeder.ts";
import { startKafka } from "./bindings/kafka.ts";
import { startObserver } from "./bindings/observer.ts";
import { readRecords } from "./bindings/read-records.ts";
import type { Toolbox } from "./toolbox.ts";

/** The toolbox of real processes, clocks and files. */
export const realToolbox: Toolbox = {
  monotonicUs,
  wallClockMs,
  clockOffsetUs,
  sleep,
  startGuard,
  startKafka,
  startFeeder,
  startObserver,
  startSampler,
  system: async (system, services) => (system === "bundled" ? bundled : commandSystem(system, services)),
  spawner: (logDir, guard) => nodeSpawner({ logDir, guard }),
  analyzeRun: async ({ directory, runId, brokers, outputTopic }) => {
    const { analyzeRun } = await import("../analyze/analyze.ts");
    return analyzeRun(directory, runId, { fetchUnmatched: (places) => readRecords(brokers, outputTopic, places) });
  },
  analyzeSweep: async (directory) => {
    const { analyzeSweep } = await import("../analyze/analyze.ts");
    return analyzeSweep(directory);
  },
  raisePriority,
};
