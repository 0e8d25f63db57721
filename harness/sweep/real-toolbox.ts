import { clockOffsetUs, monotonicUs, wallClockMs } from "../../base/clock.ts";
import { findQuery } from "../../queries/registry.ts";
import { LinkProxy } from "../faults/link/link-proxy.ts";
import { runtimeFile } from "../measure/runtime-flags.ts";
import { startSampler } from "../measure/sampler.ts";
import { startGuard } from "../services/guard.ts";
import { bundled } from "../systems/bundled/bundled.ts";
import { commandSystem } from "../systems/command/command-system.ts";
import { echoSettings } from "../systems/echo/echo.ts";
import { nodeSpawner } from "../systems/spawn-node.ts";
import { wireColumns } from "../verify/row-hash.ts";
import { rowText } from "../verify/row-text.ts";
import { raisePriority, sleep } from "./bindings/clock.ts";
import { startFeeder } from "./bindings/feeder.ts";
import { startKafka } from "./bindings/kafka.ts";
import { startObserver } from "./bindings/observer.ts";
import { readRecords } from "./bindings/read-records.ts";
import { startZooKeeper } from "./bindings/zookeeper.ts";
import type { Toolbox } from "./toolbox.ts";

/** The toolbox of real processes, clocks and files. */
export const realToolbox: Toolbox = {
  monotonicUs,
  wallClockMs,
  clockOffsetUs,
  sleep,
  startGuard,
  startKafka,
  startZooKeeper,
  startLinks: (options) => LinkProxy.start(options),
  startFeeder,
  startObserver,
  startSampler,
  system: async (system, services) => {
    if (system === "bundled") return bundled;
    return commandSystem(system === "echo" ? echoSettings() : system, services);
  },
  spawner: ({ raw, logs }, guard) =>
    nodeSpawner({ logDir: logs, ...(raw === null ? {} : { runtimeFile: runtimeFile(raw) }), guard }),
  analyzeRun: async ({ directory, runId, config, brokers, outputTopic }) => {
    const { analyzeRun } = await import("../analyze/analyze.ts");
    const rows = rowText(config.data.format, wireColumns(findQuery(config.query)));
    return analyzeRun(directory, runId, {
      fetchUnmatched: (places) => readRecords(brokers, outputTopic, places, rows),
    });
  },
  analyzeSweep: async (directory) => {
    const { analyzeSweep } = await import("../analyze/analyze.ts");
    return analyzeSweep(directory);
  },
  raisePriority,
};
