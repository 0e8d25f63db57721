import { unreachable } from "../../base/assert.ts";
import type { CheckpointSettings, RestartStrategy } from "../../engine/cluster/job-spec.ts";
import { findQuery } from "../../queries/registry.ts";
import type { Config } from "../config/schema.ts";
import { dataMode } from "../config/streams.ts";
import type { DeployConfig, ReplicationSettings } from "../systems/system.ts";

/** Heartbeats that may be missing before a task says so. */
const SILENT_INTERVALS = 100;

/** What a system under test is told of a resolved config; durations become microseconds. */
export function deployConfig(config: Config): DeployConfig {
  const { engine, data } = config;
  return {
    query: findQuery(config.query),
    dataMode: dataMode(config),
    ...(data.generator === "microbench" ? { jobParameters: { stages: config.microbench.stages } } : {}),
    format: data.format,
    parallelism: config.parallelism,
    watermarkDelayMs: data.watermarkDelay,
    seed: config.seed,
    // Beneath replicas lie checkpoints, for when all of a task's are lost.
    recovery: config.recovery === "active" ? "passive" : config.recovery,
    ...(config.recovery === "active" ? { replication: replicationSettings(config.replication) } : {}),
    ...(needsElection(config) ? { sessionMs: config.replication.kaZoo.session } : {}),
    guarantee: config.guarantee,
    checkpoints: checkpointSettings(config.checkpoints),
    restart: restartStrategy(config.restart),
    engine: {
      workers: engine.workers,
      spareWorkers: engine.spareWorkers,
      zones: engine.zones,
      keyGroups: engine.keyGroups,
      bufferTimeoutUs: microseconds(engine.bufferTimeout),
      watermarkIntervalUs: microseconds(engine.watermarkInterval),
      watermarkAlignmentMs: engine.watermarkAlignment,
      fetchRestMs: engine.fetchRest,
      livenessIntervalUs: microseconds(engine.liveness.interval),
      livenessTimeoutUs: microseconds(engine.liveness.timeout),
      deployTimeoutUs: microseconds(engine.deployTimeout),
      workersWaitUs: microseconds(engine.workersWait),
      workerMemoryBytes: engine.workerMemory,
    },
  };
}

/** Leaders are elected: a ZooKeeper must be there. */
export function needsElection({ recovery, replication, system }: Config): boolean {
  return system === "bundled" && recovery === "active" && replication.merge === "kaZoo";
}

function checkpointSettings(checkpoints: Config["checkpoints"]): CheckpointSettings {
  const { mode, interval, timeout, minPause, toleratedFailures, retain, localCopies } = checkpoints;
  return {
    mode,
    intervalUs: microseconds(interval),
    timeoutUs: microseconds(timeout),
    minPauseUs: microseconds(minPause),
    toleratedFailures,
    retain,
    keepAtEnd: false,
    localCopies,
    transactionTimeoutMs: checkpoints.transactionTimeout,
  };
}

/** Replicas as the engine takes them. */
function replicationSettings(replication: Config["replication"]): ReplicationSettings {
  const { factor, vertices, merge, unordered, heartbeat, kaZoo, maxLag, spillAfter, maxSpill } = replication;
  return {
    factor,
    vertices,
    merge,
    ...(merge === "none" ? { allowUnordered: unordered } : {}),
    ...(merge === "kaZoo" ? { leaseUs: microseconds(kaZoo.lease) } : {}),
    sources: false,
    heartbeatIntervalUs: microseconds(heartbeat),
    heartbeatRecords: 0,
    maxLagBytes: maxLag,
    spillAfterBytes: spillAfter,
    maxSpillBytes: maxSpill,
    silentIntervals: SILENT_INTERVALS,
  };
}

/** Restarts as the engine takes them. */
function restartStrategy(restart: Config["restart"]): RestartStrategy {
  switch (restart.strategy) {
    case "none":
      return { kind: "none" };
    case "fixed-delay":
      return { kind: "fixed-delay", attempts: restart.attempts, delayUs: microseconds(restart.delay) };
    case "failure-rate":
      return {
        kind: "failure-rate",
        maxFailures: restart.maxFailures,
        intervalUs: microseconds(restart.interval),
        delayUs: microseconds(restart.delay),
      };
    case "exponential-delay":
      return {
        kind: "exponential-delay",
        initialUs: microseconds(restart.initial),
        maxUs: microseconds(restart.max),
        multiplier: restart.multiplier,
        resetUs: microseconds(restart.reset),
        jitter: restart.jitter,
      };
    default:
      return unreachable(restart, "restart strategy");
  }
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
