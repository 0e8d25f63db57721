import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { evidenceFile, type StoreFaultEvidence } from "../../../../engine/shell/faulty-store.ts";
import { StoreDriver } from "../../../../harness/faults/store/store-driver.ts";
import type { StoreFault } from "../../../../harness/faults/store/store-faults.ts";

const SLOW: StoreFault = { kind: "storeSlow", delay: 250, duration: 1_000, at: 0 };
const EVIDENCE: StoreFaultEvidence = {
  process: "worker-2",
  atUs: 1_000_000,
  operation: "write",
  path: "job/3/part",
  delayedUs: 250_400,
  hasFailed: false,
};

/** `onSleep`: what happens in the world while the driver waits. */
function rig(t: TestContext, fault: StoreFault, onSleep: (file: string) => void = () => {}) {
  const directory = mkdtempSync(join(tmpdir(), "faultline-store-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const controlFile = join(directory, "faults.json");
  let nowUs = 0;
  const sleep = async (ms: number) => {
    nowUs += ms * 1000;
    onSleep(evidenceFile(controlFile));
  };
  const parts = { monotonicUs: () => nowUs, sleep, fault, controlFile };
  return { controlFile, driver: new StoreDriver(parts), another: new StoreDriver(parts), parts };
}

const line = (evidence: StoreFaultEvidence) => `${JSON.stringify(evidence)}\n`;

test("a slow store: the control file says so, evidence of this fault only counts, healing takes the file away", async (t) => {
  let sleeps = 0;
  const { controlFile, driver } = rig(t, SLOW, (file) => {
    if (++sleeps === 3) appendFileSync(file, line(EVIDENCE));
  });
  appendFileSync(evidenceFile(controlFile), line({ ...EVIDENCE, process: "of an earlier fault" }));
  assert.equal(driver.precondition(), null);
  driver.inject();
  assert.deepEqual(JSON.parse(readFileSync(controlFile, "utf8")), { delayMs: 250, failEvery: 0 });
  const sighting = await driver.observe();
  assert.deepEqual(sighting, {
    atUs: 749_600,
    resolutionUs: 1,
    what: "write of job/3/part by worker-2 began 250.4 ms later",
  });
  driver.heal();
  driver.heal();
  assert.equal(existsSync(controlFile), false);
});

test("a failing store, and a line that is only half written", async (t) => {
  const whole = line({ ...EVIDENCE, hasFailed: true, delayedUs: 0 });
  let sleeps = 0;
  const { controlFile, driver } = rig(t, { kind: "storeFail", everyNth: 3, duration: 1, at: 0 }, (file) => {
    sleeps++;
    if (sleeps === 1) appendFileSync(file, whole.slice(0, 20));
    if (sleeps === 2) appendFileSync(file, whole.slice(20));
  });
  driver.inject();
  assert.deepEqual(JSON.parse(readFileSync(controlFile, "utf8")), { delayMs: 0, failEvery: 3 });
  assert.equal((await driver.observe())!.what, "write of job/3/part by worker-2 was refused");
  assert.equal(sleeps, 2);
});

test("a store that nobody uses did not suffer; a healed driver does not wait on", async (t) => {
  const { driver } = rig(t, SLOW);
  driver.inject();
  assert.equal(await driver.observe(), null);
  driver.heal();
  assert.equal(await driver.observe(), null);
});

test("one fault of the store at a time, and none where the processes do not look for it", (t) => {
  const { driver, another, parts } = rig(t, SLOW);
  driver.inject();
  assert.match(another.precondition()!, /another fault of the store/);
  another.heal();
  assert.ok(existsSync(parts.controlFile), "healing what it has not set changes nothing");
  assert.match(new StoreDriver({ ...parts, controlFile: null }).precondition()!, /without a store that can be broken/);
});
