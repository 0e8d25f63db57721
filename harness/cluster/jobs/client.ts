import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { ClusterClient } from "../../../engine/shell/cluster-client.ts";
import type { ClusterFolder } from "../folder.ts";
import { askKeeper } from "../keeper/client.ts";
import type { ClusterStatus, JobStatus } from "../keeper/protocol.ts";
import { type ClusterState, runningCluster } from "../state.ts";

/** Lets `work` talk to the coordinator, over a connection of its own. */
export async function withCoordinator<T>(address: string, work: (client: ClusterClient) => Promise<T>): Promise<T> {
  const client = new ClusterClient(address);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** What the cluster of this folder is like; `cluster-missing` when it can take no job, its coordinator being gone. */
export async function coordinatedStatus(state: ClusterState): Promise<ClusterStatus> {
  const status = await askKeeper(state, { ask: "status" });
  const coordinator = status.processes.find(({ role }) => role === "coordinator");
  if (coordinator?.state !== "ended") return status;
  throw new FaultlineError("cluster-missing", "the cluster's coordinator is gone, and its workers with it", {
    hint: `There is no standby: ${benchLine`cluster down`}, then ${benchLine`cluster up`}.`,
  });
}

/** The present job; `job-invalid` when there is none, or it has another id than `jobId`. */
export async function presentJob(folder: ClusterFolder, jobId: string | undefined): Promise<JobStatus> {
  const { job } = await coordinatedStatus(runningCluster(folder));
  if (job === null) {
    throw new FaultlineError("job-invalid", "no job was submitted yet", { hint: `${benchLine`submit`} starts one.` });
  }
  if (jobId === undefined || jobId === job.jobId) return job;
  throw new FaultlineError("job-invalid", `there is no job "${jobId}"`, { hint: `The job here is ${job.jobId}.` });
}
