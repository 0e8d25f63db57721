import assert from "node:assert/strict";
import { it } from "node:test";
import { FaultlineError } from "../../../../base/errors.ts";
import { clusterStatus } from "../../../../harness/cluster/keeper/status.ts";

type Parts = Parameters<typeof clusterStatus>[0];

function parts(state: string, counters: () => Promise<readonly never[]>): Parts {
  const job = { jobId: "j-1", state, attempt: 1, sinceMs: 0, cause: null };
  return {
    cluster: { processes: [], zones: new Map() },
    kafka: null,
    zookeeper: null,
    watch: { job, workers: [], checkpoints: { completed: 0, aborted: 0, last: null }, vertices: {}, lostReplicas: [] },
    client: { counters },
  } as unknown as Parts;
}

const SILENT = () => Promise.reject(new FaultlineError("cluster-protocol", "the coordinator did not answer"));

it("a coordinator that does not tell of the tasks is named as the reason why there are none", async () => {
  const { tasks, tasksProblem } = await clusterStatus(parts("running", SILENT), () => null);
  assert.deepEqual([tasks, tasksProblem], [[], "the coordinator did not answer"]);
});

it("nobody is asked for the tasks of a job that does not run", async () => {
  for (const [state, counters] of [
    ["finished", SILENT],
    ["running", async () => []],
  ] as const) {
    assert.equal((await clusterStatus(parts(state, counters), () => null)).tasksProblem, null);
  }
});
