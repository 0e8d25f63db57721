import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { FaultlineError } from "../../../base/errors.ts";
import type { JobSpec } from "../../../engine/cluster/job-spec.ts";
import { FileStore } from "../../../engine/shell/file-store.ts";
import { importFactory, loadJobModule } from "../../../engine/shell/load-job.ts";
import { localElection } from "../../../engine/shell/local-election.ts";
import { machineClock, machineTimers } from "../../../engine/shell/machine-timers.ts";
import { lineJournal } from "../../../engine/shell/stderr-journal.ts";

const elapsed = (delayUs: number) =>
  new Promise<number>((resolve) => {
    const startUs = machineClock.nowUs();
    machineTimers.after(delayUs, () => resolve(machineClock.nowUs() - startUs));
  });

test("no timer is early, not even by a fraction of a millisecond", async () => {
  const delays = [0, 100, 700, 1000, 1500, 3300, 5001];
  const late = await Promise.all(delays.map(elapsed));
  for (const [i, delay] of delays.entries()) assert.ok(late[i]! >= delay, `${delay} µs lasted ${late[i]} µs`);
});

test("a cancelled timer stays silent, and nothing is called from inside the call that asked", async () => {
  const calls: string[] = [];
  machineTimers.after(500, () => calls.push("cancelled")).cancel();
  machineTimers.after(0, () => calls.push("cancelled at once")).cancel();
  machineTimers.soon(() => calls.push("soon"));
  assert.deepEqual(calls, []);
  await elapsed(3000);
  assert.deepEqual(calls, ["soon"]);
});

test("the only coordinator is elected with epoch 1, unless it has left by then", async () => {
  const heard: string[] = [];
  const handler = (name: string) => ({
    onElected: (epoch: number) => heard.push(`${name} ${epoch}`),
    onDeposed: () => heard.push(`${name} deposed`),
  });
  localElection.join("g", "a", handler("a")).leave();
  localElection.join("g", "b", handler("b"));
  assert.deepEqual(heard, []);
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  assert.deepEqual(heard, ["b 1"]);
});

test("journal lines are JSON, with errors spelled out", () => {
  const lines: string[] = [];
  const cause = new Error("deep");
  lineJournal("worker-1", (line) => lines.push(line)).write("taskFailed", {
    error: new FaultlineError("worker-lost", "gone", { hint: "wait", context: { worker: "w" }, cause }),
  });
  const { atUs, process, event, error } = JSON.parse(lines.join(""));
  assert.ok(Number.isInteger(atUs));
  assert.deepEqual([process, event], ["worker-1", "taskFailed"]);
  assert.deepEqual(
    [error.code, error.hint, error.context, error.cause.message],
    ["worker-lost", "wait", { worker: "w" }, "deep"],
  );
});

test("a job module must exist and export a function", async () => {
  const here = new URL("./machine.test.ts", import.meta.url);
  await assert.rejects(importFactory("/nowhere/job.ts"), { code: "job-invalid" });
  await assert.rejects(importFactory(here.href), { code: "job-invalid", message: /exports no job/ });
});

test("what a job module gives must be a graph", async () => {
  for (const gives of ["undefined", "5", "({ nodes: [] })", "Promise.resolve(null)"]) {
    const module = `data:text/javascript,export default () => ${gives}`;
    const error = await new Promise<Error | null>((resolve) => {
      loadJobModule({ module, parameters: {} } as JobSpec, resolve);
    });
    assert.match(String(error), /gave no graph/);
  }
});

test("a stored checkpoint is whole, replaced atomically, leaves no temporary files, and removing it twice is no error", async () => {
  const directory = await mkdtemp(join(tmpdir(), "faultline-store-"));
  try {
    const store = new FileStore(directory);
    const write = (path: string, text: string) =>
      new Promise((resolve) => store.write(path, Buffer.from(text), resolve));
    const read = (path: string) =>
      new Promise<string>((resolve) => {
        store.read(path, (error, bytes) => resolve(error === null ? Buffer.from(bytes!).toString() : "absent"));
      });
    const remove = (path: string) => new Promise((resolve) => store.remove(path, resolve));
    assert.deepEqual(await Promise.all([write("job/1/a", "one"), write("job/1/a", "two")]), [null, null]);
    assert.match(await read("job/1/a"), /^(one|two)$/);
    assert.equal(await write("job/1/a", "three"), null);
    assert.equal(await read("job/1/a"), "three");
    assert.deepEqual(await readdir(join(directory, "job/1")), ["a"]);
    assert.deepEqual([await remove("job/1/a"), await remove("job/1/a"), await remove("job/9/b")], [null, null, null]);
    assert.equal(await read("job/1/a"), "absent");
    assert.throws(() => store.read("../outside", () => {}), { code: "assertion-failed" });
  } finally {
    await rm(directory, { recursive: true });
  }
});
