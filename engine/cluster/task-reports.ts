import { unreachable } from "../../base/assert.ts";
import type { World } from "../ports.ts";
import type { Task } from "../task/task.ts";
import type { TaskNotice } from "../task/task-parts.ts";
import type { CoordinatorToWorker, Failure, TaskState, WorkerToCoordinator } from "./messages.ts";

interface TaskReportsParts extends Pick<World, "journal"> {
  readonly send: (message: WorkerToCoordinator) => void;
}

/** What a worker tells the coordinator of its tasks. */
export class TaskReports {
  readonly #worker: string;
  readonly #parts: TaskReportsParts;

  constructor(worker: string, parts: TaskReportsParts) {
    this.#worker = worker;
    this.#parts = parts;
  }

  onState(jobId: string, attempt: number, task: Task, state: TaskState, failure: Failure | null): void {
    const { vertex, subtask } = task;
    const cause = failure === null ? {} : { failure };
    if (failure !== null) this.#parts.journal.write("taskFailed", { jobId, attempt, vertex, subtask, failure });
    this.#parts.send({ type: "taskState", jobId, attempt, vertex, subtask, state, ...cause });
  }

  onNotice(jobId: string, attempt: number, { vertex, subtask }: Task, notice: TaskNotice): void {
    switch (notice.kind) {
      case "heartbeatDue":
        this.#parts.send({ type: "heartbeatDue", jobId, attempt });
        return;
      case "receiverLagging": {
        const lagging = { vertex: notice.vertex, subtask: notice.subtask };
        this.#parts.send({ type: "replicaLagging", jobId, attempt, ...lagging });
        return;
      }
      case "heartbeatSilence":
        this.#parts.journal.write("heartbeatSilence", { jobId, attempt, vertex, subtask, silentUs: notice.silentUs });
        return;
      case "outputHashes":
        this.#parts.send({ type: "outputHashes", jobId, attempt, vertex, subtask, windows: notice.windows });
        return;
      default:
        unreachable(notice, "notice");
    }
  }

  /** The end of tasks that were never built. */
  endUnbuilt(
    { job, attempt, placements }: Extract<CoordinatorToWorker, { readonly type: "deploy" }>,
    state: "cancelled" | "failed",
    failure: Failure | null,
  ): void {
    const { jobId } = job;
    const cause = failure === null ? {} : { failure };
    for (const { vertex, subtask, worker } of placements) {
      if (worker !== this.#worker) continue;
      this.#parts.send({ type: "taskState", jobId, attempt, vertex, subtask, state, ...cause });
    }
  }
}
