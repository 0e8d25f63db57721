import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeMetadata } from "../../../engine/checkpoint/metadata.ts";
import type { CheckpointReport } from "../../../engine/cluster/checkpoint-facts.ts";
import type { Failure } from "../../../engine/cluster/messages.ts";
import { COST, Coordinated, JOB, TASKS } from "./coordinated.ts";
import { FakeWorld } from "./fake-world.ts";

const BROKEN = new Error("disk gone");
const FAILURE = { code: "job-failed", message: "no memory" };

describe("a coordinator of checkpoints", () => {
  it("is complete only when every task has stored its part and the metadata are durable", () => {
    const job = new Coordinated();
    job.begin();
    job.world.pass(999);
    assert.equal(job.orders.length, 0);
    job.world.pass(1);
    assert.deepEqual(job.orders, [{ checkpointId: 1, folder: "j/chk-1", atUs: 1000, last: false }]);
    job.store(0);
    job.store(1);
    assert.deepEqual(job.told, ["trigger 1", "triggered 1"]);
    job.world.pass(500);
    job.store(2);
    assert.deepEqual(job.told.slice(2), ["acknowledged 1"]);
    job.world.pass(100);
    job.world.store.finishAll();
    assert.deepEqual(job.told.slice(3), ["complete 1", "completed 1"]);
    const metadata = decodeMetadata(job.world.store.files.get("j/chk-1/_metadata")!);
    assert.deepEqual([metadata.graphHash, metadata.parallelism], [JOB.graphHash, JOB.parallelism]);
    assert.equal(metadata.snapshots.length, 3);
    const { tasks, ...report } = job.reports[0]!;
    assert.deepEqual(report, {
      checkpointId: 1,
      attempt: 1,
      outcome: "completed",
      isSavepoint: false,
      folder: "j/chk-1",
      triggeredUs: 1000,
      acknowledgedUs: 1500,
      endedUs: 1600,
      bytes: 30,
    });
    assert.deepEqual(tasks[0], { vertex: "source", subtask: 0, ...COST });
  });

  it("takes one at a time: the next comes at the interval, or after the pause when the one before took longer", () => {
    const job = new Coordinated({ minPauseUs: 300 });
    job.begin();
    job.checkpoint();
    job.world.pass(999);
    assert.equal(job.orders.length, 1);
    job.world.pass(1);
    assert.equal(job.lastOrder.atUs, 2000);
    job.world.pass(2000);
    assert.equal(job.orders.length, 2, "the second has not ended");
    job.storeAll();
    job.world.store.finishAll();
    job.world.pass(299);
    assert.equal(job.orders.length, 2);
    job.world.pass(1);
    assert.deepEqual([job.lastOrder.checkpointId, job.lastOrder.atUs], [3, 4300]);
  });

  it("aborts what takes too long, names who is missing, removes its files, and ignores what comes late", () => {
    const job = new Coordinated();
    job.begin();
    job.world.pass(1000);
    const order = job.lastOrder;
    job.store(0);
    job.world.pass(5000);
    assert.match(job.reports[0]!.reason!, /not complete after 0.005 s: source\/1, window\/0 not stored/);
    assert.deepEqual([job.reports[0]!.outcome, job.reports[0]!.acknowledgedUs], ["aborted", null]);
    job.world.store.finishAll();
    assert.deepEqual(job.folders(), []);
    job.store(1, order);
    job.world.store.finishAll();
    assert.deepEqual(job.folders(), [], "what comes late is removed too");
    assert.deepEqual(job.world.events("checkpointAnswerIgnored")[0], { checkpointId: 1, vertex: "source", subtask: 1 });
    assert.equal(job.reports.length, 1);
  });

  it("ignores answers twice, of unknown tasks and of unknown checkpoints", () => {
    const job = new Coordinated();
    job.begin();
    job.world.pass(1000);
    job.store(0);
    job.store(0);
    job.coordinator.onStored(1, { vertex: "other", subtask: 0, file: "f", bytes: 1, checksum: 1 }, COST);
    job.coordinator.onStored(7, { vertex: "window", subtask: 0, file: "f", bytes: 1, checksum: 1 }, COST);
    job.coordinator.onFailed(7, TASKS[0]!, FAILURE);
    job.coordinator.onFailed(1, { vertex: "other", subtask: 0 }, FAILURE);
    assert.equal(job.world.events("checkpointAnswerIgnored").length, 5);
    assert.deepEqual(job.told, ["trigger 1", "triggered 1"]);
  });

  it("fails the job when more in a row fail than are tolerated; a complete one begins the count anew", () => {
    const job = new Coordinated({ toleratedFailures: 1, timeoutUs: 1_000_000 });
    job.begin();
    const fail = () => {
      job.world.pass(100_000);
      job.coordinator.onFailed(job.lastOrder.checkpointId, TASKS[1]!, FAILURE);
    };
    fail();
    job.world.pass(100_000);
    job.storeAll();
    job.world.store.finishAll();
    fail();
    assert.equal(job.failures.length, 0);
    fail();
    assert.equal(job.failures.length, 1);
    assert.equal(job.failures[0]!.code, "checkpoint-failed");
    assert.match(job.failures[0]!.message, /2 checkpoints .* source\/1: no memory/);
    fail();
    assert.equal(job.failures.length, 1, "once is enough");
  });

  it("takes a failed write of the metadata for a failed checkpoint, and leaves nothing of it", () => {
    const job = new Coordinated({ toleratedFailures: 0 });
    job.begin();
    job.world.pass(1000);
    job.storeAll();
    job.world.store.finish(0, BROKEN);
    assert.match(job.reports[0]!.reason!, /metadata were not stored: disk gone/);
    assert.equal(job.failures.length, 1);
    job.world.store.finishAll();
    assert.deepEqual(job.folders(), []);
  });

  it("keeps the newest complete ones, and removes an older one only when the newer is complete", () => {
    const job = new Coordinated({ retain: 2 });
    job.begin();
    for (let count = 0; count < 4; count++) job.checkpoint();
    assert.deepEqual(job.folders(), ["j/chk-3", "j/chk-4"]);
    job.world.pass(1000);
    job.storeAll();
    assert.deepEqual(job.folders(), ["j/chk-3", "j/chk-4", "j/chk-5"]);
    job.coordinator.end();
    job.world.store.finishAll();
    assert.deepEqual(job.folders(), ["j/chk-3", "j/chk-4"]);
  });

  it("goes on when an old one cannot be removed, and says so", () => {
    const job = new Coordinated();
    job.begin();
    job.checkpoint();
    job.world.pass(1000);
    job.storeAll();
    job.world.store.finish(0);
    assert.equal(job.world.store.waiting[0]!.kind, "remove");
    job.world.store.finish(0, BROKEN);
    assert.deepEqual(job.world.events("checkpointNotRemoved"), [{ folder: "j/chk-1", message: "disk gone" }]);
    job.checkpoint();
    assert.deepEqual(
      job.reports.map(({ outcome }) => outcome),
      ["completed", "completed", "completed"],
    );
  });

  it("gives no id twice: neither in the next attempt, nor as another coordinator on the same folder, nor after a savepoint", () => {
    const job = new Coordinated();
    job.begin();
    job.checkpoint();
    job.world.pass(1000);
    job.coordinator.end();
    job.begin(2);
    job.checkpoint();
    assert.deepEqual(
      job.orders.map(({ checkpointId }) => checkpointId),
      [1, 2, 3],
    );
    job.coordinator.end();
    const other = new Coordinated({}, job.world);
    other.begin(3, { checkpointId: 3 });
    other.checkpoint();
    assert.equal(other.lastOrder.checkpointId, 4);
    const elsewhere = new Coordinated();
    elsewhere.begin(1, { checkpointId: 40 });
    elsewhere.checkpoint();
    assert.equal(elsewhere.lastOrder.checkpointId, 41);
  });

  it("begins nothing before it knows what is in the folder, and tries again when that cannot be read", () => {
    const job = new Coordinated();
    job.coordinator.begin(1, TASKS, null);
    job.world.pass(1000);
    assert.equal(job.orders.length, 0);
    job.world.store.finish(0, BROKEN);
    job.world.pass(100_000);
    job.world.store.finishAll();
    assert.equal(job.lastOrder.checkpointId, 1);
    assert.equal(job.world.events("checkpointsUnreadable").length, 1);
  });

  it("removes what an earlier coordinator has left unfinished", () => {
    const world = new FakeWorld();
    for (const file of ["j/chk-3/_metadata", "j/chk-3/source-0", "j/chk-4/source-0", "j/notes"]) {
      world.store.files.set(file, new Uint8Array(1));
    }
    const job = new Coordinated({}, world);
    job.begin(1, { checkpointId: 3 });
    assert.deepEqual(job.folders(), ["j", "j/chk-3"]);
    job.checkpoint();
    assert.deepEqual(job.folders(), ["j", "j/chk-5"]);
  });

  it("does not count a damaged one as retained, and removes it with the next", () => {
    const job = new Coordinated({ retain: 2 });
    job.begin();
    for (let count = 0; count < 3; count++) job.checkpoint();
    job.coordinator.end();
    job.begin(2, { checkpointId: 2 });
    job.checkpoint();
    assert.deepEqual(job.folders(), ["j/chk-2", "j/chk-4"]);
  });

  it("has settled at the end of an attempt when no metadata are on their way any more", () => {
    const job = new Coordinated();
    job.begin();
    job.world.pass(1000);
    job.storeAll();
    let settled = 0;
    job.coordinator.end(() => settled++);
    assert.deepEqual([settled, job.reports[0]!.outcome], [0, "aborted"]);
    job.world.store.finish(0);
    assert.equal(settled, 0, "they are there and must go first");
    job.world.store.finishAll();
    assert.deepEqual([settled, job.folders(), job.world.openTimers], [1, [], 0]);
    job.coordinator.end(() => settled++);
    assert.equal(settled, 2, "at once when there is nothing");
  });
});

describe("savepoints and the last checkpoint", () => {
  /** Asks for a savepoint; what came of it. */
  function ask(job: Coordinated, folder: string, last = false) {
    const answers: { failure: Failure | null; report: CheckpointReport | null }[] = [];
    job.coordinator.savepoint(folder, last, (failure, report) => answers.push({ failure, report }));
    return answers;
  }

  it("a savepoint comes right after the checkpoint in progress, into its own folder, and stays for ever", () => {
    const job = new Coordinated();
    job.begin();
    job.world.pass(1000);
    const answers = ask(job, "saved/one");
    job.storeAll();
    job.world.store.finishAll();
    assert.deepEqual(job.lastOrder, { checkpointId: 2, folder: "saved/one", atUs: 1000, last: false });
    job.storeAll();
    job.world.store.finishAll();
    assert.equal(answers[0]!.report!.isSavepoint, true);
    assert.equal(job.told.at(-2), "complete 2");
    assert.deepEqual(job.folders(), ["j/chk-1", "j/chk-2", "saved/one"]);
    job.checkpoint();
    assert.deepEqual(job.folders(), ["j/chk-3", "saved/one"], "of the savepoint's only the entry goes");
    job.coordinator.end();
    job.coordinator.discard();
    job.world.store.finishAll();
    assert.deepEqual(job.folders(), ["saved/one"]);
  });

  it("savepoints work without periodic checkpoints, one after the other", () => {
    const job = new Coordinated({ intervalUs: 0 });
    job.begin();
    job.world.pass(1_000_000);
    assert.equal(job.orders.length, 0);
    const answers = [...[ask(job, "a"), ask(job, "b")]];
    job.world.store.finishAll();
    job.storeAll();
    job.world.store.finishAll();
    job.storeAll();
    job.world.store.finishAll();
    assert.deepEqual(
      answers.map(([answer]) => answer!.report!.folder),
      ["a", "b"],
    );
  });

  it("refuses folders that are no paths, its own, in use or not empty, and says why", () => {
    const job = new Coordinated();
    job.begin();
    job.world.store.files.set("full/x", new Uint8Array(1));
    const refused = ["", "/abs", "a/../b", "a//b", "j/chk-9", "full"].map(
      (folder) => [folder, ask(job, folder)] as const,
    );
    ask(job, "twice");
    const twice = ask(job, "twice");
    job.world.store.finishAll();
    for (const [folder, [answer]] of refused) assert.equal(answer?.failure?.code, "checkpoint-failed", folder);
    assert.match(twice[0]!.failure!.message, /given to another savepoint/);
    assert.match(refused.at(-1)![1][0]!.failure!.message, /something in "full" already/);
    assert.ok(job.world.store.files.has("full/x"));
  });

  it("refuses a folder inside that of another savepoint, with which it would go, and one around it", () => {
    const job = new Coordinated();
    job.begin();
    const givenUp = ask(job, "a/b");
    job.world.store.finishAll();
    job.coordinator.onFailed(1, TASKS[0]!, { code: "disk-full", message: "no room" });
    job.world.store.finishAll();
    assert.match(givenUp[0]!.failure!.message, /no room/);
    for (const folder of ["a/b/c", "a"])
      assert.match(ask(job, folder)[0]!.failure!.message, /given to another savepoint/);
    ask(job, "a/bc");
    job.world.store.finishAll();
    assert.equal(job.lastOrder.folder, "a/bc");
  });

  it("a savepoint that fails is told to who asked, leaves no file, and does not fail the job", () => {
    const job = new Coordinated({ toleratedFailures: 0 });
    job.begin();
    const answers = ask(job, "saved");
    job.world.store.finishAll();
    job.storeAll();
    job.world.store.finish(0);
    job.world.store.finish(0, BROKEN);
    job.world.store.finishAll();
    assert.match(answers[0]!.failure!.message, /disk gone/);
    assert.equal(answers[0]!.report!.outcome, "aborted");
    assert.deepEqual([job.folders(), job.failures], [[], []]);
  });

  it("a savepoint that was given up stays whole when its entry cannot be removed: the job may start from it", () => {
    const job = new Coordinated();
    job.begin();
    ask(job, "saved");
    job.world.store.finishAll();
    job.storeAll();
    job.world.store.finish(0);
    job.coordinator.end();
    job.world.store.finish(0);
    assert.deepEqual([job.world.store.waiting[0]!.kind, job.world.store.waiting[0]!.path], ["remove", "j/chk-1"]);
    job.world.store.finish(0, BROKEN);
    job.world.store.finishAll();
    assert.deepEqual(job.folders(), ["j/chk-1", "saved"]);
  });

  it("savepoints that wait when the attempt ends, or come afterwards, are refused", () => {
    const job = new Coordinated();
    job.begin();
    job.world.pass(1000);
    const waiting = [ask(job, "a"), ask(job, "b")];
    job.coordinator.end();
    waiting.push(ask(job, "c"));
    job.world.store.finishAll();
    for (const [answer] of waiting) assert.equal(answer!.failure!.code, "checkpoint-failed");
    assert.deepEqual(
      waiting.map(({ length }) => length),
      [1, 1, 1],
    );
    assert.equal(job.orders.length, 1);
  });

  it("when all tasks have ended one more comes, the last; nothing follows it", () => {
    const job = new Coordinated();
    job.begin();
    job.world.pass(1000);
    job.coordinator.final();
    assert.equal(job.orders.length, 1, "after the one in progress");
    job.storeAll();
    job.world.store.finishAll();
    assert.deepEqual([job.lastOrder.checkpointId, job.lastOrder.last, job.coordinator.isLast(2)], [2, true, true]);
    assert.equal(job.coordinator.isLast(1), false);
    job.storeAll();
    job.world.store.finishAll();
    job.world.pass(1_000_000);
    job.coordinator.final();
    assert.deepEqual([job.orders.length, job.world.openTimers], [2, 0]);
  });

  it("the last one is tried again until it succeeds or too many have failed", () => {
    const job = new Coordinated({ intervalUs: 0, toleratedFailures: 1, timeoutUs: 1_000_000 });
    job.begin();
    job.coordinator.final();
    job.coordinator.onFailed(1, TASKS[0]!, FAILURE);
    assert.equal(job.orders.length, 1, "not at once");
    job.world.pass(100_000);
    assert.deepEqual([job.lastOrder.checkpointId, job.lastOrder.last], [2, true]);
    job.coordinator.onFailed(2, TASKS[0]!, FAILURE);
    assert.equal(job.failures.length, 1);
  });

  it("stop-with-savepoint is the last: whoever waits behind it is refused", () => {
    const job = new Coordinated();
    job.begin();
    const stop = ask(job, "stop", true);
    const behind = ask(job, "behind");
    job.world.store.finishAll();
    assert.deepEqual([job.lastOrder.last, job.coordinator.isLast(1)], [true, true]);
    job.storeAll();
    job.world.store.finishAll();
    job.world.pass(1_000_000);
    assert.equal(stop[0]!.report!.outcome, "completed");
    assert.match(behind[0]!.failure!.message, /job has ended/);
    assert.equal(job.orders.length, 1);
  });
});
