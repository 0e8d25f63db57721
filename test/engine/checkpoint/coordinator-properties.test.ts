import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeMetadata } from "../../../engine/checkpoint/metadata.ts";
import { findRestorePoint } from "../../../engine/checkpoint/restore-point.ts";
import type { RestorePoint } from "../../../engine/cluster/checkpoint-facts.ts";
import { Coordinated, JOB, TASKS } from "./coordinated.ts";

const RETAIN = 2;

/** What may happen next to a job's checkpoints. `pick` chooses among what there is. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("ack" as const), task: fc.nat(2), back: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("acks" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("nack" as const), task: fc.nat(2), back: fc.nat(1) }) },
  { weight: 14, arbitrary: fc.record({ kind: fc.constant("store" as const), pick: fc.nat(9), fails: fc.nat(11) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      timeUs: fc.constantFrom(1, 500, 1000, 1000, 1000, 6000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("savepoint" as const), folder: fc.nat(9), last: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("final" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A job under test, and what must hold of it whatever happens. */
class Checked {
  readonly job = new Coordinated({ retain: RETAIN, minPauseUs: 100 });
  readonly #acks = new Map<number, Set<number>>();
  readonly #answers: number[] = [];
  #attempt = 0;
  #settled = true;
  /** Removals that the store has refused: their folders may stay. */
  #refusedRemovals = 0;

  do(step: Step): void {
    const { job } = this;
    if (this.#attempt === 0 || (this.#settled && !this.#runs)) this.#begin();
    switch (step.kind) {
      case "ack":
        this.#ack(step.task, step.back);
        break;
      case "acks":
        for (const task of TASKS.keys()) this.#ack(task, 0);
        break;
      case "nack": {
        const order = job.orders.at(-1 - step.back);
        const failure = { code: "job-failed", message: "no" };
        if (order !== undefined) job.coordinator.onFailed(order.checkpointId, TASKS[step.task]!, failure);
        break;
      }
      case "store":
        this.#answer(step.pick, step.fails === 0);
        break;
      case "pass":
        job.world.pass(step.timeUs);
        break;
      case "end":
        this.end();
        break;
      case "savepoint": {
        const index = this.#answers.push(0) - 1;
        job.coordinator.savepoint(`saved/${step.folder}`, step.last, () => this.#answers[index]!++);
        break;
      }
      case "final":
        job.coordinator.final();
    }
    this.#check();
  }

  #runs = false;

  #begin(): void {
    const points: (RestorePoint | null)[] = [];
    const { world } = this.job;
    world.store.finishAll();
    findRestorePoint({ world, jobId: "j", job: JOB }, (error, point) => {
      assert.equal(error, null);
      points.push(point);
    });
    world.store.finishAll();
    const completed = this.job.reports.filter(({ outcome }) => outcome === "completed");
    const [found, newest] = [points[0]?.checkpointId, completed.at(-1)?.checkpointId];
    // One whose metadata were stored after it was given up is as good, and stays when the store refuses to remove it.
    const isWhole = this.#refusedRemovals > 0 && this.#acks.get(found ?? 0)?.size === TASKS.length;
    assert.ok(found === newest || (isWhole && found! > (newest ?? 0)), `found ${found}, complete is ${newest}`);
    this.#runs = true;
    this.job.coordinator.begin(++this.#attempt, TASKS, points[0] ?? null);
  }

  end(): void {
    if (!this.#runs) return;
    this.#runs = false;
    this.#settled = false;
    this.job.coordinator.end(() => {
      this.#settled = true;
    });
    assert.equal(this.job.world.openTimers, 0, "no timer outlives the attempt");
    assert.equal(this.job.reports.length, this.job.orders.length, "each that was triggered is reported once");
    assert.ok(
      this.#answers.every((count) => count === 1),
      "each savepoint is answered once",
    );
  }

  #ack(task: number, back: number): void {
    const order = this.job.orders.at(-1 - back);
    if (order === undefined) return;
    const acks = this.#acks.get(order.checkpointId) ?? new Set();
    this.#acks.set(order.checkpointId, acks.add(task));
    this.job.store(task, order);
  }

  #answer(pick: number, fails: boolean): void {
    const { waiting } = this.job.world.store;
    if (waiting.length === 0) return;
    const index = pick % waiting.length;
    if (fails && waiting[index]!.kind === "remove") this.#refusedRemovals++;
    this.job.world.store.finish(index, fails ? new Error("no") : null);
  }

  #check(): void {
    const { job } = this;
    const ids = job.orders.map(({ checkpointId }) => checkpointId);
    assert.ok(
      ids.every((id, index) => index === 0 || id > ids[index - 1]!),
      "ids only grow",
    );
    const open = ids.length - job.reports.length;
    assert.ok(open === 0 || open === 1, "at most one is in progress");
    assert.equal(new Set(job.reports.map(({ checkpointId }) => checkpointId)).size, job.reports.length);
    for (const { checkpointId, outcome } of job.reports) {
      const told = outcome === "completed" ? "complete" : "abort";
      assert.equal(job.told.filter((text) => text === `${told} ${checkpointId}`).length, 1);
      if (outcome === "completed") assert.equal(this.#acks.get(checkpointId)?.size, TASKS.length, "without every part");
    }
    for (const { checkpointId, fate } of job.fates) {
      const isThere = job.world.store.files.has(`j/chk-${checkpointId}/_metadata`);
      assert.ok(fate !== "gone" || !isThere, `checkpoint ${checkpointId}, which is told to be gone, can be restored`);
    }
    this.#checkStored();
  }

  /** Of the newest complete ones everything is there. */
  #checkStored(): void {
    const { files } = this.job.world.store;
    const completed = this.job.reports.filter(({ outcome }) => outcome === "completed");
    for (const { checkpointId, folder } of completed.slice(-RETAIN)) {
      const metadata = files.get(`j/chk-${checkpointId}/_metadata`);
      assert.ok(metadata !== undefined, `complete ${checkpointId} without durable metadata`);
      for (const { file } of decodeMetadata(metadata).snapshots) assert.ok(files.has(`${folder}/${file}`));
    }
  }

  /** Everything that was asked of the store has been done. */
  finish(): void {
    this.end();
    this.job.world.store.finishAll();
    assert.ok(this.#settled);
    this.#check();
    if (this.#refusedRemovals > 0) return;
    const completed = this.job.reports.filter(({ outcome }) => outcome === "completed");
    const own = completed.filter(({ isSavepoint }) => !isSavepoint).map(({ checkpointId }) => checkpointId);
    const keepFrom = own.at(-RETAIN) ?? 0;
    const kept = completed
      .filter(({ checkpointId }) => checkpointId >= keepFrom)
      .map(({ checkpointId: id }) => `j/chk-${id}`);
    const saved = completed.filter(({ isSavepoint }) => isSavepoint).map(({ folder }) => folder);
    const metadata = [...this.job.world.store.files.keys()].filter((file) => file.endsWith("/_metadata"));
    const folders = metadata.map((file) => file.slice(0, -"/_metadata".length));
    assert.deepEqual(folders.sort(), [...kept, ...saved].sort(), "the newest complete ones and the savepoints");
  }
}

describe("whatever happens to checkpoints", () => {
  it("none is complete without all its parts, one is taken at a time, all are reported once, the newest stay", () => {
    let completed = 0;
    let aborted = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150, size: "max" }), (steps) => {
        const checked = new Checked();
        for (const one of steps) checked.do(one);
        checked.finish();
        for (const { outcome } of checked.job.reports) outcome === "completed" ? completed++ : aborted++;
      }),
      { numRuns: 400 },
    );
    assert.ok(completed > 400 && aborted > 400, `${completed} completed, ${aborted} aborted: too little happened`);
  });
});
