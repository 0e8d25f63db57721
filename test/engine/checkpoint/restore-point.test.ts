import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asFaultlineError } from "../../../base/errors.ts";
import { findRestorePoint, loadRestorePoint } from "../../../engine/checkpoint/restore-point.ts";
import type { RestorePoint } from "../../../engine/cluster/checkpoint-facts.ts";
import { Coordinated, JOB } from "./coordinated.ts";

/** A job with complete checkpoints 1 … `count`. */
function jobWith(count: number): Coordinated {
  const job = new Coordinated({ retain: 10 });
  job.begin();
  for (let index = 0; index < count; index++) job.checkpoint();
  job.coordinator.end();
  return job;
}

type Found = { readonly error: Error | null; readonly point: RestorePoint | null };

function find({ world }: Coordinated, excluding: readonly number[] = [], jobId = "j"): Found {
  const found: Found[] = [];
  const search = { world, jobId, job: JOB, excluding: new Set(excluding) };
  findRestorePoint(search, (error, point) => found.push({ error, point }));
  world.store.finishAll();
  assert.equal(found.length, 1);
  return found[0]!;
}

function load({ world }: Coordinated, folder: string, job = JOB): Found {
  const found: Found[] = [];
  loadRestorePoint(world, folder, job, (error, point) => found.push({ error, point }));
  world.store.finishAll();
  assert.equal(found.length, 1);
  return found[0]!;
}

function flip(job: Coordinated, file: string): void {
  const bytes = job.world.store.files.get(file)!;
  bytes[20]! ^= 4;
}

describe("where a job starts from", () => {
  it("is its newest complete checkpoint, with a handle for every task", () => {
    const job = jobWith(3);
    job.world.store.files.set("j/chk-4/source-0", new Uint8Array(1));
    const { point, error } = find(job);
    assert.equal(error, null);
    assert.deepEqual([point!.checkpointId, point!.folder, point!.snapshots.length], [3, "j/chk-3", 3]);
    assert.equal(job.world.events("checkpointDamaged").length, 0, "an unfinished one is not damaged");
  });

  it("is nothing when there never was one", () => {
    assert.deepEqual(find(jobWith(0)), { error: null, point: null });
    assert.deepEqual(find(jobWith(1), [], "other"), { error: null, point: null });
  });

  it("passes over damaged ones and says which, why, and what is used instead", () => {
    const job = jobWith(4);
    flip(job, "j/chk-4/_metadata");
    job.world.store.files.delete("j/chk-3/window-0");
    assert.equal(find(job, [2]).point!.checkpointId, 1);
    const damages = job.world.events("checkpointDamaged");
    assert.deepEqual(damages, [
      { checkpointId: 4, file: "_metadata", problem: damages[0]!.problem, usedInstead: 1 },
      { checkpointId: 3, file: "window-0", problem: "it is not there", usedInstead: 1 },
      { checkpointId: 2, file: "a snapshot", problem: "a worker found it damaged on reading", usedInstead: 1 },
    ]);
    assert.match(String(damages[0]!.problem), /checksum/);
  });

  it("does not mistake one checkpoint for another", () => {
    const job = jobWith(2);
    job.world.store.files.set("j/chk-2/_metadata", job.world.store.files.get("j/chk-1/_metadata")!);
    assert.equal(find(job).point!.checkpointId, 1);
  });

  it("is an error when all are damaged: the job must not begin anew in silence", () => {
    const job = jobWith(2);
    flip(job, "j/chk-1/_metadata");
    const { error, point } = find(job, [2]);
    assert.equal(point, null);
    assert.equal(asFaultlineError(error).code, "snapshot-corrupt");
    assert.match(error!.message, /chk-2 .* chk-1/);
  });

  it("is none of an earlier run with the same id", () => {
    const world = jobWith(2).world;
    const job = new Coordinated({ retain: 10 }, world);
    const findOwn = () => {
      const found: (number | undefined)[] = [];
      const search = { world, jobId: "j", job: JOB, from: job.coordinator.firstId };
      findRestorePoint(search, (_error, point) => found.push(point?.checkpointId));
      world.store.finishAll();
      return found;
    };
    job.begin();
    assert.deepEqual(findOwn(), [undefined]);
    job.checkpoint();
    assert.deepEqual(findOwn(), [3]);
    flip(job, "j/chk-3/_metadata");
    const search = { world, jobId: "j", job: JOB, from: job.coordinator.firstId };
    const errors: string[] = [];
    findRestorePoint(search, (error) => errors.push(asFaultlineError(error).code));
    world.store.finishAll();
    assert.deepEqual(errors, ["snapshot-corrupt"]);
  });

  it("is unknown, not older, when the store does not answer", () => {
    const job = jobWith(2);
    const found: Found[] = [];
    findRestorePoint({ world: job.world, jobId: "j", job: JOB }, (error, point) => found.push({ error, point }));
    job.world.store.finish(0);
    job.world.store.finish(0, new Error("timed out"));
    assert.match(found[0]!.error!.message, /timed out/);
    assert.equal(found[0]!.point, null);
  });

  it("may be a savepoint, through its entry among the checkpoints", () => {
    const job = jobWith(1);
    job.begin(2);
    job.coordinator.savepoint("saved", false, () => {});
    job.world.store.finishAll();
    job.storeAll();
    job.world.store.finishAll();
    const { point } = find(job);
    assert.deepEqual([point!.checkpointId, point!.folder], [2, "saved"]);
    for (const file of job.world.store.files.keys()) if (file.startsWith("saved/")) job.world.store.files.delete(file);
    assert.equal(find(job).point!.checkpointId, 1, "somebody has removed the savepoint");
  });
});

describe("starting from a named checkpoint", () => {
  it("works with retained ones and savepoints, wherever they were moved to", () => {
    const job = jobWith(2);
    const { files } = job.world.store;
    assert.equal(load(job, "j/chk-1").point!.checkpointId, 1);
    for (const [path, bytes] of [...files]) {
      if (path.startsWith("j/chk-2/")) files.set(path.replace("j/chk-2", "kept/away"), bytes);
    }
    assert.deepEqual([load(job, "kept/away").point!.folder, load(job, "kept/away").error], ["kept/away", null]);
  });

  it("says clearly why it cannot be", () => {
    const job = jobWith(1);
    const codeAndText = ({ error, point }: Found) => {
      assert.equal(point, null);
      const { code, message } = asFaultlineError(error);
      return `${code}: ${message}`;
    };
    assert.match(codeAndText(load(job, "j/chk-9")), /^snapshot-missing: there is no complete checkpoint in "j\/chk-9"/);
    const other = { ...JOB, graphHash: "g2" };
    assert.match(codeAndText(load(job, "j/chk-1", other)), /^job-invalid: .* job j with another graph/);
    const wider = { graphHash: "g2", parallelism: { source: 2, window: 4 } };
    assert.match(codeAndText(load(job, "j/chk-1", wider)), /^job-invalid: vertex window had 1 tasks .* has 4/);
    flip(job, "j/chk-1/_metadata");
    assert.match(codeAndText(load(job, "j/chk-1")), /^snapshot-corrupt: .* _metadata: .*checksum/);
  });
});
