import { join } from "node:path";
import { present } from "../../../base/assert.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { SOURCE_ID } from "../../../queries/job-ids.ts";
import type { Config } from "../../config/schema.ts";
import { runStreams } from "../../config/streams.ts";
import type { ObserverIsolation, ObserverSpecInput } from "../../measure/observer-spec.ts";
import { runtimeFile } from "../../measure/runtime-flags.ts";
import { entryPoint } from "../../services/entry-point.ts";
import type { ObserverEnd, ObserverProcess, ObserverProgress, ObserverStart } from "../toolbox.ts";
import { LineProcess } from "./line-process.ts";

const PROGRESS_INTERVAL_MS = 500;

/** Starts harness/measure/observer-main as a process and waits until it reads the output topic. */
export async function startObserver(options: ObserverStart): Promise<ObserverProcess> {
  const { config, brokers, topic, startWallMs, rawDirectory, logDirectory, guard } = options;
  const main = present(
    runStreams(config).find(({ name }) => name === SOURCE_ID),
    "main input stream",
  );
  const spec: ObserverSpecInput = {
    brokers: [...brokers],
    topic,
    partitions: config.output.partitions,
    query: config.query,
    format: config.data.format,
    startWallMs,
    isolations: [...(options.isolations ?? isolationsOf(config))],
    observationsFile: join(rawDirectory, "observations.bin"),
    engineLatencyFile: join(rawDirectory, "engine-latency.bin"),
    ...plantSpec(config, rawDirectory),
    progressIntervalMs: PROGRESS_INTERVAL_MS,
    live: { schedule: main.schedule, dataset: main.dataset, watermarkDelayMs: config.data.watermarkDelay },
  };
  let markStopped: (end: ObserverEnd) => void = () => undefined;
  const stopped = new Promise<ObserverEnd>((resolve) => {
    markStopped = resolve;
  });
  const observer = await LineProcess.start({
    role: "observer",
    entry: entryPoint(import.meta.url, "../../measure/observer-main"),
    spec,
    specFile: join(logDirectory, "observer.json"),
    logFile: join(logDirectory, "observer.log"),
    ...(config.sampling.runtime ? { runtimeFile: runtimeFile(rawDirectory) } : {}),
    guard,
    failure: "observer-failed",
    onMessage: (message) => {
      if ("progress" in message) options.onProgress(message.progress as ObserverProgress);
      if (!("stopped" in message)) return;
      observer.mayEnd();
      markStopped(observerEnd(message.stopped as Stopped));
    },
  });
  return {
    pid: observer.child.pid,
    failed: observer.failed,
    start: (startUs) => observer.send({ start: { startUs } }),
    stopAt: async (endOffsets) => {
      observer.send({ stop: { endOffsets } });
      const end = await Promise.race([stopped, observer.failed]);
      if (end instanceof FaultlineError) throw end;
      return end;
    },
    stop: () => observer.stop(),
  };
}

/** What of the observer's `stopped` line is used here. */
interface Stopped {
  readonly observed: number;
  readonly byIsolation: Readonly<Partial<Record<ObserverIsolation, { readonly isWhole: boolean }>>>;
}

/** Exported for its tests. */
export function observerEnd({ observed, byIsolation }: Stopped): ObserverEnd {
  const readers = Object.entries(byIsolation) as [ObserverIsolation, { readonly isWhole: boolean }][];
  return { observed, heldUp: readers.flatMap(([isolation, { isWhole }]) => (isWhole ? [] : [isolation])) };
}

/** Transactions show to readers of committed records at their end, to others at once: both are observed where outputs are transactions. */
function isolationsOf({ guarantee }: Config): readonly ObserverIsolation[] {
  return guarantee === "exactly-once" ? ["uncommitted", "committed"] : ["uncommitted"];
}

function plantSpec({ verify, seed, warmup }: Config, rawDirectory: string): Pick<ObserverSpecInput, "plant"> {
  if (verify.plant === "") return {};
  return { plant: { errors: verify.plant, seed, warmupMs: warmup, file: join(rawDirectory, "planted.json") } };
}
