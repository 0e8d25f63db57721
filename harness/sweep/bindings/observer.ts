import { join } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import { scheduleSpec } from "../../config/schedule.ts";
import type { ObserverSpecInput } from "../../measure/observer-spec.ts";
import { entryPoint } from "../../services/entry-point.ts";
import type { ObserverProcess, ObserverProgress, ObserverStart } from "../toolbox.ts";
import { dataSetSpec } from "./data-set-spec.ts";
import { LineProcess } from "./line-process.ts";

const PROGRESS_INTERVAL_MS = 500;

/** Starts harness/measure/observer-main as a process and waits until it reads the output topic. */
export async function startObserver(options: ObserverStart): Promise<ObserverProcess> {
  const { config, brokers, topic, startWallMs, rawDirectory, logDirectory, guard } = options;
  const spec: ObserverSpecInput = {
    brokers: [...brokers],
    topic,
    partitions: config.output.partitions,
    query: config.query,
    startWallMs,
    isolation: "read_uncommitted",
    observationsFile: join(rawDirectory, "observations.bin"),
    progressIntervalMs: PROGRESS_INTERVAL_MS,
    live: {
      schedule: scheduleSpec(config.load),
      dataset: dataSetSpec(config),
      watermarkDelayMs: config.data.watermarkDelay,
    },
  };
  let markStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    markStopped = resolve;
  });
  const observer = await LineProcess.start({
    role: "observer",
    entry: entryPoint(import.meta.url, "../../measure/observer-main"),
    spec,
    specFile: join(logDirectory, "observer.json"),
    logFile: join(logDirectory, "observer.log"),
    guard,
    failure: "observer-failed",
    onMessage: (message) => {
      if ("progress" in message) options.onProgress(message.progress as ObserverProgress);
      if (!("stopped" in message)) return;
      observer.mayEnd();
      markStopped();
    },
  });
  return {
    pid: observer.child.pid,
    failed: observer.failed,
    start: (startUs) => observer.send({ start: { startUs } }),
    stopAt: async (endOffsets) => {
      observer.send({ stop: { endOffsets } });
      const error = await Promise.race([stopped, observer.failed]);
      if (error instanceof FaultlineError) throw error;
    },
    stop: () => observer.stop(),
  };
}
