import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { asFaultlineError } from "../../base/errors.ts";
import type { TaskCounters } from "../../engine/cluster/messages.ts";
import type { JobShape } from "../systems/job-shape.ts";
import type { Deployment } from "../systems/system.ts";
import { writeAtomically } from "./files.ts";
import type { RunContext } from "./run-context.ts";
import type { Toolbox } from "./toolbox.ts";

/** Of the interval: workers that stand still answer later, or not at all. */
const ANSWER_SHARE = 0.9;
/** Counters that tell of replicas: what was dropped, how long records waited in the merge, how much of them in files, and what became of orders. */
const OF_REPLICAS = /^(duplicates|mergeWait.*|spilled.*|order.*|claims|voidEntries|leading)$/;

/** In the folder of a run's raw data. */
export function taskLogFile(raw: string): string {
  return join(raw, "tasks.jsonl");
}

/** First line of `raw/<run>/tasks.jsonl`. */
export interface TaskLogHeader {
  readonly version: 1;
  /** null: the job has no replicas; then `vertices` is empty. */
  readonly replication: { readonly merge: string; readonly factor: number } | null;
  readonly vertices: JobShape["vertices"];
}

/** Every further line: the counters of all tasks at one look; of `custom` what tells of replicas. */
export interface TaskLook {
  readonly atUs: number;
  readonly tasks: readonly Omit<TaskCounters, "worker">[];
}

export interface TaskWatchParts {
  readonly tools: Pick<Toolbox, "monotonicUs" | "sleep">;
  readonly deployment: Pick<Deployment, "counters">;
  readonly rawDirectory: string;
  /** 0: nobody looks; only what is added is written. */
  readonly intervalMs: number;
  readonly header: TaskLogHeader;
}

/**
 * Looks at the counters of a job's tasks at an interval, so that it can be told later how busy each was and what held it up; of replicas who
 * led when, what was dropped, and how long records waited for their order, also of those that did not live to the end. One look asks each
 * worker once. A system that tells nothing of its tasks leaves no file.
 */
export class TaskWatch {
  readonly #parts: TaskWatchParts;
  readonly #file: string;
  #hasHeader = false;
  readonly #over = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: TaskWatchParts) {
    this.#parts = parts;
    this.#file = taskLogFile(parts.rawDirectory);
  }

  start(): void {
    if (this.#parts.intervalMs === 0) return;
    this.#looking = this.#lookOn();
    this.#looking.catch(() => {}); // `stop` tells
  }

  /** Takes in counters that were read for another purpose: those at the end. */
  async add(tasks: readonly TaskCounters[]): Promise<void> {
    await this.#write(this.#parts.tools.monotonicUs(), tasks);
  }

  /** Rejects when what it saw could not be written. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#looking;
  }

  async #lookOn(): Promise<void> {
    const { tools } = this.#parts;
    let dueUs = tools.monotonicUs();
    while (!this.#over.signal.aborted) {
      const atUs = tools.monotonicUs();
      const tasks = await this.#look();
      if (tasks !== null) await this.#write(atUs, tasks);
      dueUs = Math.max(dueUs + this.#parts.intervalMs * 1000, tools.monotonicUs());
      await tools.sleep((dueUs - tools.monotonicUs()) / 1000, this.#over.signal);
    }
  }

  /** null: no answer in time, as while the job is starting anew. */
  async #look(): Promise<readonly TaskCounters[] | null> {
    const enough = new AbortController();
    const signal = AbortSignal.any([this.#over.signal, enough.signal]);
    const late = this.#parts.tools.sleep(this.#parts.intervalMs * ANSWER_SHARE, signal).then(() => null);
    // A job that is just starting anew has no counters.
    const answer = this.#parts.deployment.counters().catch(() => null);
    const tasks = await Promise.race([answer, late]);
    enough.abort();
    return tasks;
  }

  async #write(atUs: number, all: readonly TaskCounters[]): Promise<void> {
    if (all.length === 0) return;
    const tasks = all.map(({ worker: _, custom, ...counters }) => {
      const kept = Object.entries(custom).filter(([name]) => OF_REPLICAS.test(name));
      return { ...counters, custom: Object.fromEntries(kept) };
    });
    const line = `${JSON.stringify({ atUs, tasks } satisfies TaskLook)}\n`;
    try {
      if (!this.#hasHeader) await writeAtomically(this.#file, `${JSON.stringify(this.#parts.header)}\n`);
      this.#hasHeader = true;
      // Not forced to the disk, on which the broker writes too.
      await appendFile(this.#file, line);
    } catch (error) {
      throw asFaultlineError(error, "output-unwritable");
    }
  }
}

/** Watches the tasks of a run until it is stopped. */
export function watchTasks(
  { config, directories }: Pick<RunContext, "config" | "directories">,
  tools: TaskWatchParts["tools"],
  deployment: Deployment,
  { vertices, replicated }: JobShape,
): TaskWatch {
  const { merge, factor } = config.replication;
  const header = { version: 1, replication: replicated ? { merge, factor } : null, vertices } as const;
  const intervalMs = config.sampling.tasks;
  const watch = new TaskWatch({ tools, deployment, rawDirectory: directories.raw, intervalMs, header });
  watch.start();
  return watch;
}
