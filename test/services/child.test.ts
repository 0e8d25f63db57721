import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type ChildOptions, startChild, startNodeChild } from "../../harness/services/child.ts";
import { entryPoint } from "../../harness/services/entry-point.ts";
import { identify, isRunning } from "../../harness/services/process-identity.ts";
import { until } from "./until.ts";

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-child-"));
});
after(() => rmSync(directory, { recursive: true, force: true }));

function start(fixture: string, options: Partial<ChildOptions> = {}) {
  const entry = entryPoint(import.meta.url, `./fixtures/${fixture}`);
  return startNodeChild({
    role: fixture,
    entry,
    args: [],
    logFile: join(directory, "logs", `${fixture}.log`),
    ...options,
  });
}

test("messages go both ways as JSON lines, stderr goes to the log, the exit code is reported", async () => {
  const messages: unknown[] = [];
  const errors: string[] = [];
  let wake: () => void = () => {};
  const child = start("obedient", {
    onMessage: (message) => {
      messages.push(message);
      wake();
    },
    onError: (error) => errors.push(error.message),
  });
  const answered = new Promise<void>((resolve) => {
    wake = resolve;
  });
  child.send("nonsense");
  child.send({ n: 1 });
  await answered;
  child.send("exit");
  assert.deepEqual(await child.exited, { code: 7, signal: null });
  assert.deepEqual(messages, [{ echo: { n: 1 } }]);
  assert.equal(errors.length, 1);
  assert.match(errors[0]!, /obedient wrote a line that is not JSON: no JSON/);
  assert.match(readFileSync(join(directory, "logs", "obedient.log"), "utf8"), /obedient is up/);
});

test("stop is graceful where it can be", async () => {
  const child = start("obedient");
  assert.deepEqual(await child.stop(), { code: null, signal: "SIGTERM" });
  assert.deepEqual(await child.stop(), { code: null, signal: "SIGTERM" }, "a second stop changes nothing");
});

test("stop uses force on a process that ignores SIGTERM, and on its children", async () => {
  let pids: number[] = [];
  let wake: () => void = () => {};
  const up = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const child = start("stubborn", {
    onMessage: (message) => {
      pids = message as number[];
      wake();
    },
  });
  await up;
  const processes = pids.map((pid) => identify(pid)!);
  assert.deepEqual(await child.stop(100), { code: null, signal: "SIGKILL" });
  await until("the child's child ends", () => !processes.some(isRunning));
});

test("a program that does not exist is an error with its name", () => {
  assert.throws(
    () => startChild({ role: "ghost", file: "/nonexistent/ghost", args: [], logFile: join(directory, "g.log") }),
    {
      code: "service-start-failed",
      message: /ghost/,
    },
  );
});

test("what a process says last is delivered before its end, however busy this process was meanwhile", async () => {
  const messages: unknown[] = [];
  const child = startChild({
    role: "talker",
    file: process.execPath,
    args: [
      "-e",
      "for (let i = 0; i < 2000; i++) process.stdout.write(JSON.stringify({ i, text: 'x'.repeat(100) }) + '\\n')",
    ],
    logFile: join(directory, "talker.log"),
    onMessage: (message) => messages.push(message),
  });
  const atExit = child.exited.then(() => messages.length);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300); // exit and messages have then become visible together
  assert.equal(await atExit, 2000);
});

test("the end of a process is reported although a process that it left behind holds its pipe; stop ends that one too", async () => {
  let pid = 0;
  const child = startChild({
    role: "parent",
    file: "/bin/sh",
    args: ["-c", "sleep 60 & echo $!; exit 3"],
    logFile: join(directory, "parent.log"),
    onMessage: (message) => {
      pid = message as number;
    },
  });
  assert.deepEqual(await child.exited, { code: 3, signal: null });
  const left = identify(pid)!;
  await child.stop();
  await until("the one left behind ends", () => !isRunning(left));
});
