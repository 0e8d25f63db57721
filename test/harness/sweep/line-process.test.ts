import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { FaultlineError } from "../../../base/errors.ts";
import type { Guard } from "../../../harness/services/guard.ts";
import { LineProcess } from "../../../harness/sweep/bindings/line-process.ts";

const scratch = mkdtempSync(join(tmpdir(), "faultline-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const guard: Guard = {
  pid: 0,
  watch() {},
  unwatch() {},
  watchDir() {},
  unwatchDir() {},
  watchGroup() {},
  unwatchGroup() {},
  close: async () => {},
};

function start(behaviour: string, onMessage: (message: Readonly<Record<string, unknown>>) => void = () => {}) {
  return LineProcess.start({
    role: "feeder",
    entry: fileURLToPath(new URL("./fixtures/line-child.mjs", import.meta.url)),
    spec: { behaviour },
    specFile: join(scratch, `${behaviour}.json`),
    logFile: join(scratch, `${behaviour}.log`),
    guard,
    failure: "feeder-failed",
    onMessage,
  });
}

test("a process gets lines, answers lines, and stops when told to without counting as failed", async () => {
  let answer = (_message: unknown) => {};
  const answered = new Promise<unknown>((resolve) => {
    answer = resolve;
  });
  const child = await start("obeys", (message) => answer(message));
  let failed = false;
  void child.failed.then(() => {
    failed = true;
  });
  child.send({ start: 1 });
  assert.deepEqual(await answered, { echo: { start: 1 } });
  await child.stop();
  await child.child.exited;
  assert.equal(failed, false);
});

test("an error line, an early exit and a later one are told with the role and the log", async () => {
  const expected = (pattern: RegExp) => (error: FaultlineError) =>
    error.code === "feeder-failed" && pattern.test(error.message) && /log/.test(error.hint ?? "");
  await assert.rejects(start("error"), expected(/feeder: kafka-unreachable: nobody there/));
  await assert.rejects(start("exit"), expected(/feeder: ended unexpectedly \(exit code 7\)/));
  const child = await start("dies-later");
  child.send({});
  assert.ok(expected(/exit code 9/)(await child.failed));
});
