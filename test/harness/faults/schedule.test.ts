import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultSpec } from "../../../harness/faults/schema.ts";
import { play } from "./rig.ts";

const KILL: FaultSpec = { kind: "kill", target: "worker/1", at: 2_000 };
const PAUSE: FaultSpec = { kind: "pause", target: "worker/1", at: 2_000, duration: 700 };

const RESTARTING = { state: "job restarting", attempt: 1, troubled: true, running: false, cause: "worker-1 is lost" };
const RUNNING = { state: "job running", attempt: 2, troubled: false, running: true, cause: null };

const GOOD = {
  states: [
    { ...RESTARTING, afterUs: 20_000 },
    { ...RUNNING, restored: 4, afterUs: 60_000 },
  ],
};

describe("the schedule of faults", () => {
  it("strikes at its time, sees it from outside and from inside, and heals at the end", async () => {
    const { records, done } = await play([KILL], 5_000, GOOD);
    const [record] = records;
    assert.equal(record!.problem, null);
    assert.deepEqual(
      [record!.requestedUs, record!.injectedUs, record!.observedUs, record!.detectedUs, record!.recoveredUs],
      [3_000_000, 3_000_000, 3_000_500, 3_020_000, 3_060_000],
    );
    assert.deepEqual([record!.role, record!.pid, record!.restoredFrom], ["worker-1", 71, 4]);
    assert.deepEqual([record!.index, record!.fault, record!.strike, record!.trigger], [0, 0, 1, "at 2000 ms"]);
    assert.deepEqual([record!.durationMs, record!.healedUs], [null, null]);
    assert.equal(record!.observedResolutionUs, 300);
    assert.deepEqual(record!.inputRead, { events: 3_600, beforeMs: 200 }, "both workers' sources");
    assert.deepEqual(record!.victim, { tasks: ["count/0"], recordsIn: 1_800, recordsJustBefore: 400, overMs: 400 });
    assert.deepEqual(record!.evidence, ["seen", "job restarting: worker-1 is lost", "job running, attempt 2"]);
    const expected = ["expect 71", "strike 71 at 2000", "fault 1: kill worker/1 (pid 71)", "heal 71 at 5000"];
    assert.deepEqual(done, expected);
  });

  it("keeps the order of what it saw: the system may notice before the process' last trace is gone", async () => {
    const { records } = await play([KILL], 5_000, { ...GOOD, goneAfterUs: 40_000 });
    assert.deepEqual([records[0]!.observedUs, records[0]!.detectedUs], [3_040_000, 3_020_000]);
    assert.equal(records[0]!.problem, null);
  });

  it("takes the loss of replicas for noticed, and for recovered at once unless the job starts again after all", async () => {
    const loss = { ...RESTARTING, state: "replica count/0 lost, its siblings go on", running: true };
    const { records } = await play([KILL], 5_000, { states: [{ ...loss, afterUs: 20_000 }] });
    assert.deepEqual([records[0]!.detectedUs, records[0]!.recoveredUs], [3_020_000, 3_020_000]);
    assert.equal(records[0]!.evidence.length, 2, "said once");
    const both = [
      { ...loss, afterUs: 20_000 },
      { ...RESTARTING, afterUs: 30_000 },
      { ...RUNNING, afterUs: 900_000 },
    ];
    const again = (await play([KILL], 5_000, { states: both })).records[0]!;
    assert.deepEqual([again.detectedUs, again.recoveredUs], [3_020_000, 3_900_000]);
    const never = (await play([KILL], 5_000, { states: both.slice(0, 2) })).records[0]!;
    assert.deepEqual([never.detectedUs, never.recoveredUs], [3_020_000, null]);
  });

  it("without recovery has no time of recovery", async () => {
    const failing = { ...RESTARTING, state: "job failing" };
    const { records } = await play([KILL], 2_100, { states: [{ ...failing, afterUs: 9_000 }] });
    assert.deepEqual([records[0]!.detectedUs, records[0]!.recoveredUs, records[0]!.problem], [3_009_000, null, null]);
  });

  for (const [what, rig, problem] of [
    ["nothing was observed", { goneAfterUs: null }, /did not go/],
    ["the system did not notice", {}, /did not notice/],
    ["the victim held no state", { ...GOOD, recordsAt: () => 0 }, /ineffective: .* no state/],
    ["nothing flowed through the victim", { ...GOOD, recordsAt: () => 9 }, /ineffective: no record flowed/],
    ["nobody told of the victim", { ...GOOD, countersUntilUs: 0 }, /nothing is known of what the victim was doing/],
    ["only one look showed the victim", { ...GOOD, countersUntilUs: 1_100_000 }, /nothing is known/],
    ["there is nobody to strike", { ...GOOD, workersAt: () => 0 }, /there is no worker\/1/],
    ["the victim is gone already", { ...GOOD, precondition: "gone already" }, /gone already/],
    ["the kernel refuses", { ...GOOD, injectFails: true }, /could not be carried out: not permitted/],
  ] as const) {
    it(`does not count a fault when ${what}`, async () => {
      const { records } = await play([KILL], 4_000, rig);
      assert.match(records[0]!.problem ?? "", problem);
    });
  }

  it("knows the victim though one of the looks before the strike came to nothing: a busy system answers late", async () => {
    for (const [failsUs, recordsIn, overMs] of [
      [1_400_000, 1_800, 800],
      [1_800_000, 1_400, 400],
    ] as const) {
      const countersFailAt = (us: number) => Math.abs(us - failsUs) < 100_000;
      const { records } = await play([KILL], 5_000, { ...GOOD, countersFailAt });
      const { problem, victim, injectedUs } = records[0]!;
      assert.deepEqual([problem, victim!.recordsIn, victim!.overMs], [null, recordsIn, overMs]);
      assert.equal(injectedUs, 3_000_000, "on time");
    }
  });

  it("says of faults behind the run's end that they did not come", async () => {
    const { records, done } = await play([KILL], 1_000, GOOD);
    assert.deepEqual([records[0]!.injectedUs, records[0]!.problem], [null, "the run ended before it was due"]);
    assert.deepEqual(done, []);
  });

  it("keeps several faults apart", async () => {
    const { records } = await play([KILL, { kind: "kill", target: "worker/2", at: 3_000 }], 6_000, GOOD);
    assert.deepEqual(
      records.map(({ pid, detectedUs, problem }) => [pid, detectedUs, problem]),
      [
        [71, 3_020_000, null],
        [72, 4_020_000, null],
      ],
    );
  });

  it("waits for a victim whose replacement is on its way", async () => {
    const { records } = await play([KILL], 6_000, { ...GOOD, workersAt: (us) => (us < 3_111_000 ? 0 : 2) });
    assert.deepEqual([records[0]!.requestedUs, records[0]!.problem], [3_000_000, null]);
    assert.ok(records[0]!.injectedUs! >= 4_111_000 && records[0]!.injectedUs! < 4_141_000);
  });

  it("does not call a strike ineffective that hit a system in the middle of its recovery", async () => {
    const spoken = [{ ...RESTARTING, atUs: 1_000_000 }];
    const { records } = await play([KILL], 5_000, { ...GOOD, spoken, countersUntilUs: 1_000_000 });
    assert.deepEqual([records[0]!.victim, records[0]!.problem], [null, null]);
  });
});

describe("a victim that cannot be judged", () => {
  it("was struck while another fault was in force: nothing need have flowed through it", async () => {
    const second: FaultSpec = { ...PAUSE, target: "worker/2", at: 2_500 };
    const { records } = await play([PAUSE, second], 6_000, { recordsAt: (us) => Math.min(us, 2_000_000) });
    assert.deepEqual(
      records.map(({ problem }) => problem),
      [null, null],
    );
    const late = await play([PAUSE, { ...second, at: 5_000 }], 8_000, { recordsAt: (us) => Math.min(us, 2_000_000) });
    assert.match(late.records[1]!.problem ?? "", /no record flowed/);
  });

  it("has counters that come too late: the strike does not wait for them", async () => {
    const spoken = [{ ...RESTARTING, atUs: 100_000 }];
    const { records } = await play([KILL], 5_000, { ...GOOD, spoken, countersAreStuck: true });
    assert.deepEqual([records[0]!.injectedUs, records[0]!.victim], [3_000_000, null]);
  });
});

describe("a fault that lasts", () => {
  it("is healed when its duration is over, and its victim may end a while longer", async () => {
    const { records, done } = await play([PAUSE], 5_000);
    const [record] = records;
    assert.deepEqual([record!.durationMs, record!.injectedUs, record!.healedUs], [700, 3_000_000, 3_700_000]);
    assert.deepEqual(done, [
      "expect 71",
      "strike 71 at 2000",
      "fault 1: pause worker/1 (pid 71)",
      "heal 71 at 2700",
      "expect 71 to 12700",
    ]);
    assert.deepEqual([record!.detectedUs, record!.problem], [null, null], "a short one need not be noticed");
  });

  it("is healed at once when the run ends before", async () => {
    const { records, done } = await play([PAUSE], 2_300);
    assert.equal(records[0]!.healedUs, 3_300_000);
    assert.ok(done.includes("heal 71 at 2300"));
  });

  it("is healed when it was not observed, too, and does not count", async () => {
    const { records, done } = await play([PAUSE], 5_000, { goneAfterUs: null });
    assert.deepEqual([records[0]!.problem, records[0]!.healedUs], ["the process did not stop", 3_700_000]);
    assert.ok(done.includes("heal 71 at 2700"));
  });

  it("does not count when it cannot be undone", async () => {
    const { records } = await play([PAUSE], 5_000, { healFails: true });
    assert.match(records[0]!.problem ?? "", /could not be healed: no way back/);
    assert.equal(records[0]!.healedUs, null);
  });

  it("does not count when undoing it takes too long, and its record is written all the same", async () => {
    const { records } = await play([PAUSE], 5_000, { healHangs: true });
    assert.deepEqual([records[0]!.problem, records[0]!.healedUs], ["it was not undone when the run ended", null]);
  });

  it("on a link lets both its ends go, and everybody where it names no worker", async () => {
    const expected = async (target: string) => {
      const fault: FaultSpec = { kind: "partition", target, at: 2_000, duration: 700 };
      const { done } = await play([fault], 5_000);
      return done.filter((line) => /^expect \d+$/.test(line)).sort();
    };
    assert.deepEqual(await expected("worker/1<->worker/2"), ["expect 71", "expect 72"]);
    assert.deepEqual(await expected("worker/2->broker"), ["expect 72"]);
    assert.deepEqual(await expected("coordinator"), ["expect 70", "expect 71", "expect 72"]);
  });

  it("is charged with what the system notices only up to the next fault", async () => {
    const spoken = [
      { ...RESTARTING, atUs: 3_010_000 },
      { ...RUNNING, atUs: 3_050_000 },
    ];
    const { records } = await play([PAUSE, { ...KILL, target: "worker/2", at: 3_000 }], 6_000, { spoken });
    assert.deepEqual(
      records.map(({ detectedUs, recoveredUs, problem }) => [detectedUs, recoveredUs, problem]),
      [
        [null, null, null],
        [4_010_000, 4_050_000, null],
      ],
    );
  });

  it("on the broker: a broker comes back after it was seen gone, and nothing is asked of tasks", async () => {
    const fault: FaultSpec = { kind: "brokerKill", duration: 0, at: 2_000 };
    const { records, done } = await play([fault], 5_000, { brokerPid: 99, goneAfterUs: 30_000 });
    const [record] = records;
    assert.deepEqual([record!.target, record!.role, record!.pid, record!.victim], ["broker", "broker", 99, null]);
    assert.deepEqual([record!.observedUs, record!.healedUs, record!.problem], [3_030_000, 3_030_000, null]);
    assert.ok(done.includes("heal 99 at 2030"));
  });

  it("of a broker that is not ours is not carried out", async () => {
    const { records } = await play([{ kind: "brokerPause", duration: 10, at: 2_000 }], 9_000);
    assert.match(records[0]!.problem ?? "", /no broker of Faultline's own/);
  });
});

describe("targets of a schedule", () => {
  it("are struck together, each with a record", async () => {
    const { records, done } = await play([{ ...KILL, target: ["worker/1", "worker/2"] }], 5_000, GOOD);
    assert.deepEqual(
      records.map(({ index, fault, strike, target, pid, problem }) => [index, fault, strike, target, pid, problem]),
      [
        [0, 0, 1, "worker/1", 71, null],
        [1, 0, 1, "worker/2", 72, null],
      ],
    );
    assert.deepEqual(done.slice(0, 2), ["expect 71", "expect 72"]);
  });

  it("are found by what they run, or drawn from the seed, and it is written down", async () => {
    const { records } = await play([{ ...KILL, target: "count/1" }], 5_000, GOOD);
    assert.deepEqual([records[0]!.pid, records[0]!.found], [72, "count/1: worker/2"]);
    const pids = new Set<number>();
    for (let seed = 0; seed < 8; seed++) {
      const drawn = await play([{ ...KILL, target: "random" }], 5_000, { ...GOOD, seed });
      const again = await play([{ ...KILL, target: "random" }], 5_000, { ...GOOD, seed });
      assert.equal(drawn.records[0]!.pid, again.records[0]!.pid);
      pids.add(drawn.records[0]!.pid!);
    }
    assert.deepEqual([...pids].sort(), [71, 72], "both are drawn by some seed");
  });

  it("may be the coordinator, which runs no tasks", async () => {
    const { records } = await play([{ ...PAUSE, target: "coordinator" }], 5_000);
    assert.deepEqual([records[0]!.pid, records[0]!.victim, records[0]!.problem], [70, null, null]);
  });
});

describe("moments of a schedule", () => {
  it("come again, each with a record", async () => {
    const fault: FaultSpec = { kind: "pause", target: "worker/1", every: 2_000, count: 2, duration: 100 };
    const { records } = await play([fault], 9_000, { load: { endMs: 8_000, warmupMs: 1_000 } });
    assert.deepEqual(
      records.map(({ strike, injectedUs }) => [strike, injectedUs]),
      [
        [1, 3_000_000],
        [2, 5_000_000],
      ],
    );
  });

  it("left to chance may not come at all, and then the fault does not count", async () => {
    const fault: FaultSpec = { kind: "kill", target: "worker/1", poisson: { mean: 1e9 } };
    const { records } = await play([fault], 2_000, { load: { endMs: 1_500 } });
    assert.equal(records.length, 1);
    assert.match(records[0]!.problem ?? "", /none of its random moments/);
  });

  const events = [
    { checkpointId: 1, phase: "triggered", atUs: 1_000_000 },
    { checkpointId: 1, phase: "acknowledged", atUs: 1_040_000 },
    { checkpointId: 1, phase: "completed", atUs: 1_050_000 },
    { checkpointId: 2, phase: "triggered", atUs: 3_000_000 },
    { checkpointId: 2, phase: "acknowledged", atUs: 3_040_000 },
    { checkpointId: 2, phase: "completed", atUs: 3_050_000 },
  ] as const;
  const checkpoints = { ...GOOD, checkpoints: events, load: { warmupMs: 500, endMs: 10_000 } };

  it("come with a checkpoint's trigger, counted from the end of the warm-up", async () => {
    const at = async (nth: number, warmupMs: number) => {
      const fault: FaultSpec = { kind: "kill", target: "worker/1", checkpoint: "beforeBarrier", nth };
      const { records } = await play([fault], 6_000, { ...checkpoints, load: { warmupMs, endMs: 10_000 } });
      return records[0]!;
    };
    assert.equal((await at(1, 500)).injectedUs, 2_000_000);
    assert.equal((await at(2, 500)).injectedUs, 4_000_000);
    const second = await at(1, 2_000);
    assert.deepEqual([second.requestedUs, second.injectedUs, second.problem], [4_000_000, 4_000_000, null]);
    assert.deepEqual(second.phase, { checkpointId: 2, sinceTriggeredMs: 0, state: "triggered" });
    assert.equal(second.victim!.recordsJustBefore, 400, "the counters are read all the time");
  });

  it("lie within the length of the last checkpoint when barriers are to be under way", async () => {
    const fault: FaultSpec = { kind: "kill", target: "worker/1", checkpoint: "inAlignment", nth: 2 };
    const { records } = await play([fault], 6_000, checkpoints);
    const { injectedUs, phase } = records[0]!;
    assert.ok(injectedUs! > 4_000_000 && injectedUs! < 4_041_000, `${injectedUs}`);
    assert.deepEqual([phase!.checkpointId, phase!.state], [2, "triggered"]);
  });

  it("pass over a checkpoint that was quicker than the others, five times at most", async () => {
    const quick = [2, 3, 4, 5, 6, 7, 8].flatMap((checkpointId) => [
      { checkpointId, phase: "triggered" as const, atUs: checkpointId * 1_000_000 },
      { checkpointId, phase: "acknowledged" as const, atUs: checkpointId * 1_000_000 + 1 },
    ]);
    const at = async (told: typeof quick) => {
      const fault: FaultSpec = { kind: "kill", target: "worker/1", checkpoint: "inAlignment", nth: 2 };
      const { records } = await play([fault], 12_000, {
        ...checkpoints,
        checkpoints: [...events.slice(0, 3), ...told],
      });
      return records[0]!;
    };
    const slow = { checkpointId: 3, phase: "acknowledged" as const, atUs: 3_090_000 };
    const hit = await at([...quick.slice(0, 3), slow]);
    assert.deepEqual([hit.phase!.checkpointId, hit.phase!.state], [3, "triggered"]);
    const { phase, evidence } = await at(quick);
    assert.equal(phase!.checkpointId, 6);
    assert.match(evidence.join("; "), /missed inAlignment: the checkpoint was acknowledged/);
  });

  it("come between acknowledgement and completion, and it is told when that was missed", async () => {
    const fault: FaultSpec = { kind: "kill", target: "worker/1", checkpoint: "betweenAckAndCommit", nth: 2 };
    const hit = await play([fault], 6_000, checkpoints);
    assert.deepEqual(hit.records[0]!.phase, { checkpointId: 2, sinceTriggeredMs: 40, state: "acknowledged" });
    const quick = events.map((event) =>
      event.phase === "completed" ? { ...event, atUs: event.atUs - 10_000 } : event,
    );
    const missed = await play([fault], 6_000, { ...checkpoints, checkpoints: quick });
    assert.match(missed.records[0]!.evidence.join("; "), /missed betweenAckAndCommit: the checkpoint was completed/);
  });

  it("do not come when no checkpoint gets there before the load ends", async () => {
    const fault: FaultSpec = { kind: "kill", target: "worker/1", checkpoint: "beforeBarrier", nth: 2 };
    const { records } = await play([fault], 6_000, { ...checkpoints, load: { warmupMs: 500, endMs: 2_500 } });
    assert.deepEqual([records[0]!.injectedUs], [null]);
    assert.match(records[0]!.problem ?? "", /no checkpoint came to beforeBarrier/);
  });

  it("are told of in every fault, whatever its trigger", async () => {
    const { records } = await play([{ ...KILL, at: 3_500 }], 6_000, checkpoints);
    assert.deepEqual(records[0]!.phase, { checkpointId: 2, sinceTriggeredMs: 500, state: "completed" });
    const none = await play([{ ...KILL, at: 900 }], 6_000, checkpoints);
    assert.equal(none.records[0]!.phase, null);
  });
});
