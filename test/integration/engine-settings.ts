import type { EngineSettings } from "../../harness/systems/system.ts";

/** Engine settings of tests on real processes; failures are noticed by broken connections, not because a busy machine is late. */
export function engineSettings(changes: Partial<EngineSettings> & Pick<EngineSettings, "workers">): EngineSettings {
  return {
    keyGroups: 64,
    bufferTimeoutUs: 1_000,
    watermarkIntervalUs: 10_000,
    watermarkAlignmentMs: 0,
    fetchRestMs: 0,
    livenessIntervalUs: 100_000,
    livenessTimeoutUs: 5_000_000,
    workerMemoryBytes: 256 * 2 ** 20,
    ...changes,
  };
}
