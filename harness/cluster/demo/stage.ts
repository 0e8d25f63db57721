import { join } from "node:path";
import { monotonicUs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { sleep } from "../../sweep/bindings/clock.ts";
import type { ClusterFolder } from "../folder.ts";
import { endHandJob } from "../jobs/end-job.ts";
import { type OutputRow, readOutput } from "../jobs/output-files.ts";
import { submitByHand } from "../jobs/submit.ts";
import { askKeeper } from "../keeper/client.ts";
import type { ClusterStatus } from "../keeper/protocol.ts";
import type { ClusterState } from "../state.ts";
import type { SubmitStep } from "./schema.ts";
import { socketTypist, type Typist, topicTypist } from "./typist.ts";

const POLL_MS = 20;
const TOPIC = "lines";

/** The cluster of a demo, its typists, and the job that is on. */
export class Stage {
  readonly #folder: ClusterFolder;
  readonly #state: ClusterState;
  readonly #windowMs: number;
  readonly #signal: AbortSignal;
  readonly #typists = new Map<SubmitStep["input"], Typist>();
  #job: { readonly jobId: string; readonly submit: SubmitStep } | null = null;

  constructor(folder: ClusterFolder, state: ClusterState, windowMs: number, signal: AbortSignal) {
    this.#folder = folder;
    this.#state = state;
    this.#windowMs = windowMs;
    this.#signal = signal;
  }

  get job(): { readonly jobId: string; readonly submit: SubmitStep } {
    if (this.#job === null) throw new FaultlineError("config-invalid", "this step needs a job: submit one before");
    return this.#job;
  }

  /** Who types for the present job. */
  async typist(input: SubmitStep["input"] = this.job.submit.input): Promise<Typist> {
    const there = this.#typists.get(input);
    if (there !== undefined) return there;
    if (input === "topic" && this.#state.brokers.length === 0) {
      throw new FaultlineError("config-invalid", "input from a topic needs kafka: true");
    }
    const typist = input === "socket" ? await socketTypist() : await topicTypist(this.#state.brokers, TOPIC);
    this.#typists.set(input, typist);
    return typist;
  }

  async submit(submit: SubmitStep): Promise<{ readonly jobId: string; readonly workers: number }> {
    const { place } = await this.typist(submit.input);
    const isPassive = submit.recovery === "passive";
    const submitted = await submitByHand(this.#folder, {
      name: submit.job,
      cwd: this.#folder.path,
      parameters: { sizeMs: this.#windowMs },
      input:
        submit.input === "socket" ? { kind: "socket", address: place } : { kind: "topic", topic: place, brokers: [] },
      output: null,
      parallelism: submit.parallelism,
      recovery: submit.recovery,
      ...(submit.input === "socket" ? { guarantee: "at-most-once" as const } : {}),
      ...(isPassive ? { checkpoints: { intervalUs: submit.checkpointInterval * 1000 } } : {}),
    });
    this.#job = { jobId: submitted.jobId, submit };
    return submitted;
  }

  status(): Promise<ClusterStatus> {
    return askKeeper(this.#state, { ask: "status" });
  }

  /** Stops the worker that is meant; resolves when it was seen to be gone. */
  async stop(target: string): Promise<{ readonly role: string; readonly afterMs: number | null }> {
    const fault = { kind: "terminate", target, at: 0 } as const;
    const { role, injectedUs, observedUs, problem } = await askKeeper(this.#state, { ask: "fault", fault });
    if (injectedUs === null || observedUs === null) {
      throw new FaultlineError("run-failed", `${target} could not be stopped: ${problem}`);
    }
    return { role: role ?? target, afterMs: (observedUs - injectedUs) / 1000 };
  }

  async addWorker(): Promise<string> {
    return (await askKeeper(this.#state, { ask: "addWorker" })).worker;
  }

  drain(): Promise<{ readonly state: string }> {
    return endHandJob(this.#folder, "drain", this.job.jobId);
  }

  /** Rows of the present job so far. */
  rows(): readonly OutputRow[] {
    return readOutput(join(this.#folder.output, this.job.jobId));
  }

  /** Looks until `holds` does; false when it does not within `limitMs`. `interrupted` when the demo was given up. */
  async until(limitMs: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const limitUs = monotonicUs() + limitMs * 1000;
    for (;;) {
      if (this.#signal.aborted) throw new FaultlineError("interrupted", "the demo was given up");
      if (await holds()) return true;
      if (monotonicUs() > limitUs) return false;
      await sleep(POLL_MS, this.#signal);
    }
  }

  async pause(ms: number): Promise<void> {
    await this.until(ms, () => false);
  }

  /** Before the cluster ends. */
  async close(): Promise<void> {
    await Promise.all([...this.#typists.values()].map((typist) => typist.close()));
  }
}
