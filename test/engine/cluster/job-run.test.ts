import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JobRun } from "../../../engine/cluster/job-run.ts";
import { DEFAULT_JOB_OPTIONS, type JobSpec, type Recovery } from "../../../engine/cluster/job-spec.ts";
import type { CoordinatorToWorker } from "../../../engine/cluster/messages.ts";
import type { LogicalGraph } from "../../../engine/dataflow/graph.ts";
import { countJob, graphOf, sourceNode } from "../simulation/tiny-job.ts";
import { recoveryEffects } from "./recovery-effects.ts";

const SPEC: JobSpec = {
  jobId: "j",
  name: "j",
  module: "m",
  parameters: {},
  parallelism: 2,
  keyGroups: 16,
  sources: {},
  sinks: {},
  options: DEFAULT_JOB_OPTIONS,
  bounded: false,
};
const WORKERS = ["w0", "w1"].map((worker) => ({ worker, address: `${worker}:1` }));
const VERTICES = ["source", "map", "window"];

/** A job run whose world is a list of what it did. */
function start(graph: LogicalGraph = countJob(10), recovery: Recovery = "none") {
  const done: string[] = [];
  const sent: { worker: string; message: CoordinatorToWorker }[] = [];
  let loaded: (() => void) | null = null;
  const late: (() => void)[] = [];
  const run: JobRun = new JobRun({ ...SPEC, recovery }, 2, 1, 5, {
    load: (_spec, answer) => {
      loaded = () => answer(null, graph);
    },
    send: (worker, message) => {
      done.push(`${message.type} ${worker}`);
      sent.push({ worker, message });
    },
    transition: (state, failure) => done.push(failure === null ? state : `${state} (${failure.code})`),
    ...recoveryEffects({ ...SPEC, recovery }),
    attemptBegins: () => {},
    replicaLost: ({ vertex, subtask }) => done.push(`lost ${vertex}/${subtask}`),
    after: (_delayUs, callback) => late.push(callback),
  });
  run.begin();
  const tasks = (state: "running" | "finished" | "failed" | "cancelled", worker?: string) => {
    for (const vertex of VERTICES) {
      for (const subtask of [0, 1]) {
        if (worker === undefined || worker === `w${subtask}`)
          run.onTaskState(`w${subtask}`, vertex, subtask, state, null);
      }
    }
  };
  const deploy = () => {
    loaded!();
    run.onWorkers(WORKERS);
  };
  const begin = () => {
    deploy();
    run.onDeployed("w0");
    run.onDeployed("w1");
    tasks("running");
  };
  const take = () => done.splice(0);
  const timeOut = () => {
    for (const callback of late.splice(0)) callback();
  };
  return { run, sent, deploy, begin, tasks, take, timeOut, load: () => loaded!() };
}

const CANCELS = ["cancel w0", "cancel w1"];

describe("a job run", () => {
  it("waits for enough workers, deploys to all, starts when all are ready, finishes with its last task", () => {
    const { run, sent, load, tasks, take } = start();
    load();
    run.onWorkers(WORKERS.slice(0, 1));
    assert.deepEqual(take(), []);
    run.onWorkers(WORKERS);
    assert.deepEqual(take(), ["deploying", "deploy w0", "deploy w1"]);
    const { message } = sent[0]!;
    assert.ok(message.type === "deploy" && message.epoch === 5 && message.attempt === 1);
    assert.equal(message.placements.length, 6);
    run.onDeployed("w1");
    assert.deepEqual(take(), []);
    run.onDeployed("w0");
    assert.deepEqual(take(), ["start w0", "start w1", "running"]);
    tasks("running");
    tasks("finished", "w0");
    assert.deepEqual(take(), []);
    tasks("finished", "w1");
    assert.deepEqual(take(), ["finished"]);
  });

  it("fails at once when it cannot be planned", () => {
    const { run, deploy, take } = start(graphOf(sourceNode()));
    deploy();
    assert.deepEqual(take(), ["failed (job-invalid)"]);
    assert.match(run.failure!.message, /no sink/);
  });

  it("drains when asked to, also when asked before it runs", () => {
    const early = start();
    early.run.drain();
    early.begin();
    assert.deepEqual(early.take().slice(-4), ["running", "drain w0", "drain w1", "draining"]);
    early.tasks("finished");
    assert.deepEqual(early.take(), ["finished"]);
  });

  it("survives the loss of a worker it does not use yet", () => {
    const { run, load, take } = start();
    run.onWorkers(WORKERS);
    run.onWorkerLost("w1", "gone");
    run.onWorkers(WORKERS.slice(0, 1));
    load();
    assert.deepEqual(take(), []);
    run.onWorkers([WORKERS[0]!, { worker: "w2", address: "w2:1" }]);
    assert.deepEqual(take(), ["deploying", "deploy w0", "deploy w2"]);
  });

  it("fails when a worker is lost while deploying, running or draining, once the others' tasks have ended", () => {
    const prepare = {
      deploying: (job: ReturnType<typeof start>) => job.deploy(),
      running: (job: ReturnType<typeof start>) => job.begin(),
      draining: (job: ReturnType<typeof start>) => {
        job.begin();
        job.run.drain();
      },
    };
    for (const [state, reach] of Object.entries(prepare)) {
      const job = start();
      reach(job);
      assert.equal(job.run.state, state);
      job.take();
      job.run.onWorkerLost("w0", "connection reset");
      assert.deepEqual(job.take(), ["cancel w1", "failing (worker-lost)"], state);
      assert.match(job.run.failure!.message, /w0 is lost: connection reset/);
      job.tasks("cancelled", "w1");
      assert.deepEqual(job.take(), ["failed (worker-lost)"], state);
    }
  });

  it("does not wait for tasks of lost workers in failing and cancelling", () => {
    for (const end of ["failed", "cancelled"] as const) {
      const job = start();
      job.begin();
      if (end === "failed") job.run.onTaskState("w0", "map", 0, "failed", { code: "job-failed", message: "x" });
      else job.run.cancel();
      job.take();
      job.tasks("cancelled", "w0");
      assert.deepEqual(job.take(), []);
      job.run.onWorkerLost("w1", "gone");
      assert.equal(job.run.state, end);
      assert.equal(job.run.failure?.code, end === "failed" ? "job-failed" : undefined);
    }
  });

  it("keeps the first failure and tells all workers to cancel", () => {
    const job = start();
    job.begin();
    job.take();
    job.run.onTaskState("w0", "map", 0, "failed", { code: "kafka-timeout", message: "first" });
    job.run.onTaskState("w1", "map", 1, "failed", { code: "job-failed", message: "second" });
    assert.deepEqual(job.take(), [...CANCELS, "failing (kafka-timeout)"]);
    job.tasks("cancelled");
    assert.deepEqual(job.take(), ["failed (kafka-timeout)"]);
    assert.equal(job.run.failure!.message, "first");
  });

  it("restarts from scratch on the workers that are left, once every task of the lost attempt has ended", () => {
    const job = start(countJob(10), "scratch");
    job.begin();
    job.take();
    job.run.onWorkers(WORKERS.slice(0, 1));
    job.run.onWorkerLost("w1", "gone");
    assert.deepEqual(job.take(), ["cancel w0", "restarting (worker-lost)"]);
    job.tasks("cancelled", "w0");
    assert.deepEqual(job.take(), ["deploying", "deploy w0"]);
    assert.equal(job.run.attempt, 2);
    const { message } = job.sent.at(-1)!;
    assert.ok(message.type === "deploy" && message.attempt === 2 && message.placements.length === 6);
    job.run.onDeployed("w0");
    assert.deepEqual(job.take(), ["start w0", "running"]);
    job.timeOut();
    assert.equal(job.run.state, "running", "the limit of a restart that is over concerns nobody");
  });

  it("drains after the restart when it was draining before, and can be cancelled while it restarts", () => {
    const job = start(countJob(10), "scratch");
    job.begin();
    job.run.drain();
    job.run.onWorkers(WORKERS.slice(1));
    job.run.onWorkerLost("w0", "gone");
    job.tasks("cancelled", "w1");
    job.take();
    job.run.onDeployed("w1");
    assert.deepEqual(job.take(), ["start w1", "running", "drain w1", "draining"]);
    job.run.onWorkers([]);
    job.run.onWorkerLost("w1", "gone");
    assert.equal(job.run.state, "restarting");
    job.run.cancel();
    assert.equal(job.run.state, "cancelled");
  });

  it("gives up a restart in which tasks do not end", () => {
    const job = start(countJob(10), "scratch");
    job.begin();
    job.run.onWorkers(WORKERS.slice(0, 1));
    job.run.onWorkerLost("w1", "gone");
    job.timeOut();
    assert.equal(job.run.state, "failed");
    assert.match(job.run.failure!.message, /tasks have not ended: .*source\/0.*; it was needed because .*w1 is lost/);
  });

  it("can be cancelled in every state; an ended one stays as it is", () => {
    const created = start();
    created.run.cancel();
    assert.deepEqual(created.take(), ["cancelled"]);
    created.deploy();
    assert.deepEqual(created.take(), []);
    const deploying = start();
    deploying.deploy();
    deploying.take();
    deploying.run.cancel();
    assert.deepEqual(deploying.take(), [...CANCELS, "cancelling"]);
    deploying.run.onDeployed("w0");
    deploying.run.onDeployed("w1");
    deploying.tasks("cancelled");
    assert.deepEqual(deploying.take(), ["cancelled"]);
    const finished = start();
    finished.begin();
    finished.tasks("finished");
    finished.take();
    finished.run.cancel();
    finished.run.onWorkerLost("w0", "gone");
    assert.deepEqual([finished.take(), finished.run.state], [[], "finished"]);
  });

  it("ignores reports of tasks that a worker does not run", () => {
    const job = start();
    job.begin();
    job.take();
    job.run.onTaskState("w1", "map", 0, "failed", null);
    job.run.onTaskState("w0", "nothing", 0, "failed", null);
    assert.deepEqual([job.take(), job.run.state], [[], "running"]);
  });
});
