import type { World } from "../ports.ts";
import { Ticker } from "../replication/ticker.ts";
import { taskFailure } from "../task/task-failure.ts";
import type { JobRun } from "./job-run.ts";

/** The ticks of the job that runs: a replicated one has them while it runs, others have none. */
export class JobTicks {
  readonly #world: World;
  #ticker: Ticker | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  /** The job may have begun or ceased to run. */
  regulate(run: JobRun): void {
    const { replication } = run.spec;
    const wanted = replication !== undefined && (run.state === "running" || run.state === "draining");
    if (!wanted) {
      this.#ticker?.stop();
      this.#ticker = null;
    } else if (this.#ticker === null) {
      const { cutLog, heartbeatIntervalUs: intervalUs } = replication;
      const onError = (error: Error) => run.onFailure(taskFailure(error, "cut log", "job-failed"));
      this.#ticker = new Ticker({ world: this.#world, cutLog, attempt: run.attempt, intervalUs, onError });
    }
  }

  /** A checkpoint begins: it rides on a heartbeat. Jobs without replicas have barriers. */
  flag(checkpointId: number): void {
    this.#ticker?.flag(checkpointId);
  }

  /** A source has read so much that a tick is due. */
  onDue(): void {
    this.#ticker?.onDue();
  }
}
