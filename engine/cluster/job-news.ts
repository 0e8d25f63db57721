import type { World } from "../ports.ts";
import type { CheckpointListener } from "./job-recovery.ts";
import type { JobRun } from "./job-run.ts";
import type { CoordinatorToClient, Failure, JobState, TaskPlacement } from "./messages.ts";

type JobStateMessage = Extract<CoordinatorToClient, { readonly type: "jobState" }>;

/** What clients are told of jobs, and what the journal keeps of that. */
export class JobNews {
  readonly #world: Pick<World, "clock" | "journal">;
  readonly #broadcast: (message: CoordinatorToClient) => void;
  #lastState: JobStateMessage | null = null;

  constructor(world: Pick<World, "clock" | "journal">, broadcast: (message: CoordinatorToClient) => void) {
    this.#world = world;
    this.#broadcast = broadcast;
  }

  /** What a new client should know of the present job; null before the first. */
  get lastState(): JobStateMessage | null {
    return this.#lastState;
  }

  /** The job has entered a state. */
  onState(run: JobRun, state: JobState, failure: Failure | null): void {
    const { jobId } = run.spec;
    const { lastAttempt: attempt } = run;
    const atUs = this.#world.clock.nowUs();
    const cause = failure === null ? {} : { failure };
    const restored = run.restored === null ? {} : { restored: run.restored };
    const { workersMissing } = run;
    const fewer = state === "deploying" && workersMissing > 0 ? { workersMissing } : {};
    this.#lastState = { type: "jobState", jobId, attempt, state, atUs, ...restored, ...fewer, ...cause };
    this.#world.journal.write("jobState", { jobId, attempt, state, ...fewer, ...cause });
    this.#broadcast(this.#lastState);
  }

  /** A replica is lost; its siblings go on. */
  onReplicaLost(run: JobRun, { vertex, subtask, worker }: TaskPlacement, failure: Failure): void {
    const loss = { jobId: run.spec.jobId, attempt: run.attempt, vertex, subtask, worker, failure };
    this.#world.journal.write("replicaLost", loss);
    this.#broadcast({ type: "replicaLoss", ...loss, atUs: this.#world.clock.nowUs() });
  }

  /** Passes on how the checkpoints of a job go; `attempt` tells which one they are of. */
  checkpointsOf(jobId: string, attempt: () => number): CheckpointListener {
    return {
      onPhase: (checkpointId, phase) => {
        const atUs = this.#world.clock.nowUs();
        this.#broadcast({ type: "checkpointPhase", jobId, attempt: attempt(), checkpointId, phase, atUs });
      },
      onReport: (report) => this.#broadcast({ type: "checkpointReport", jobId, report }),
    };
  }
}
