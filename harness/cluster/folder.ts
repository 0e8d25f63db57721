import { join, resolve } from "node:path";

/** Where a cluster that is played with by hand keeps what it has, unless another folder is named. */
const DEFAULT_FOLDER = ".faultline/cluster";

/** Files of such a cluster. */
export interface ClusterFolder {
  readonly path: string;
  /** `ClusterState`, while the cluster runs. */
  readonly state: string;
  /** One log file a process. */
  readonly logs: string;
  /** What jobs, workers and faults did, one JSON line each; goes on from cluster to cluster. */
  readonly record: string;
  /** Rows of jobs that write to no topic: a folder a job, in it a file a worker. */
  readonly output: string;
  /** Control file of faults of the checkpoint store. */
  readonly storeFaults: string;
}

export function clusterFolder(cwd: string, directory: string = DEFAULT_FOLDER): ClusterFolder {
  const path = resolve(cwd, directory);
  return {
    path,
    state: join(path, "cluster.json"),
    logs: join(path, "logs"),
    record: join(path, "record.jsonl"),
    output: join(path, "output"),
    storeFaults: join(path, "store-faults.json"),
  };
}
