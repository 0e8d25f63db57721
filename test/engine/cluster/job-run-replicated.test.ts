import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JobRun } from "../../../engine/cluster/job-run.ts";
import { DEFAULT_JOB_OPTIONS, type JobSpec, type Recovery } from "../../../engine/cluster/job-spec.ts";
import { countJob } from "../simulation/tiny-job.ts";
import { recoveryEffects } from "./recovery-effects.ts";

const SPEC: JobSpec = {
  jobId: "j",
  name: "j",
  module: "m",
  parameters: {},
  parallelism: 1,
  keyGroups: 16,
  sources: {},
  sinks: {},
  options: DEFAULT_JOB_OPTIONS,
  bounded: false,
  replication: {
    factor: 2,
    sources: false,
    cutLog: { kind: "memory", brokers: [], topic: "cuts" },
    heartbeatIntervalUs: 1000,
    heartbeatRecords: 0,
    maxLagBytes: 1000,
    silentIntervals: 10,
  },
};
/** The source and the sink are on w0; each of the others has a replica of all the rest. */
const WORKERS = ["w0", "w1", "w2"];
const INNER = ["map", "window"];

function deploy(recovery: Recovery = "none") {
  const done: string[] = [];
  const run: JobRun = new JobRun({ ...SPEC, recovery }, 3, 1, 5, {
    load: (_spec, answer) => answer(null, countJob(10)),
    send: (worker, message) => {
      const task = message.type === "replicaLost" ? ` ${message.vertex}/${message.subtask}` : "";
      done.push(`${message.type}${task} ${worker}`);
    },
    transition: (state, failure) => done.push(failure === null ? state : `${state} (${failure.code})`),
    ...recoveryEffects({ ...SPEC, recovery }),
    attemptBegins: () => {},
    replicaLost: ({ vertex, subtask }) => done.push(`lost ${vertex}/${subtask}`),
    after: () => {},
  });
  run.begin();
  run.onWorkers(WORKERS.map((worker) => ({ worker, address: `${worker}:1` })));
  const take = () => done.splice(0);
  const all = (state: "running" | "finished" | "cancelled", workers = WORKERS) => {
    for (const worker of workers) {
      if (worker === "w0") for (const vertex of ["source", "sink"]) run.onTaskState(worker, vertex, 0, state, null);
      else for (const vertex of INNER) run.onTaskState(worker, vertex, worker === "w1" ? 0 : 1, state, null);
    }
  };
  const begin = () => {
    for (const worker of WORKERS) run.onDeployed(worker);
    all("running");
    take();
  };
  return { run, take, all, begin };
}

describe("a replicated job run", () => {
  it("goes on without a lost worker, tells the others which replicas are gone, and finishes with those that are left", () => {
    const { run, take, all, begin } = deploy();
    begin();
    run.onWorkerLost("w1", "reset");
    const told = INNER.flatMap((vertex) => [
      `lost ${vertex}/0`,
      `replicaLost ${vertex}/0 w0`,
      `replicaLost ${vertex}/0 w2`,
    ]);
    assert.deepEqual(take(), told);
    assert.equal(run.state, "running");
    all("finished", ["w0", "w2"]);
    assert.deepEqual(take(), ["finished"]);
  });

  it("starts without a worker that is lost while deploying", () => {
    const { run, take } = deploy();
    run.onDeployed("w0");
    run.onDeployed("w1");
    take();
    run.onWorkerLost("w2", "reset");
    assert.deepEqual(take().slice(-3), ["start w0", "start w1", "running"]);
  });

  it("fails when the last replica of a group is lost, or a task that has none", () => {
    for (const second of ["w2", "w0"]) {
      const { run, take, begin } = deploy();
      begin();
      run.onWorkerLost("w1", "reset");
      take();
      run.onWorkerLost(second, "reset");
      assert.ok(take().includes("failing (worker-lost)"), second);
    }
  });

  it("recovers from scratch when a group is lost and the job wants that", () => {
    const { run, take, begin } = deploy("scratch");
    begin();
    run.onWorkerLost("w0", "reset");
    assert.ok(take().includes("restarting (worker-lost)"));
  });

  it("goes on when a replica fails alone, and does not count it twice", () => {
    const { run, take, begin } = deploy();
    begin();
    run.onTaskState("w2", "map", 1, "failed", { code: "worker-lost", message: "starved" });
    run.onTaskState("w2", "map", 1, "cancelled", null);
    assert.deepEqual(take(), ["lost map/1", "replicaLost map/1 w0", "replicaLost map/1 w1", "replicaLost map/1 w2"]);
    run.onTaskState("w1", "map", 0, "failed", { code: "job-failed", message: "bug" });
    assert.ok(take().includes("failing (job-failed)"));
  });

  it("gives up a replica that lags, never the last one", () => {
    const { run, take, begin } = deploy();
    begin();
    run.onReplicaLagging("window", 1);
    assert.equal(take()[0], "lost window/1");
    run.onReplicaLagging("window", 1);
    run.onReplicaLagging("window", 0);
    run.onReplicaLagging("sink", 0);
    assert.deepEqual(take(), []);
  });

  it("loses nothing with a worker whose tasks have all finished", () => {
    const { run, take, all, begin } = deploy();
    begin();
    all("finished", ["w1"]);
    run.onWorkerLost("w1", "reset");
    assert.deepEqual(take(), []);
    all("finished", ["w0", "w2"]);
    assert.deepEqual(take(), ["finished"]);
  });

  it("fails with the cut log", () => {
    const { run, take, begin } = deploy();
    begin();
    run.onFailure({ code: "job-failed", message: "cut log: gone" });
    assert.equal(take().at(-1), "failing (job-failed)");
  });
});
