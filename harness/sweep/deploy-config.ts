import { findQuery } from "../../queries/registry.ts";
import type { Config } from "../config/schema.ts";
import { dataMode } from "../config/streams.ts";
import type { DeployConfig } from "../systems/system.ts";

/** What a system under test is told of a resolved config; durations become microseconds. */
export function deployConfig(config: Config): DeployConfig {
  const { engine, data } = config;
  return {
    query: findQuery(config.query),
    dataMode: dataMode(config),
    format: data.format,
    parallelism: config.parallelism,
    watermarkDelayMs: data.watermarkDelay,
    seed: config.seed,
    recovery: config.recovery,
    engine: {
      workers: engine.workers,
      keyGroups: engine.keyGroups,
      bufferTimeoutUs: microseconds(engine.bufferTimeout),
      watermarkIntervalUs: microseconds(engine.watermarkInterval),
      watermarkAlignmentMs: engine.watermarkAlignment,
      livenessIntervalUs: microseconds(engine.liveness.interval),
      livenessTimeoutUs: microseconds(engine.liveness.timeout),
      workerMemoryBytes: engine.workerMemory,
    },
  };
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
