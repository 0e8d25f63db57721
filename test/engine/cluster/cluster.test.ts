import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sendControl } from "../../../engine/cluster/control-codec.ts";
import { DEFAULT_JOB_OPTIONS } from "../../../engine/cluster/job-spec.ts";
import { readToWorker } from "../../../engine/cluster/message-shapes.ts";
import type { LivenessToCoordinator, WorkerToCoordinator } from "../../../engine/cluster/messages.ts";
import { Worker } from "../../../engine/cluster/worker.ts";
import type { SimulatedCluster } from "../../../engine/simulation/cluster.ts";
import { countJob } from "../simulation/tiny-job.ts";
import { readTiny, tinyBytes } from "../simulation/tiny-rows.ts";
import { NOBODY, pass, runTo, specOf, startCluster } from "./small-cluster.ts";

const history = (cluster: SimulatedCluster, jobId = "j") =>
  cluster.client.states.filter((seen) => seen.jobId === jobId).map(({ state }) => state);

type Report = WorkerToCoordinator | LivenessToCoordinator;

/** A worker that says it has deployed what it is told to (or not even that), and then does nothing any more. */
function startStuckWorker(cluster: SimulatedCluster, answers = true) {
  const process = cluster.startProcess("stuck");
  process.world.network.accept(() => NOBODY);
  const connection = process.world.network.connect("coordinator:1", {
    ...NOBODY,
    onMessage: (bytes) => {
      const message = readToWorker(bytes);
      if (answers && message.type === "deploy") say({ type: "deployed", jobId: "j", attempt: message.attempt });
    },
  });
  const say = (message: Report) => sendControl(connection, message);
  say({ type: "register", worker: "stuck", address: "stuck:1", pid: 1 });
  cluster.runUntil(() => cluster.client.workers.includes("stuck"), "registration");
  return { process, say };
}

describe("a cluster", () => {
  it("holds a job until enough workers are there", () => {
    const cluster = startCluster(1, 50);
    cluster.client.submit(specOf({ bounded: true }), 2);
    pass(cluster, 500_000);
    assert.deepEqual(history(cluster), ["created"]);
    cluster.startWorker("late");
    runTo(cluster, "finished");
    assert.deepEqual(history(cluster), ["created", "deploying", "running", "finished"]);
  });

  it("drains: rows that were in the log are all counted, and the job finishes", () => {
    const cluster = startCluster(2);
    const spec = specOf({ sources: { source: { kind: "memory", brokers: [], topic: "fed", partitions: 2 } } });
    for (let number = 0; number < 3000; number++) {
      cluster.topics.append("fed", number % 2, tinyBytes({ key: number % 5, value: 0, time: number }));
    }
    cluster.client.submit(spec, 2);
    runTo(cluster, "running");
    cluster.client.send({ type: "drain", jobId: "j" });
    runTo(cluster, "finished");
    assert.deepEqual(history(cluster), ["created", "deploying", "running", "draining", "finished"]);
    const rows = [0, 1].flatMap((partition) => cluster.topics.records("out", partition).map(readTiny));
    assert.equal(
      rows.reduce((sum, row) => sum + row.value, 0),
      3000,
    );
    assert.equal(rows.length, 3 * 5);
  });

  it("waits for rows that come later, when it is not bounded", () => {
    const cluster = startCluster(2);
    const spec = specOf({ sources: { source: { kind: "memory", brokers: [], topic: "fed", partitions: 2 } } });
    cluster.client.submit(spec, 2);
    runTo(cluster, "running");
    const feed = (time: number) => {
      for (const partition of [0, 1]) cluster.topics.append("fed", partition, tinyBytes({ key: 1, value: 0, time }));
    };
    feed(10);
    pass(cluster, 100_000);
    feed(2500);
    pass(cluster, 100_000);
    const rows = [0, 1].flatMap((partition) => cluster.topics.records("out", partition).map(readTiny));
    assert.deepEqual(rows, [{ key: 1, value: 2, time: 1000 }]);
    assert.equal(cluster.client.stateOf("j")?.state, "running");
  });

  it("cancels a running job and then takes another one", () => {
    const cluster = startCluster(2, 100);
    const endless = specOf({ sources: { source: { kind: "memory", brokers: [], topic: "empty", partitions: 2 } } });
    cluster.client.submit(endless, 2);
    runTo(cluster, "running");
    cluster.client.submit(specOf({ jobId: "k" }), 2);
    cluster.runUntil(() => cluster.client.refusals.length > 0, "refusal");
    assert.match(cluster.client.refusals[0]!.message, /still running/);
    cluster.client.send({ type: "cancel", jobId: "j" });
    runTo(cluster, "cancelled");
    assert.deepEqual(history(cluster).slice(-2), ["cancelling", "cancelled"]);
    cluster.client.submit(specOf({ jobId: "k", bounded: true }), 2);
    runTo(cluster, "finished", "k");
  });

  for (const state of ["deploying", "running", "draining"] as const) {
    it(`fails the job with worker-lost when a worker dies while it is ${state}`, () => {
      const cluster = startCluster(3);
      cluster.client.submit(specOf({ parallelism: 3 }), 3);
      if (state === "draining") {
        runTo(cluster, "running");
        cluster.client.send({ type: "drain", jobId: "j" });
      }
      runTo(cluster, state);
      cluster.workers[1]!.kill();
      runTo(cluster, "failed");
      assert.equal(cluster.client.stateOf("j")?.failure?.code, "worker-lost");
      assert.match(cluster.client.stateOf("j")!.failure!.message, /worker-1/);
      assert.deepEqual(cluster.client.workers, ["worker-0", "worker-2"]);
    });
  }

  it("deploys to nobody who has died while the job waited for workers", () => {
    const cluster = startCluster(2, 100);
    cluster.client.submit(specOf({ bounded: true }), 3);
    pass(cluster, 100_000);
    cluster.workers[0]!.kill();
    pass(cluster, 100_000);
    cluster.startWorker("late");
    pass(cluster, 100_000);
    assert.deepEqual(history(cluster), ["created"]);
    cluster.startWorker("later");
    runTo(cluster, "finished");
    assert.deepEqual(cluster.client.workers, ["late", "later", "worker-1"]);
  });

  for (const recovery of ["none", "scratch"] as const) {
    it(`does without a worker that never ends its tasks (recovery ${recovery})`, () => {
      const cluster = startCluster(1, 100);
      const { process: stuck, say } = startStuckWorker(cluster);
      cluster.client.submit(specOf({ bounded: true, recovery }), 2);
      runTo(cluster, "running");
      if (recovery === "none") cluster.client.send({ type: "cancel", jobId: "j" });
      else say({ type: "taskState", jobId: "j", attempt: 1, vertex: "map", subtask: 0, state: "failed" });
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      assert.equal(cluster.client.stateOf("j")!.state, recovery === "none" ? "cancelled" : "finished");
      assert.ok(cluster.universe.nowUs < 15_000_000, `${cluster.universe.nowUs} µs`);
      assert.ok(!cluster.client.workers.includes(stuck.name));
    });
  }

  it("takes a long step of a worker's main loop for no death, and writes it down once with its end", () => {
    const cluster = startCluster(1);
    const { say } = startStuckWorker(cluster);
    for (const progress of [1, ...new Array<number>(40).fill(2), 3]) {
      say({ type: "alive", worker: "stuck", progress });
      pass(cluster, 100_000);
    }
    assert.ok(cluster.client.workers.includes("stuck"));
    const told = cluster.universe.journal.filter(({ facts }) => facts.worker === "stuck").map(({ event }) => event);
    assert.deepEqual(told, ["workerRegistered", "workerStalled", "workerGoesOn"]);
    const { facts } = cluster.universe.journal.find(({ event }) => event === "workerGoesOn")!;
    assert.ok(Number(facts.stoodMs) > 3900 && Number(facts.stoodMs) < 4200, `${facts.stoodMs} ms`);
  });

  it("ends a worker that is asked to stop: its tasks are cancelled, which fails the job, and the process exits", () => {
    const cluster = startCluster(1);
    const process = cluster.startProcess("asked");
    const worker = new Worker(process.world, {
      worker: "asked",
      pid: 0,
      coordinatorAddress: "coordinator:1",
      loadJob: (_spec, done) => process.world.timers.soon(() => done(null, countJob(1000))),
      livenessIntervalUs: 100_000,
      connectTimeoutUs: 1_000_000,
    });
    worker.start();
    cluster.client.submit(specOf(), 2);
    runTo(cluster, "running");
    worker.stop();
    assert.equal(process.alive, false);
    runTo(cluster, "failed");
    const { code, message } = cluster.client.stateOf("j")!.failure!;
    assert.match(`${code} ${message}`, /cancelled by worker asked|worker-lost/);
    assert.deepEqual(cluster.client.workers, ["worker-0"]);
    assert.equal(process.endError, null);
  });

  it("refuses a submission that is no job, and says what is wrong with it", () => {
    const cluster = startCluster(1);
    const { options, ...rest } = specOf();
    cluster.client.send({
      type: "submit",
      job: { ...rest, options: { ...options, bufferBytes: "32K" } },
      workers: 1,
    } as never);
    cluster.client.submit(specOf(), 0);
    cluster.runUntil(() => cluster.client.refusals.length === 2, "refusals");
    assert.match(cluster.client.refusals[0]!.message, /job\.options\.bufferBytes: a whole number, 1 or more/);
    assert.match(cluster.client.refusals[1]!.message, /workers/);
  });

  it("ends a cancellation although a worker dies in it", () => {
    const cluster = startCluster(2);
    cluster.client.submit(specOf(), 2);
    runTo(cluster, "running");
    cluster.client.send({ type: "cancel", jobId: "j" });
    cluster.workers[0]!.kill();
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
    assert.ok(["cancelled", "failed"].includes(cluster.client.stateOf("j")!.state));
  });

  it("notices a worker that is silent although its connection stands", () => {
    const cluster = startCluster(1);
    const handler = { ...NOBODY, onClosed: () => assert.fail("own close is not reported") };
    const mute = cluster.workers[0]!.world.network.connect("coordinator:1", handler);
    sendControl(mute, { type: "register", worker: "mute", address: "nowhere:1", pid: 1 });
    sendControl(mute, { type: "alive", worker: "mute", progress: 1 });
    cluster.runUntil(() => cluster.client.workers.includes("mute"), "registration");
    const beganUs = cluster.universe.nowUs;
    cluster.runUntil(() => !cluster.client.workers.includes("mute"), "loss");
    const tookUs = cluster.universe.nowUs - beganUs;
    assert.ok(tookUs > 900_000 && tookUs < 1_300_000, `${tookUs} µs`);
    assert.ok(cluster.client.workers.includes("worker-0"));
  });

  it("reports counters while the job runs and after it has finished", () => {
    const cluster = startCluster(2, 100);
    cluster.client.submit(specOf({ bounded: true }), 2);
    runTo(cluster, "finished");
    cluster.client.send({ type: "counters", jobId: "j" });
    cluster.runUntil(() => cluster.client.counters !== null, "counters");
    assert.deepEqual(
      cluster.client.counters!.map(({ vertex, subtask }) => `${vertex}/${subtask}`),
      ["map/0", "map/1", "source/0", "source/1", "window/0", "window/1"],
    );
    cluster.client.send({ type: "counters", jobId: "unknown" });
    cluster.runUntil(() => cluster.client.refusals.length > 0, "refusal");
  });

  it("discards into a sink that only counts, with the same checksum for any parallelism", () => {
    const sums = [1, 2].map((parallelism) => {
      const cluster = startCluster(2, 1000);
      const sinks = { sink: { kind: "discard", brokers: [], topic: "", partitions: 1 } };
      cluster.client.submit(specOf({ bounded: true, sinks, parallelism }), 2);
      runTo(cluster, "finished");
      cluster.client.send({ type: "counters", jobId: "j" });
      cluster.runUntil(() => cluster.client.counters !== null, "counters");
      const total = (name: string) =>
        cluster.client.counters!.reduce((sum, { custom }) => sum + (custom[name] ?? 0), 0);
      return [total("discarded"), total("checksumHigh") % 2 ** 32, total("checksumLow") % 2 ** 32];
    });
    assert.deepEqual(sums[0], sums[1]);
    assert.equal(sums[0]![0], 2 * 5);
  });

  it("shuts down: workers first, then the coordinator", () => {
    const cluster = startCluster(2);
    cluster.client.submit(specOf(), 2);
    runTo(cluster, "running");
    cluster.client.send({ type: "shutdown" });
    cluster.runUntil(() => cluster.client.closed, "shutdown");
    assert.deepEqual(
      [cluster.coordinator, ...cluster.workers].map(({ alive }) => alive),
      [false, false, false],
    );
    const exits = cluster.universe.journal.filter(({ event }) => event === "exit").map(({ process }) => process);
    assert.equal(exits.at(-1), "coordinator");
    assert.equal(exits.length, 3);
    assert.equal(history(cluster).at(-1), "cancelled");
  });

  it("ends its workers when the coordinator dies", () => {
    const cluster = startCluster(2);
    cluster.client.submit(specOf(), 2);
    runTo(cluster, "running");
    cluster.coordinator.kill();
    cluster.runUntil(() => cluster.workers.every(({ alive }) => !alive), "end of the workers");
  });

  it("gives up on a coordinator that does not exist, with an error", () => {
    const cluster = startCluster(1);
    cluster.coordinator.kill();
    const late = cluster.startWorker("late");
    cluster.runUntil(() => !late.alive, "end of the worker");
    assert.match(late.endError!.message, /no coordinator at coordinator:1/);
  });

  it("gives up a deployment that a worker neither answers nor dies in, does without that worker and starts again", () => {
    for (const recovery of ["none", "scratch"] as const) {
      const cluster = startCluster(2, 200);
      const { say } = startStuckWorker(cluster, false);
      const signs = () => {
        say({ type: "alive", worker: "stuck", progress: 1 });
        cluster.universe.queue.at(cluster.universe.nowUs + 100_000, signs);
      };
      signs();
      const options = { ...DEFAULT_JOB_OPTIONS, deployTimeoutUs: 3_000_000 };
      cluster.client.submit(specOf({ bounded: true, recovery, options }), 3);
      cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
      const stuck = cluster.client.states.find(({ failure }) => failure !== undefined)!;
      assert.match(stuck.failure!.message, /not deployed within 3 s: no answer of stuck/);
      const end = recovery === "none" ? ["failing", "failed"] : ["restarting", "deploying", "running", "finished"];
      assert.deepEqual(history(cluster), ["created", "deploying", ...end]);
    }
  });
});
