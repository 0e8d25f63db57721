import { benchLine } from "../../base/command-line.ts";
import { formatBytes } from "../cli/progress/format-bytes.ts";
import { renderTable } from "../cli/progress/table.ts";
import { taskName } from "../systems/job-shape.ts";
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
  return `${processes}\n${jobText(status)}${tasksProblemText(status)}${replicasText(status)}${checkpointsText(status)}`;
}

function stateText({ role, state, end, zone }: ProcessStatus, { workers }: ClusterStatus): string {
  const where = zone === undefined ? "" : ` in ${zone}`;
  if (state === "ended") return end === null ? "ended" : `ended: ${end}`;
  if (state === "standing") return `stands still${where}`;
  return role.startsWith("worker-") && !workers.includes(role) ? `alive${where}, not registered` : `alive${where}`;
}

function tasksOf(role: string, { tasks, vertices }: ClusterStatus): string {
  const own = tasks.filter(({ worker }) => worker === role);
  return own
    .map(({ vertex, subtask, recordsIn, custom }) => {
      const leads = custom.leading === 1 ? ", leads" : "";
      return `${taskName(vertices, vertex, subtask)} (${recordsIn} in${leads})`;
    })
    .join(", ");
}

function tasksProblemText({ tasksProblem }: ClusterStatus): string {
  return tasksProblem === null ? "" : `tasks        not known now: ${tasksProblem}\n`;
}

/** How many replicas each group has left, where one has lost some; "" without replicas, and when nothing runs. */
function replicasText({ job, vertices, lostReplicas }: ClusterStatus): string {
  const replicated = Object.entries(vertices).filter(([, { replicas }]) => replicas > 1);
  const groups = replicated.reduce((sum, [, { instances }]) => sum + instances, 0);
  if (groups === 0 || job === null || !["running", "draining"].includes(job.state)) return "";
  if (lostReplicas.length === 0) return `replicas     ${groups} groups, all there\n`;
  const byGroup = Map.groupBy(lostReplicas, ({ vertex, subtask }) => {
    return `${vertex}/${Math.floor(subtask / (vertices[vertex]?.replicas ?? 1))}`;
  });
  const left = [...byGroup].map(([group, lost]) => {
    const { replicas } = vertices[lost[0]!.vertex]!;
    return `${group} has ${replicas - lost.length} of ${replicas}`;
  });
  const sinceMs = Math.min(...lostReplicas.map(({ atMs }) => atMs));
  const others = left.length < groups ? "; all others there" : "";
  return `replicas     redundancy lost since ${clockTime(sinceMs)}: ${left.sort().join(", ")}${others}\n`;
}

function jobText({ job, workers }: ClusterStatus): string {
  if (job === null) return "no job yet\n";
  const cause = job.cause === null ? "" : `: ${job.cause}`;
  // What it waits for is known to the coordinator alone; mostly it is workers.
  const there = workers.length === 1 ? "1 worker is there" : `${workers.length} workers are there`;
  const help =
    job.state === "restarting"
      ? `restarts     when it can; ${there}; another one: ${benchLine`cluster add-worker`}\n`
      : "";
  return `job ${job.jobId}  ${job.state.toUpperCase()} since ${clockTime(job.sinceMs)}, attempt ${job.attempt}${cause}\n${help}`;
}

function checkpointsText({ checkpoints: { completed, aborted, last } }: ClusterStatus): string {
  if (completed + aborted === 0) return "";
  const newest =
    last === null
      ? ""
      : `; the last, ${last.checkpointId}, at ${clockTime(last.endedMs)}: ${formatBytes(last.bytes)} in ${last.durationMs} ms`;
  return `checkpoints  ${completed} completed, ${aborted} aborted${newest}\n`;
}
