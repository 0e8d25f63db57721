import { formatBytes } from "../cli/progress/format-bytes.ts";
import { renderTable } from "../cli/progress/table.ts";
import type { ClusterStatus, ProcessStatus } from "./keeper/protocol.ts";
import { clockTime } from "./record.ts";
import type { ClusterState } from "./state.ts";

/** What `bench cluster ps` prints: processes with their tasks, the job, its checkpoints. */
export function statusText(state: ClusterState, status: ClusterStatus): string {
  const keeper: ProcessStatus = { role: "keeper", pid: state.keeper.pid, state: "alive", end: null };
  const rows = [keeper, ...status.processes].map((process) => {
    const { role, pid } = process;
    return [role, String(pid), stateText(process, status), tasksOf(role, status)];
  });
  const processes = renderTable([["process", "pid", "state", "tasks"], ...rows], new Set([0, 2, 3]));
  return `${processes}\n${jobText(status)}${checkpointsText(status)}`;
}

function stateText({ role, state, end }: ProcessStatus, { workers }: ClusterStatus): string {
  if (state === "ended") return end === null ? "ended" : `ended: ${end}`;
  if (state === "standing") return "stands still";
  return role.startsWith("worker-") && !workers.includes(role) ? "alive, not registered" : "alive";
}

function tasksOf(role: string, { tasks }: ClusterStatus): string {
  const own = tasks.filter(({ worker }) => worker === role);
  return own.map(({ vertex, subtask, recordsIn }) => `${vertex}/${subtask} (${recordsIn} in)`).join(", ");
}

function jobText({ job }: ClusterStatus): string {
  if (job === null) return "no job yet\n";
  const cause = job.cause === null ? "" : `: ${job.cause}`;
  return `job ${job.jobId}  ${job.state.toUpperCase()} since ${clockTime(job.sinceMs)}, attempt ${job.attempt}${cause}\n`;
}

function checkpointsText({ checkpoints: { completed, aborted, last } }: ClusterStatus): string {
  if (completed + aborted === 0) return "";
  const newest =
    last === null
      ? ""
      : `; the last, ${last.checkpointId}, at ${clockTime(last.endedMs)}: ${formatBytes(last.bytes)} in ${last.durationMs} ms`;
  return `checkpoints  ${completed} completed, ${aborted} aborted${newest}\n`;
}
