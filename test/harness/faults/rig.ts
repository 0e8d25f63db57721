import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import type { FaultDriver } from "../../../harness/faults/driver.ts";
import type { FaultRecord } from "../../../harness/faults/model.ts";
import { FaultSchedule } from "../../../harness/faults/schedule.ts";
import type { FaultSpec } from "../../../harness/faults/schema.ts";
import type { LoadFacts } from "../../../harness/faults/triggers.ts";
import type { CheckpointEvent, FaultSurface, SystemState } from "../../../harness/systems/system.ts";

/** First due time of all plays, monotonic µs. */
export const START_US = 1_000_000;

export interface Rig {
  /** Records a victim's tasks have taken in at this time. */
  readonly recordsAt?: (us: number) => number;
  /** No counters are to be had from this time on. */
  readonly countersUntilUs?: number;
  readonly countersAreStuck?: boolean;
  /** No counters are to be had in this moment. */
  readonly countersFailAt?: (us: number) => boolean;
  /** The system's answer to each fault. */
  readonly states?: readonly (Omit<SystemState, "atUs"> & { readonly afterUs: number })[];
  /** What the system says whatever is done to it, µs from the start. */
  readonly spoken?: readonly SystemState[];
  readonly checkpoints?: readonly CheckpointEvent[];
  readonly goneAfterUs?: number | null;
  readonly precondition?: string | null;
  readonly injectFails?: boolean;
  readonly healFails?: boolean;
  /** It takes for ever. */
  readonly healHangs?: boolean;
  /** Workers that are there at a time; default two. */
  readonly workersAt?: (us: number) => number;
  readonly brokerPid?: number | null;
  readonly load?: Partial<LoadFacts>;
  readonly seed?: number;
}

/** Plays the faults in virtual time to `untilMs` after the start, then stops the schedule. Times in `done`: ms from the start. */
export async function play(faults: readonly FaultSpec[], untilMs: number, rig: Rig = {}) {
  let nowUs = START_US;
  const waiting: { readonly atUs: number; readonly wake: () => void }[] = [];
  const listeners: ((state: SystemState) => void)[] = [];
  const checkpointListeners: ((event: CheckpointEvent) => void)[] = [];
  const done: string[] = [];
  const nowMs = () => (nowUs - START_US) / 1000;
  const at = (atUs: number, wake: () => void) => waiting.push({ atUs, wake });
  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      at(nowUs + ms * 1000, resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  const say = (state: SystemState) => at(state.atUs, () => listeners.forEach((listener) => void listener(state)));
  const surface: FaultSurface = {
    places: () => [
      ...Array.from({ length: (rig.workersAt ?? (() => 2))(nowUs - START_US) }, (_, n) => ({
        name: `worker/${n + 1}`,
        process: { role: `worker-${n + 1}`, pid: 71 + n, name: `w${n + 1}` },
      })),
      { name: "coordinator", process: { role: "coordinator", pid: 70, name: "coordinator" } },
    ],
    expectEnd: (pid, untilUs) =>
      done.push(untilUs === undefined ? `expect ${pid}` : `expect ${pid} to ${(untilUs - START_US) / 1000}`),
    onState: (listener) => listeners.push(listener),
    onCheckpoint: (listener) => checkpointListeners.push(listener),
    onProcess: () => {},
  };
  const driver: FaultDriver = {
    precondition: () => rig.precondition ?? null,
    inject: ({ pid }) => {
      if (rig.injectFails === true) throw new Error("not permitted");
      done.push(`strike ${pid} at ${nowMs()}`);
      for (const { afterUs, ...state } of rig.states ?? []) say({ ...state, atUs: nowUs + afterUs });
    },
    observe: async () => {
      const { goneAfterUs = 500 } = rig;
      if (goneAfterUs === null) return null;
      await sleep(goneAfterUs / 1000);
      return { atUs: nowUs, resolutionUs: 300, what: "seen" };
    },
    heal: ({ pid }) => {
      if (rig.healFails === true) throw new Error("no way back");
      if (rig.healHangs === true) return sleep(1e9);
      done.push(`heal ${pid} at ${nowMs()}`);
    },
  };
  const counters = async (): Promise<readonly TaskCounters[]> => {
    if (nowUs - START_US > (rig.countersUntilUs ?? Number.POSITIVE_INFINITY)) throw new Error("no counters");
    if (rig.countersAreStuck === true || rig.countersFailAt?.(nowUs - START_US) === true) await sleep(1e9);
    return ["w1", "w2"].map((worker, subtask) => ({
      vertex: "count",
      subtask,
      worker,
      recordsIn: (rig.recordsAt ?? ((us) => us / 1000))(nowUs - START_US),
      recordsOut: 0,
      bytesOut: 0,
      busyUs: 0,
      blockedUs: 0,
      watermarkMs: null,
      custom: {},
    }));
  };
  let records: readonly FaultRecord[] = [];
  const schedule = new FaultSchedule({
    faults,
    load: { warmupMs: 0, endMs: 60_000, dueMs: (event) => event, ...rig.load },
    seed: rig.seed ?? 7,
    surface,
    counters,
    sources: ["count"],
    driver: () => driver,
    brokerPid: () => rig.brokerPid ?? null,
    monotonicUs: () => nowUs,
    sleep,
    notice: (text) => done.push(text),
    write: async (written) => {
      records = structuredClone(written);
    },
  });
  for (const state of rig.spoken ?? []) say({ ...state, atUs: START_US + state.atUs });
  for (const event of rig.checkpoints ?? []) {
    const told = { ...event, atUs: START_US + event.atUs };
    at(told.atUs, () => checkpointListeners.forEach((listener) => void listener(told)));
  }
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
  nowUs = Math.max(nowUs, START_US + untilMs * 1000);
  let stopped = false;
  void schedule.stop().then(() => {
    stopped = true;
  });
  await pass(Number.POSITIVE_INFINITY, () => stopped);
  assert.ok(stopped, "the schedule stops");
  return { records, done };
}
