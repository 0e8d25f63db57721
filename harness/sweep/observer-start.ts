import type { RunContext } from "./run-context.ts";
import type { ObserverStart } from "./toolbox.ts";

/** How the observer of a run's output is started. */
export function observerStart(context: RunContext, topic: string, startWallMs: number): ObserverStart {
  const { config, kafka, directories, guard, events } = context;
  return {
    config,
    brokers: kafka.brokers,
    topic,
    startWallMs,
    rawDirectory: directories.raw,
    logDirectory: directories.logs,
    guard,
    onProgress: (progress) => events.observed(progress),
  };
}
