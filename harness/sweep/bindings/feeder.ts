import { join } from "node:path";
import type { FeederSpecInput } from "../../../generators/feed/spec.ts";
import { runtimeFile } from "../../measure/runtime-flags.ts";
import { entryPoint } from "../../services/entry-point.ts";
import { partSuffix, streamSuffix } from "../feeders.ts";
import type { FeederSummary } from "../model.ts";
import type { FeederProcess, FeederStart } from "../toolbox.ts";
import { LineProcess } from "./line-process.ts";

const PROGRESS_INTERVAL_MS = 500;

interface ProgressLine {
  readonly sentEvents: number;
  readonly dueEvents: number;
  readonly ackedEvents: number;
  readonly lagUs: { readonly p99: number; readonly n: number };
}

/** Starts generators/feed as a process and waits until it has rendered ahead. */
export async function startFeeder(options: FeederStart): Promise<FeederProcess> {
  const { config, stream, part, brokers, topic, rawDirectory, logDirectory, guard } = options;
  const suffix = `${streamSuffix(stream.name, "-")}${partSuffix(part, stream.feeders)}`;
  const partitions = Array.from({ length: stream.partitions }, (_, partition) => partition);
  const spec: FeederSpecInput = {
    brokers: [...brokers],
    topic,
    partitions: partitions.filter((partition) => partition % stream.feeders === part),
    dataset: stream.dataset,
    schedule: stream.schedule,
    closing: stream.closing,
    lagFile: join(rawDirectory, `generator-lag${suffix}.hlog`),
    sentFile: join(rawDirectory, `sent${suffix}.bin`),
    progressIntervalMs: PROGRESS_INTERVAL_MS,
  };
  let finish: (summary: FeederSummary) => void = () => undefined;
  const finished = new Promise<FeederSummary>((resolve) => {
    finish = resolve;
  });
  const feeder = await LineProcess.start({
    role: `feeder${suffix}`,
    entry: entryPoint(import.meta.url, "../../../generators/feed/main"),
    spec,
    specFile: join(logDirectory, `feeder${suffix}.json`),
    logFile: join(logDirectory, `feeder${suffix}.log`),
    ...(config.sampling.runtime ? { runtimeFile: runtimeFile(rawDirectory) } : {}),
    guard,
    failure: "feeder-failed",
    onMessage: (message) => {
      if ("progress" in message) report(message.progress as ProgressLine, options);
      if (!("done" in message)) return;
      feeder.mayEnd();
      finish(message.done as FeederSummary);
    },
  });
  const broken = feeder.failed.then((error): never => {
    throw error;
  });
  return {
    pid: feeder.child.pid,
    start: (startUs, startWallMs) => feeder.send({ start: startUs, startWallMs }),
    done: Promise.race([finished, broken]),
    stop: () => feeder.stop(),
  };
}

function report({ sentEvents, dueEvents, ackedEvents, lagUs }: ProgressLine, options: FeederStart): void {
  const lagP99Us = lagUs.n === 0 ? null : lagUs.p99;
  options.onProgress({ due: dueEvents, sent: sentEvents, acked: ackedEvents, lagP99Us });
}
