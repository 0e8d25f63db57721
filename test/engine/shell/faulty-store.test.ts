import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { CheckpointStore, World } from "../../../engine/ports.ts";
import {
  evidenceFile,
  type StoreFaultEvidence,
  type StoreFaults,
  withStoreFaults,
} from "../../../engine/shell/faulty-store.ts";
import { collectedFile } from "../../../engine/simulation/collected-file.ts";

/** A store that notes what reaches it, in a world whose time passes when a timer asks for it. */
function rig(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "faultline-store-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const controlFile = join(directory, "control.json");
  const reached: string[] = [];
  let nowUs = 1_000;
  const note = (what: string) => {
    reached.push(what);
    return null;
  };
  const store: CheckpointStore = {
    write: (path, _bytes, done) => done(note(`write ${path}`)),
    create: (path) =>
      collectedFile(
        (callback) => callback(),
        (_bytes, done) => done(note(`write ${path}`)),
      ),
    read: (path, done) => done(note(`read ${path}`), new Uint8Array(1)),
    remove: (path, done) => done(note(`remove ${path}`)),
    list: (path, done) => done(note(`list ${path}`), ["a"]),
  };
  const timers = {
    after: (delayUs: number, callback: () => void) => {
      nowUs += delayUs;
      callback();
      return { cancel() {} };
    },
  };
  const world = { store, clock: { nowUs: () => nowUs }, timers } as unknown as World;
  const faulty = withStoreFaults(world, "worker-1", controlFile).store;
  const operations: Readonly<Record<string, () => Promise<Error | null>>> = {
    write: () => new Promise((resolve) => faulty.write("c/1", new Uint8Array(2), resolve)),
    read: () => new Promise((resolve) => faulty.read("c/1", resolve)),
    remove: () => new Promise((resolve) => faulty.remove("c/1", resolve)),
    list: () => new Promise((resolve) => faulty.list("c", resolve)),
  };
  const evidence = () =>
    existsSync(evidenceFile(controlFile))
      ? readFileSync(evidenceFile(controlFile), "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as StoreFaultEvidence)
      : [];
  const set = (faults: StoreFaults) => writeFileSync(controlFile, JSON.stringify(faults));
  return { world, operations, reached, evidence, set, clear: () => rmSync(controlFile) };
}

test("without a control file given the world is as it was: nothing stands before the store", (t) => {
  const { world } = rig(t);
  assert.equal(withStoreFaults(world, "worker-1", undefined), world);
});

test("while the control file is not there every operation reaches the store, and nothing is said", async (t) => {
  const { operations, reached, evidence } = rig(t);
  for (const operate of Object.values(operations)) assert.equal(await operate(), null);
  assert.deepEqual(reached, ["write c/1", "read c/1", "remove c/1", "list c"]);
  assert.deepEqual(evidence(), []);
});

test("a slow store: every operation begins later, is carried out, and leaves evidence", async (t) => {
  const { operations, reached, evidence, set, clear } = rig(t);
  set({ delayMs: 30, failEvery: 0 });
  for (const operate of Object.values(operations)) assert.equal(await operate(), null);
  assert.equal(reached.length, 4);
  assert.deepEqual(evidence()[0], {
    process: "worker-1",
    atUs: 31_000,
    operation: "write",
    path: "c/1",
    delayedUs: 30_000,
    hasFailed: false,
  });
  assert.deepEqual(
    evidence().map(({ operation }) => operation),
    ["write", "read", "remove", "list"],
  );
  clear();
  await operations.write!();
  assert.equal(evidence().length, 4, "healed");
});

test("a failing store: every n-th operation of whatever kind fails before it has done anything", async (t) => {
  const { operations, reached, evidence, set } = rig(t);
  set({ delayMs: 0, failEvery: 2 });
  const outcomes: (string | null)[] = [];
  for (const operate of [...Object.values(operations), operations.write!])
    outcomes.push((await operate())?.message ?? null);
  const refused = (what: string) => `planned fault: the store refuses to ${what}`;
  assert.deepEqual(outcomes, [null, refused("read c/1"), null, refused("list c"), null]);
  assert.deepEqual(reached, ["write c/1", "remove c/1", "write c/1"]);
  assert.deepEqual(
    evidence().map(({ operation, hasFailed }) => [operation, hasFailed]),
    [
      ["read", true],
      ["list", true],
    ],
  );
});
