import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { monotonicUs } from "../../../base/clock.ts";
import { CpuDriver } from "../../../harness/faults/cpu-driver.ts";
import { cpuHome, machineGroupFiles } from "../../../harness/faults/cpu-group.ts";
import { EndDriver } from "../../../harness/faults/end-driver.ts";
import { PauseDriver } from "../../../harness/faults/pause-driver.ts";
import { lookAt } from "../../../harness/faults/process-look.ts";
import { readProcFile, readUsage } from "../../../harness/measure/proc-stat.ts";
import { entryPoint } from "../../../harness/services/entry-point.ts";
import { identify, isRunning } from "../../../harness/services/process-identity.ts";
import { sleep } from "../../../harness/sweep/bindings/clock.ts";
import { until } from "../../services/until.ts";

const parts = { monotonicUs, sleep, kill: (pid: number, signal: NodeJS.Signals) => process.kill(pid, signal) };
const children: ChildProcess[] = [];
let directory: string;

before(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-faults-"));
});
after(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

/** A shell that runs `script`, and has done `first`. */
async function shell(script: string, first = ":") {
  const child = spawn("sh", ["-c", `${first}; echo ready; ${script}`], { stdio: ["ignore", "pipe", "ignore"] });
  children.push(child);
  await once(child.stdout, "data");
  return { role: "victim", pid: child.pid!, name: "victim" };
}

const BUSY = "while :; do :; done";

function cpuMs(pid: number): number {
  const { cpuUserMs, cpuSystemMs } = readUsage(pid, readProcFile)!;
  return cpuUserMs + cpuSystemMs;
}

test("a paused process stands still until it is healed", async () => {
  const victim = await shell(BUSY);
  const driver = new PauseDriver(parts);
  assert.equal(driver.precondition(victim), null);
  driver.inject(victim);
  const sighting = await driver.observe(victim);
  assert.ok(sighting !== null && sighting.resolutionUs < 1_000_000);
  assert.match(new PauseDriver(parts).precondition(victim) ?? "", /stopped already/);
  const usedMs = cpuMs(victim.pid);
  await sleep(200);
  assert.equal(cpuMs(victim.pid), usedMs, "it uses no CPU");
  driver.heal(victim);
  await until("it goes on", () => lookAt(victim.pid)?.state !== "T" && cpuMs(victim.pid) > usedMs);
});

test("a process with a CPU quota gets no more than that, and everything again once it is healed", async (context) => {
  const victim = await shell(BUSY);
  const groups: string[] = [];
  const guard = { watchGroup: (folder: string) => groups.push(folder), unwatchGroup: () => groups.pop() };
  const driver = new CpuDriver({ ...parts, files: machineGroupFiles, prefix: "faultline-test", guard }, 0.1);
  const refusal = driver.precondition(victim);
  if (refusal !== null) return context.skip(refusal);
  const home = cpuHome(victim.pid, machineGroupFiles);
  driver.inject(victim);
  const [group] = groups;
  try {
    const sighting = await driver.observe(victim);
    assert.match(sighting?.what ?? "", /held back by a quota of 10 ms in every 100 ms/);
    const [usedMs, atUs] = [cpuMs(victim.pid), monotonicUs()];
    await sleep(1_000);
    const share = (cpuMs(victim.pid) - usedMs) / ((monotonicUs() - atUs) / 1000);
    assert.ok(share > 0 && share < 0.2, `${share} of a core instead of 0.1`);
  } finally {
    await driver.heal(victim);
  }
  assert.ok(!existsSync(group!));
  assert.deepEqual([cpuHome(victim.pid, machineGroupFiles), groups], [home, []]);
});

test("a process that was asked to end is seen gone; one that ignores it is not", async () => {
  const obedient = await shell("exec sleep 60");
  const driver = new EndDriver(parts, "SIGTERM", 5_000);
  assert.equal(driver.precondition(obedient), null);
  driver.inject(obedient);
  assert.match((await driver.observe(obedient))?.what ?? "", /is gone/);
  const stubborn = await shell(BUSY, 'trap "" TERM');
  const vain = new EndDriver(parts, "SIGTERM", 300);
  vain.precondition(stubborn);
  vain.inject(stubborn);
  assert.equal(await vain.observe(stubborn), null);
  assert.ok(lookAt(stubborn.pid) !== null);
});

test("a harness that is killed in the middle of faults leaves nobody stopped and no control group behind", async () => {
  const entry = entryPoint(import.meta.url, "./fixtures/striking-harness");
  const harness = spawn(process.execPath, [entry, directory], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(harness);
  const [line] = await once(harness.stdout, "data");
  const told = JSON.parse(String(line));
  assert.deepEqual([told.refused, told.sighting?.what], [null, `process ${told.paused} is stopped`]);
  const processes = [told.paused, told.limited, told.guard].map((pid: number) => identify(pid)!);
  const home = cpuHome(told.limited, machineGroupFiles);
  harness.kill("SIGKILL");
  await until("all processes end", () => !processes.some(isRunning));
  for (const name of ["paused", "limited"]) assert.equal(readFileSync(join(directory, name), "utf8"), "ended well");
  if (told.groupRefused === null) {
    assert.ok(typeof home === "object" && home.folder.endsWith(`-${told.limited}`), "it was in a group of its own");
    assert.ok(!existsSync(home.folder));
  }
});
