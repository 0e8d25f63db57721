import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isPortTaken, reasonIn, recentLog } from "../../harness/services/kafka/log-reason.ts";

const info = (text: string) => `2026-01-01T00:00:00.000Z INFO  Server ${text}`;
const error = (text: string) => `2026-01-01T00:00:00.000Z ERROR Server ${text}`;

test("of a failed broker's log the user reads the cause, not what it wrote while it shut down", () => {
  const shutdown = [info("Exception message: The event queue is shutting down"), info("shut down completed")];
  const bind = [
    "java.lang.RuntimeException: fatal",
    "\tat kafka.X",
    "Caused by: java.net.BindException: Address already in use",
  ];
  assert.equal(
    reasonIn([error("Fatal error"), ...bind, ...shutdown].join("\n")),
    "java.net.BindException: Address already in use",
  );
  const disk = ["java.lang.Y: outer", "Caused by: java.io.IOException: No space left on device", "\tat Z"];
  assert.equal(reasonIn([error("x"), ...disk, ...shutdown].join("\n")), "java.io.IOException: No space left on device");
  assert.match(reasonIn([error("first"), error("second"), ...shutdown].join("\n")), /first$/);
  assert.equal(
    reasonIn("Error occurred during initialization of VM\nToo small maximum heap\n"),
    "Too small maximum heap",
  );
  assert.equal(reasonIn(""), "its log is empty");
});

test("a port that was taken at an earlier start says nothing of this one, however long the log", () => {
  const directory = mkdtempSync(join(tmpdir(), "faultline-log-"));
  const file = join(directory, "kafka.log");
  const taken = ["INFO Log4jControllerRegistration$ up", "Caused by: java.net.BindException: Address already in use"];
  const shutdown = Array.from({ length: 1000 }, (_, i) => info(`shutting down part ${i} of many`));
  writeFileSync(file, [...taken, ...shutdown].join("\n"));
  assert.ok(isPortTaken(recentLog(file)));
  writeFileSync(file, [...taken, ...shutdown, "INFO Log4jControllerRegistration$ up", error("disk")].join("\n"));
  assert.ok(!isPortTaken(recentLog(file)));
  assert.equal(recentLog(join(directory, "none.log")), "");
  rmSync(directory, { recursive: true });
});
