import type { RunRecord } from "./model.ts";
import type { RunContext } from "./run-context.ts";
import type { Sampler, Toolbox } from "./toolbox.ts";

/** Every process that takes part in a run, with its role; all of them are sampled, unless the config says otherwise. */
export class RunProcesses {
  readonly #all: RunRecord["processes"][number][] = [];
  #sampler: Sampler | undefined;

  /** `zookeeperPid`: null where the run has no use for one. */
  startSampling(tools: Toolbox, { config, directories, kafka }: RunContext, zookeeperPid: number | null): Sampler {
    const file = `${directories.raw}/resources.jsonl`;
    const { resources, runtime } = config.sampling;
    const sampler = tools.startSampler({ intervalMs: resources, file, runtime });
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
