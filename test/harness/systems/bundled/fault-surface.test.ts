import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JobStateMessage } from "../../../../engine/shell/cluster-client.ts";
import type { Cluster } from "../../../../harness/systems/bundled/cluster.ts";
import { BundledFaultSurface } from "../../../../harness/systems/bundled/fault-surface.ts";
import type { SpawnedProcess, SystemState } from "../../../../harness/systems/system.ts";

const child = (role: string, pid: number): SpawnedProcess => ({
  role,
  pid,
  onLine: () => {},
  send: () => {},
  stop: async () => {},
  exited: new Promise(() => {}),
});

function rig({ replaces = true, spares = 0 } = {}) {
  let nowUs = 0;
  let nextPid = 20;
  const workers = [child("worker-1", 11), child("worker-2", 12)];
  const spare = Array.from({ length: spares }, (_, n) => child(`worker-${n + 3}`, 13 + n));
  const watched: string[] = [];
  const zones = new Map([["worker-1", "a"]]);
  const cluster: Cluster = {
    coordinatorAddress: "",
    workerFlags: [],
    workers,
    spares: spare,
    processes: [child("coordinator", 10), ...workers, ...spare],
    zones,
    startWorker: (name, zone) => {
      if (zone !== undefined) zones.set(name, zone);
      return child(name, nextPid++);
    },
  };
  const surface = new BundledFaultSurface(
    cluster,
    replaces,
    ({ role }) => watched.push(role),
    () => nowUs,
  );
  const serving = () => surface.places().map(({ name, process }) => `${name} ${process?.pid ?? "nobody"}`);
  const setNow = (us: number) => {
    nowUs = us;
  };
  return { surface, serving, watched, setNow };
}

describe("places of the bundled cluster", () => {
  it("are its workers and its coordinator", () => {
    assert.deepEqual(rig().serving(), ["worker/1 11", "worker/2 12", "coordinator 10"]);
  });

  it("are empty from a worker's end until its replacement has registered", () => {
    const { surface, serving, watched } = rig();
    const started: number[] = [];
    surface.onProcess(({ pid }) => started.push(pid));
    surface.onWorkers(["worker-1", "worker-2"]);
    surface.expectEnd(11);
    surface.onExpectedEnd(11);
    surface.onWorkers(["worker-2"]);
    assert.deepEqual([watched, started], [["worker-3"], [20]], "replaced once, though told of twice");
    assert.deepEqual(serving(), ["worker/1 nobody", "worker/2 12", "coordinator 10"]);
    surface.onWorkers(["worker-2", "worker-3"]);
    assert.deepEqual(serving(), ["worker/1 20", "worker/2 12", "coordinator 10"]);
  });

  it("go to a spare worker at once, and the new one is the spare", () => {
    const { surface, serving, watched } = rig({ spares: 1 });
    surface.onWorkers(["worker-1", "worker-2", "worker-3"]);
    surface.expectEnd(12);
    surface.onExpectedEnd(12);
    assert.deepEqual([serving()[1], watched], ["worker/2 13", ["worker-4"]]);
    surface.expectEnd(20);
    surface.onExpectedEnd(20);
    assert.deepEqual(
      [serving()[1], watched],
      ["worker/2 13", ["worker-4", "worker-5"]],
      "a lost spare is replaced too",
    );
  });

  it("are in the zones of their workers; a replacement is in that of the lost one", () => {
    const { surface } = rig();
    const zones = () => surface.places().map(({ process }) => process?.zone);
    assert.deepEqual(zones(), ["a", undefined, undefined]);
    surface.onWorkers(["worker-1", "worker-2"]);
    surface.expectEnd(11);
    surface.onExpectedEnd(11);
    surface.onWorkers(["worker-2", "worker-3"]);
    assert.deepEqual(surface.places()[0], {
      name: "worker/1",
      process: { role: "worker-3", pid: 20, name: "worker-3", zone: "a" },
    });
  });

  it("of a paused worker that was given up go to another one; it may end when it finds out", () => {
    const { surface, serving, setNow } = rig();
    surface.onWorkers(["worker-1", "worker-2"]);
    surface.expectEnd(11, 5_000);
    surface.onWorkers(["worker-2"]);
    surface.onWorkers(["worker-2", "worker-3"]);
    assert.equal(serving()[0], "worker/1 20");
    setNow(1e12);
    assert.ok(surface.isExpected(11), "however long it stands still");
    surface.onExpectedEnd(11);
    assert.equal(serving()[0], "worker/1 20", "nobody takes the place a second time");
  });

  it("stay as they are where nothing is replaced, after the run, and when nobody was struck", () => {
    const none = rig({ replaces: false });
    none.surface.expectEnd(11);
    none.surface.onExpectedEnd(11);
    const closed = rig();
    closed.surface.close();
    closed.surface.expectEnd(11);
    closed.surface.onExpectedEnd(11);
    const unplanned = rig();
    unplanned.surface.onWorkers(["worker-1", "worker-2"]);
    unplanned.surface.onWorkers(["worker-2"]);
    assert.deepEqual([none.watched, closed.watched, unplanned.watched], [[], [], []]);
    assert.equal(unplanned.serving()[0], "worker/1 nobody");
  });

  it("are filled again for hours, but not by workers that end as soon as they start", () => {
    const { surface, watched, setNow } = rig();
    const strike = (role: string, pid: number) => {
      surface.onWorkers(["worker-2", role]);
      surface.expectEnd(pid);
      surface.onExpectedEnd(pid);
    };
    strike("worker-1", 11);
    for (let n = 1; n < 3_000; n++) {
      setNow(n * 2_000_000);
      strike(`worker-${2 + n}`, 19 + n);
    }
    assert.equal(watched.length, 3_000, "one every two seconds");
    for (let n = 3_000; n < 4_000; n++) strike(`worker-${2 + n}`, 19 + n);
    assert.ok(watched.length < 3_100, "hundreds at once are no replacements of what was struck");
  });

  it("know whose end is expected, and until when", () => {
    const { surface, setNow } = rig();
    assert.ok(!surface.isExpected(11));
    surface.expectEnd(11, 500);
    assert.ok(surface.isExpected(11));
    setNow(501);
    assert.ok(!surface.isExpected(11), "it survived the fault: its end would be a failure again");
  });
});

describe("what the bundled system says", () => {
  it("is passed on: states of the job, with the checkpoint that it starts from, and phases of checkpoints", () => {
    const { surface, setNow } = rig();
    const states: SystemState[] = [];
    const phases: unknown[] = [];
    surface.onState((state) => states.push(state));
    surface.onCheckpoint((event) => phases.push(event));
    const message: JobStateMessage = {
      type: "jobState",
      jobId: "j",
      attempt: 2,
      state: "running",
      atUs: 9,
      restored: 4,
    };
    surface.onJobState(message);
    surface.onJobState({
      ...message,
      state: "restarting",
      failure: { code: "worker-lost", message: "worker-1 is lost" },
    });
    setNow(77);
    surface.onCoordinatorLost("it is gone");
    surface.onCheckpointPhase({ checkpointId: 3, phase: "triggered", atUs: 8 });
    assert.deepEqual(
      states.map(({ state, running, troubled, restored, cause, atUs }) => [
        state,
        running,
        troubled,
        restored,
        cause,
        atUs,
      ]),
      [
        ["job running", true, false, 4, null, 9],
        ["job restarting", false, true, 4, "worker-1 is lost", 9],
        ["coordinator lost", false, true, undefined, "it is gone", 77],
      ],
    );
    assert.deepEqual(phases, [{ checkpointId: 3, phase: "triggered", atUs: 8 }]);
  });
});
