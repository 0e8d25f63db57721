import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import { aimsOf, type FaultSpec } from "../../../harness/faults/schema.ts";
import { processesAt, resolveTargets, type Scene } from "../../../harness/faults/targets.ts";

const process = (role: string, pid: number) => ({ role, pid, name: role });
const task = (vertex: string, subtask: number, worker: string): TaskCounters => ({
  vertex,
  subtask,
  worker,
  recordsIn: 0,
  recordsOut: 0,
  bytesOut: 0,
  busyUs: 0,
  blockedUs: 0,
  watermarkMs: null,
  custom: {},
});

const SCENE: Omit<Scene, "random"> = {
  places: [
    { name: "worker/1", process: process("worker-4", 11) },
    { name: "worker/2", process: process("worker-2", 12) },
    { name: "worker/3", process: null },
    { name: "coordinator", process: process("coordinator", 10) },
  ],
  brokerPid: 99,
  tasks: [task("count", 0, "worker-4"), task("count", 1, "worker-2"), task("bids", 0, "worker-3")],
};

function resolve(target: string | readonly string[], scene: Partial<Scene> = {}) {
  const fault: FaultSpec = { kind: "pause", target, duration: 1, at: 1 };
  return resolveTargets(aimsOf(fault), { ...SCENE, random: new Random(1), ...scene });
}

function pids(found: ReturnType<typeof resolve>): readonly number[] | string {
  return typeof found === "string" ? found : found.map((one) => one.process.pid);
}

describe("targets", () => {
  it("are places, roles of processes, and the broker", () => {
    assert.deepEqual(pids(resolve("worker/1")), [11]);
    assert.deepEqual(pids(resolve("worker-4")), [11], "who stands at worker/1 now");
    assert.deepEqual(pids(resolve("coordinator")), [10]);
    assert.deepEqual(pids(resolve("broker")), [99]);
    const [worker, coordinator] = resolve(["worker/2", "coordinator"]);
    assert.deepEqual(
      [worker, coordinator].map((one) => typeof one === "object" && one.isWorker),
      [true, false],
    );
  });

  it("are workers by what they run", () => {
    const [found] = resolve("count/1");
    assert.deepEqual(found, {
      target: "count/1",
      process: process("worker-2", 12),
      isWorker: true,
      found: "count/1: worker/2",
    });
  });

  it("drawn at random are workers that are there, several of them different ones", () => {
    for (let seed = 0; seed < 20; seed++) {
      const found = pids(resolve(["random", "random"], { random: new Random(seed) }));
      assert.deepEqual([...(found as number[])].sort(), [11, 12]);
    }
    assert.equal(pids(resolve(["random", "random", "random"])), "there is no worker left to draw");
  });

  it("that are zones are all their workers that are there, each with a record of its own", () => {
    const zoned = (role: string, pid: number, zone: string) => ({ ...process(role, pid), zone });
    const places = [
      { name: "worker/1", process: zoned("worker-1", 11, "a") },
      { name: "worker/2", process: zoned("worker-2", 12, "b") },
      { name: "worker/3", process: zoned("worker-3", 13, "a") },
      { name: "worker/4", process: null },
      { name: "coordinator", process: process("coordinator", 10) },
    ];
    const found = resolve(["zone:a", "worker/1"], { places });
    assert.deepEqual(pids(found), [11, 13]);
    assert.deepEqual(typeof found === "object" && found.map((one) => [one.target, one.found, one.isWorker]), [
      ["zone:a", "zone:a: worker/1", true],
      ["zone:a", "zone:a: worker/3", true],
    ]);
    assert.equal(resolve("zone:c", { places }), "no worker is in zone c now");
    const link: FaultSpec = { kind: "partition", target: "zone:a<->zone:b", duration: 1, at: 1 };
    const scene = { ...SCENE, places, random: new Random(1) };
    assert.deepEqual(pids(resolveTargets(aimsOf(link), scene)), [11], "a link is struck once");
    assert.deepEqual(
      processesAt("zone:a", places).map(({ pid }) => pid),
      [11, 13],
    );
  });

  it("that mean the same process strike it once", () => {
    assert.deepEqual(pids(resolve(["worker/2", "count/1", "worker/1"])), [12, 11]);
  });

  it("that are not there are named with the reason", () => {
    assert.equal(resolve("worker/9"), "there is no worker/9");
    assert.equal(resolve("worker/3"), "nobody serves as worker/3 now");
    assert.equal(resolve("leader"), "there is no leader");
    assert.equal(resolve("cuont/0"), "no task cuont/0 is known; the job's operators: count, bids");
    assert.equal(resolve("bids/0"), "nobody runs bids/0 now");
    assert.equal(resolve("broker", { brokerPid: null }), "there is no broker of Faultline's own");
  });

  it("of links and stores are found by a process that stands for them", () => {
    const link: FaultSpec = { kind: "partition", target: "worker/2->broker", duration: 1, at: 1 };
    assert.deepEqual(aimsOf(link), [{ written: "worker/2->broker", target: "worker/2", isOne: true }]);
    const store: FaultSpec = { kind: "storeSlow", delay: 5, duration: 1, at: 1 };
    assert.deepEqual(aimsOf(store), [{ written: "store", target: "coordinator" }]);
    const broker: FaultSpec = { kind: "brokerKill", duration: 0, at: 1 };
    assert.deepEqual(aimsOf(broker), [{ written: "broker", target: "broker" }]);
  });
});
