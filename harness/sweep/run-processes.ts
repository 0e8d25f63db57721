import type { RunRecord } from "./model.ts";
import type { RunContext } from "./run-context.ts";
import type { Sampler, Toolbox } from "./toolbox.ts";

const SAMPLE_INTERVAL_MS = 250;

/** Every process that takes part in a run, with its role; all of them are sampled. */
export class RunProcesses {
  readonly #all: RunRecord["processes"][number][] = [];
  #sampler: Sampler | undefined;

  /** `zookeeperPid`: null where the run has no use for one. */
  startSampling(tools: Toolbox, { directories, kafka }: RunContext, zookeeperPid: number | null): Sampler {
    const file = `${directories.raw}/resources.jsonl`;
    const sampler = tools.startSampler({ intervalMs: SAMPLE_INTERVAL_MS, file });
    this.#sampler = sampler;
    this.note("harness", process.pid, null);
    if (kafka.pid !== null) this.note("broker", kafka.pid, null);
    if (zookeeperPid !== null) this.note("zookeeper", zookeeperPid, null);
    return sampler;
  }

  note(role: string, pid: number, niceness: number | null): void {
    this.#all.push({ role, pid, niceness });
    this.#sampler?.add(role, pid);
  }

  get all(): RunRecord["processes"] {
    return this.#all;
  }
}
