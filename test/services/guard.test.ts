import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { entryPoint } from "../../harness/services/entry-point.ts";
import { startGuard } from "../../harness/services/guard.ts";
import { identify, isGroupRunning, isRunning, signalGroup } from "../../harness/services/process-identity.ts";
import { until } from "./until.ts";

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-guard-"));
});
after(() => rmSync(directory, { recursive: true, force: true }));

test("a harness that is killed leaves no process and no directory, not even of children that ignore SIGTERM", async () => {
  const harness = spawn(process.execPath, [entryPoint(import.meta.url, "./fixtures/harness"), directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(harness.stdout, "data");
  const processes = (JSON.parse(String(line)) as number[]).map((pid) => identify(pid)!);
  assert.equal(processes.length, 4);
  assert.ok(processes.every((identity) => isRunning(identity)));
  harness.kill("SIGKILL");
  await until("all processes end", () => !processes.some(isRunning));
  assert.ok(!existsSync(join(directory, "watched")));
  assert.ok(existsSync(directory), "only what was watched is removed");
});

test("an orderly close cleans up what is watched, and leaves alone what no longer is", async () => {
  const guard = await startGuard({ graceMs: 200 });
  const [kept, removed] = [join(directory, "kept"), join(directory, "removed")];
  for (const path of [kept, removed]) {
    mkdirSync(path);
    guard.watchDir(path);
  }
  guard.unwatchDir(kept);
  const sleepers = [0, 1].map(() =>
    spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" }),
  );
  const [spared, ended] = sleepers.map(({ pid }) => identify(pid!)!);
  guard.watch(spared!.pid);
  guard.watch(ended!.pid);
  guard.unwatch(spared!.pid);
  await guard.close();
  await until("the watched one ends", () => !isRunning(ended!));
  assert.ok(isRunning(spared!));
  signalGroup(spared!, "SIGKILL");
  assert.deepEqual([existsSync(kept), existsSync(removed)], [true, false]);
});

test("a harness that dies in the middle of an order is cleaned up after all the same", async () => {
  const path = join(directory, "half");
  mkdirSync(path);
  const sleeper = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const identity = identify(sleeper.pid!)!;
  const guard = spawn(process.execPath, [entryPoint(import.meta.url, "../../harness/services/guard-process"), "200"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  await once(guard.stdout, "data");
  guard.stdin.write(`${JSON.stringify({ kind: "watch", process: identity })}\n`);
  guard.stdin.write(`${JSON.stringify({ kind: "watchDir", path })}\n`);
  guard.stdin.end('{"kind":"watch","proc');
  await once(guard, "close");
  await until("the watched one ends", () => !isRunning(identity));
  assert.ok(!existsSync(path));
});

test("a pid that was given to another process is not signalled", () => {
  const own = identify(process.pid)!;
  assert.ok(isRunning(own));
  const predecessor = { pid: process.pid, startTicks: "1" };
  assert.ok(!isRunning(predecessor));
  assert.ok(!isGroupRunning(predecessor));
  assert.ok(!signalGroup(predecessor, "SIGKILL"), "this very process would be dead otherwise");
});
