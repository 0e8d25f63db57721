import assert from "node:assert/strict";
import { it } from "node:test";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import type { ClusterStatus } from "../../../harness/cluster/keeper/protocol.ts";
import type { ClusterState } from "../../../harness/cluster/state.ts";
import { statusText } from "../../../harness/cluster/status-text.ts";

const STATE = { keeper: { pid: 5 } } as unknown as ClusterState;

const task = (vertex: string, subtask: number, custom: TaskCounters["custom"] = {}): TaskCounters => ({
  vertex,
  subtask,
  worker: "worker-1",
  recordsIn: 7,
  recordsOut: 0,
  bytesOut: 0,
  busyUs: 0,
  blockedUs: 0,
  watermarkMs: null,
  custom,
});

const STATUS: ClusterStatus = {
  processes: [
    { role: "worker-1", pid: 11, state: "alive", end: null, zone: "a" },
    { role: "worker-2", pid: 12, state: "standing", end: null },
  ],
  workers: ["worker-1", "worker-2"],
  job: { jobId: "j-1", state: "running", attempt: 1, sinceMs: 0, cause: null },
  tasks: [task("counts", 3, { leading: 1 }), task("lines", 1)],
  tasksProblem: null,
  vertices: { counts: { instances: 2, replicas: 2 }, lines: { instances: 2, replicas: 1 } },
  lostReplicas: [],
  checkpoints: { completed: 0, aborted: 0, last: null },
};

const lost = (vertex: string, subtask: number) => ({ vertex, subtask, atMs: 1_000, cause: "gone" });

it("ps names replicas, who leads, and the zones of workers", () => {
  const text = statusText(STATE, STATUS);
  assert.match(text, /worker-1 +11 +alive in a +counts\/1\.1 \(7 in, leads\), lines\/1 \(7 in\)/);
  assert.match(text, /worker-2 +12 +stands still\n/);
  assert.match(text, /replicas {5}2 groups, all there\n/);
});

it("ps says so when the coordinator did not tell of the tasks in time", () => {
  const text = statusText(STATE, { ...STATUS, tasks: [], tasksProblem: "no answer within 1000 ms" });
  assert.match(text, /^tasks {8}not known now: no answer within 1000 ms$/m);
  assert.doesNotMatch(statusText(STATE, STATUS), /not known/);
});

it("ps tells of a job that waits to start again how many workers there are, and how to add one", () => {
  const job = { ...STATUS.job!, state: "restarting" };
  assert.match(
    statusText(STATE, { ...STATUS, job, workers: ["worker-1"] }),
    /1 worker is there; .*bench cluster add-worker\n/,
  );
  assert.doesNotMatch(statusText(STATE, STATUS), /add-worker/);
});

it("ps tells what is left of each group that has lost replicas, and nothing of replicas where there are none", () => {
  const one = statusText(STATE, { ...STATUS, lostReplicas: [lost("counts", 2)] });
  assert.match(one, /redundancy lost since .*: counts\/1 has 1 of 2; all others there\n/);
  const all = statusText(STATE, { ...STATUS, lostReplicas: [lost("counts", 3), lost("counts", 0)] });
  assert.match(all, /: counts\/0 has 1 of 2, counts\/1 has 1 of 2\n/);
  assert.doesNotMatch(statusText(STATE, { ...STATUS, vertices: {} }), /replicas/);
  const ended = { ...STATUS, job: { ...STATUS.job!, state: "finished" } };
  assert.doesNotMatch(statusText(STATE, ended), /replicas/);
});
