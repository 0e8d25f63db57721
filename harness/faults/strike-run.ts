import type { TaskCounters } from "../../engine/cluster/messages.ts";
import type { JobShape } from "../systems/job-shape.ts";
import type { FaultSurface } from "../systems/system.ts";
import type { CheckpointLog } from "./checkpoint-log.ts";
import type { Draft } from "./draft.ts";
import type { FaultDriver } from "./driver.ts";
import type { FaultSpec } from "./schema.ts";

/** What strikes need of the outside world. */
export interface StrikeParts {
  /** null: the system under test lets nobody break it. */
  readonly surface: FaultSurface | null;
  counters(): Promise<readonly TaskCounters[]>;
  /** Which tasks are replicas of which; absent: none is. */
  readonly vertices?: JobShape["vertices"];
  /** Vertices of the query that read its input. */
  readonly sources: readonly string[];
  driver(fault: FaultSpec, seed: number): FaultDriver;
  /** Process id of a broker of our own; null: there is none now. */
  brokerPid(): number | null;
  monotonicUs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  notice(text: string): void;
}

/** What the strikes of one run share. */
export interface StrikeRun {
  readonly parts: StrikeParts;
  readonly checkpoints: CheckpointLog;
  /** First due time, end of the warm-up and of the load, monotonic. */
  readonly startUs: number;
  readonly warmUs: number;
  readonly loadEndUs: number;
  /** Aborted when the run ends. */
  readonly stopping: AbortSignal;
  /** Resolves when the system has noticed the fault of this draft, or has had its time to. */
  detected(draft: Draft): Promise<void>;
}

/** Resolves when the run ends. */
export async function runEnd({ stopping }: StrikeRun): Promise<null> {
  if (!stopping.aborted) await new Promise((resolve) => stopping.addEventListener("abort", resolve, { once: true }));
  return null;
}

/** false: the run ended before. */
export async function sleepUntil({ parts, stopping }: StrikeRun, atUs: number): Promise<boolean> {
  const ms = Math.ceil((atUs - parts.monotonicUs()) / 1000);
  if (ms > 0) await parts.sleep(ms, stopping);
  return !stopping.aborted;
}
