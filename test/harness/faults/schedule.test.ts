import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import type { FaultDriver } from "../../../harness/faults/driver.ts";
import type { FaultRecord } from "../../../harness/faults/model.ts";
import { FaultSchedule } from "../../../harness/faults/schedule.ts";
import type { FaultSpec } from "../../../harness/faults/schema.ts";
import type { FaultSurface, SystemState } from "../../../harness/systems/system.ts";

const KILL: FaultSpec = { kind: "kill", target: "worker/1", at: 2_000 };
const START_US = 1_000_000;

interface Rig {
  /** Records a victim's tasks have taken in at this time. */
  readonly recordsAt?: (us: number) => number;
  /** The system's answer to the fault. */
  readonly states?: readonly (Omit<SystemState, "atUs"> & { readonly afterUs: number })[];
  readonly goneAfterUs?: number | null;
  readonly precondition?: string | null;
  readonly noTarget?: boolean;
}

const RESTARTING = { state: "job restarting", attempt: 1, troubled: true, running: false, cause: "worker-1 is lost" };
const RUNNING = { state: "job running", attempt: 2, troubled: false, running: true, cause: null };

/** Plays the faults in virtual time to `untilMs` after the start, then stops the schedule. */
async function play(faults: readonly FaultSpec[], untilMs: number, rig: Rig = {}) {
  let nowUs = START_US;
  const waiting: { readonly atUs: number; readonly wake: () => void }[] = [];
  const listeners: ((state: SystemState) => void)[] = [];
  const done: string[] = [];
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      waiting.push({ atUs: nowUs + ms * 1000, wake: resolve });
      signal?.addEventListener("abort", () => resolve());
    });
  const surface: FaultSurface = {
    target: (_role, number) =>
      rig.noTarget === true ? null : { role: `worker-${number}`, pid: 70 + number, name: `w${number}` },
    expectEnd: (pid) => done.push(`expect ${pid}`),
    onState: (listener) => listeners.push(listener),
    onProcess: () => {},
  };
  const driver: FaultDriver = {
    precondition: () => rig.precondition ?? null,
    inject: ({ pid }) => {
      done.push(`kill ${pid} at ${(nowUs - START_US) / 1000}`);
      for (const { afterUs, ...state } of rig.states ?? []) {
        const atUs = nowUs + afterUs;
        waiting.push({ atUs, wake: () => listeners.forEach((listener) => void listener({ ...state, atUs })) });
      }
    },
    observe: async () => {
      const { goneAfterUs = 500 } = rig;
      if (goneAfterUs === null) return null;
      await sleep(goneAfterUs / 1000);
      return { atUs: nowUs, resolutionUs: 300, what: "gone" };
    },
    heal: () => done.push("heal"),
  };
  const counters = async (): Promise<readonly TaskCounters[]> =>
    ["w1", "w2"].map((worker) => ({
      vertex: "count",
      subtask: 0,
      worker,
      recordsIn: (rig.recordsAt ?? ((us) => us / 1000))(nowUs - START_US),
      recordsOut: 0,
      bytesOut: 0,
      busyUs: 0,
      blockedUs: 0,
      watermarkMs: null,
      custom: {},
    }));
  let records: readonly FaultRecord[] = [];
  const schedule = new FaultSchedule({
    faults,
    surface,
    counters,
    sources: ["count"],
    driver: () => driver,
    monotonicUs: () => nowUs,
    sleep,
    notice: (text) => done.push(text),
    write: async (written) => {
      records = structuredClone(written);
    },
  });
  /** Lets time pass to `toUs`, or until `over`. */
  const pass = async (toUs: number, over = () => false) => {
    for (let turn = 0; turn < 30_000 && !over(); turn++) {
      await nextTurn();
      waiting.sort((a, b) => a.atUs - b.atUs);
      const next = waiting[0];
      if (next === undefined || next.atUs > toUs) break;
      waiting.shift();
      nowUs = Math.max(nowUs, next.atUs);
      next.wake();
    }
  };
  schedule.start(START_US);
  await pass(START_US + untilMs * 1000);
  nowUs = START_US + untilMs * 1000;
  let stopped = false;
  void schedule.stop().then(() => {
    stopped = true;
  });
  await pass(Number.POSITIVE_INFINITY, () => stopped);
  assert.ok(stopped, "the schedule stops");
  return { records, done };
}

const GOOD = {
  states: [
    { ...RESTARTING, afterUs: 20_000 },
    { ...RUNNING, afterUs: 60_000 },
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
    assert.deepEqual([record!.role, record!.pid], ["worker-1", 71]);
    assert.equal(record!.observedResolutionUs, 300);
    assert.deepEqual(record!.inputRead, { events: 3_600, beforeMs: 200 }, "both workers' sources");
    assert.deepEqual(record!.victim, { tasks: ["count/0"], recordsIn: 1_800, recordsJustBefore: 400, overMs: 400 });
    assert.deepEqual(record!.evidence, ["gone", "job restarting: worker-1 is lost", "job running, attempt 2"]);
    assert.deepEqual(done, ["expect 71", "kill 71 at 2000", "fault 1: kill worker/1 (pid 71)", "heal"]);
  });

  it("keeps the order of what it saw: the system may notice before the process' last trace is gone", async () => {
    const { records } = await play([KILL], 5_000, { ...GOOD, goneAfterUs: 40_000 });
    assert.deepEqual([records[0]!.observedUs, records[0]!.detectedUs], [3_040_000, 3_020_000]);
    assert.equal(records[0]!.problem, null);
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
    ["there is nobody to strike", { ...GOOD, noTarget: true }, /there is no worker\/1/],
    ["the victim is gone already", { ...GOOD, precondition: "gone already" }, /gone already/],
  ] as const) {
    it(`does not count a fault when ${what}`, async () => {
      const { records } = await play([KILL], 4_000, rig);
      assert.match(records[0]!.problem ?? "", problem);
    });
  }

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
});
