import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import type { ClusterClient, JobStateMessage } from "../../../../engine/shell/cluster-client.ts";
import { JobWatch } from "../../../../harness/cluster/keeper/job-watch.ts";
import { temporaryFolder } from "../../synthetic-run.ts";

it("of all jobs that were ever submitted, the present one and the newest are known by their shape", (t) => {
  let tell: (state: JobStateMessage) => void = () => {};
  const client = {
    onState: (handler: typeof tell) => {
      tell = handler;
    },
    onWorkers: () => {},
    onReplicaLoss: () => {},
    onCheckpointReport: () => {},
    lost: new Promise<never>(() => {}),
  } as unknown as ClusterClient;
  const watch = new JobWatch(client, join(temporaryFolder(t), "record.jsonl"));
  const shape = { lines: { instances: 1, replicas: 2 } };
  watch.setShape("first", shape);
  const running = (jobId: string) => ({ jobId, state: "running", attempt: 1, atUs: 0 }) as unknown as JobStateMessage;
  tell(running("first"));
  for (let i = 0; i < 1_000; i++) watch.setShape(`job-${i}`, shape);
  assert.deepEqual(watch.vertices, shape, "the present one, though it is the oldest");
  tell(running("job-0"));
  assert.deepEqual(watch.vertices, {}, "forgotten");
  tell(running("job-999"));
  assert.deepEqual(watch.vertices, shape);
});
