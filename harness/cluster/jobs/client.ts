import { FaultlineError } from "../../../base/errors.ts";
import { ClusterClient } from "../../../engine/shell/cluster-client.ts";
import type { ClusterFolder } from "../folder.ts";
import { askKeeper } from "../keeper/client.ts";
import type { JobStatus } from "../keeper/protocol.ts";
import { runningCluster } from "../state.ts";

/** Lets `work` talk to the coordinator, over a connection of its own. */
export async function withCoordinator<T>(address: string, work: (client: ClusterClient) => Promise<T>): Promise<T> {
  const client = new ClusterClient(address);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** The present job; `job-invalid` when there is none, or it has another id than `jobId`. */
export async function presentJob(folder: ClusterFolder, jobId: string | undefined): Promise<JobStatus> {
  const { job } = await askKeeper(runningCluster(folder), { ask: "status" });
  if (job === null) {
    throw new FaultlineError("job-invalid", "no job was submitted yet", { hint: "bench submit starts one." });
  }
  if (jobId === undefined || jobId === job.jobId) return job;
  throw new FaultlineError("job-invalid", `there is no job "${jobId}"`, { hint: `The job here is ${job.jobId}.` });
}
