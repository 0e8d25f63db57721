import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startChild } from "../../harness/services/child.ts";
import { sessionNiceness, setNiceness } from "../../harness/services/priority.ts";

test("niceness is set for a child and for the session that it leads, without which it would count for nothing", async () => {
  const directory = mkdtempSync(join(tmpdir(), "faultline-priority-"));
  const child = startChild({
    role: "sleeper",
    file: process.execPath,
    args: ["-e", "setInterval(() => {}, 1000)"],
    logFile: join(directory, "log"),
  });
  const before = sessionNiceness(child.pid);
  assert.ok(setNiceness(child.pid, 5), "less of the processor is permitted to everybody");
  assert.equal(getPriority(child.pid), 5);
  assert.equal(sessionNiceness(child.pid), before === null ? null : 5);
  await child.kill();
  assert.equal(setNiceness(child.pid, 5), false, "a process that is gone has none");
  rmSync(directory, { recursive: true });
});
