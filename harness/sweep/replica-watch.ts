import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { asFaultlineError } from "../../base/errors.ts";
import type { TaskCounters } from "../../engine/cluster/messages.ts";
import type { JobShape } from "../systems/job-shape.ts";
import type { Deployment } from "../systems/system.ts";
import { writeAtomically } from "./files.ts";
import type { RunContext } from "./run-context.ts";
import type { Toolbox } from "./toolbox.ts";

const INTERVAL_MS = 1_000;
/** Workers that stand still answer later, or not at all. */
const ANSWER_MS = 900;
/** Counters that tell of replicas: what was dropped, how long records waited in the merge, and what became of orders. */
const OF_REPLICAS = /^(duplicates|mergeWait.*|order.*|claims|voidEntries|leading)$/;

/** First line of `raw/<run>/replicas.jsonl`. */
export interface ReplicaHeader {
  readonly version: 1;
  readonly merge: string;
  readonly factor: number;
  readonly vertices: JobShape["vertices"];
}

/** Every further line: at one look, the counters of all tasks that tell of replicas. */
export interface ReplicaLook {
  readonly atUs: number;
  readonly tasks: readonly Pick<TaskCounters, "vertex" | "subtask" | "custom">[];
}

export interface ReplicaWatchParts {
  readonly tools: Pick<Toolbox, "monotonicUs" | "sleep">;
  readonly deployment: Pick<Deployment, "counters">;
  readonly rawDirectory: string;
  readonly header: ReplicaHeader;
}

/**
 * Looks at the counters of a replicated job every second, so that it can be told later who led when, what was dropped, and how long records
 * waited for their order, also by replicas that did not live to the end. One look asks each worker once.
 */
export class ReplicaWatch {
  readonly #parts: ReplicaWatchParts;
  readonly #file: string;
  readonly #over = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: ReplicaWatchParts) {
    this.#parts = parts;
    this.#file = join(parts.rawDirectory, "replicas.jsonl");
  }

  async start(): Promise<void> {
    await writeAtomically(this.#file, `${JSON.stringify(this.#parts.header)}\n`);
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
      dueUs = Math.max(dueUs + INTERVAL_MS * 1000, tools.monotonicUs());
      await tools.sleep((dueUs - tools.monotonicUs()) / 1000, this.#over.signal);
    }
  }

  /** null: no answer in time, as while the job is starting anew. */
  async #look(): Promise<readonly TaskCounters[] | null> {
    const enough = new AbortController();
    const signal = AbortSignal.any([this.#over.signal, enough.signal]);
    const late = this.#parts.tools.sleep(ANSWER_MS, signal).then(() => null);
    // A job that is just starting anew has no counters.
    const answer = this.#parts.deployment.counters().catch(() => null);
    const tasks = await Promise.race([answer, late]);
    enough.abort();
    return tasks;
  }

  async #write(atUs: number, all: readonly TaskCounters[]): Promise<void> {
    if (all.length === 0) return;
    const tasks = all.map(({ vertex, subtask, custom }) => {
      const kept = Object.entries(custom).filter(([name]) => OF_REPLICAS.test(name));
      return { vertex, subtask, custom: Object.fromEntries(kept) };
    });
    const line = `${JSON.stringify({ atUs, tasks } satisfies ReplicaLook)}\n`;
    try {
      // Not forced to the disk, on which the broker writes too.
      await appendFile(this.#file, line);
    } catch (error) {
      throw asFaultlineError(error, "output-unwritable");
    }
  }
}

/** Watches the replicas of a run that has some, until it is stopped; else null. */
export async function watchReplicas(
  { config, directories }: Pick<RunContext, "config" | "directories">,
  tools: ReplicaWatchParts["tools"],
  deployment: Deployment,
  { vertices, replicated }: JobShape,
): Promise<ReplicaWatch | null> {
  if (!replicated) return null;
  const { merge, factor } = config.replication;
  const header = { version: 1, merge, factor, vertices } as const;
  const watch = new ReplicaWatch({ tools, deployment, rawDirectory: directories.raw, header });
  await watch.start();
  return watch;
}
