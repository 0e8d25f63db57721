import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const entry = (name: string) => fileURLToPath(new URL(`../../../engine/shell/${name}.ts`, import.meta.url));
const COMMON = { storeDirectory: tmpdir(), livenessIntervalUs: 50_000, seed: 1 };
const COORDINATOR = { ...COMMON, name: "c", livenessTimeoutUs: 1_000_000, shutdownTimeoutUs: 1_000_000 };

function start(name: string, spec: unknown): Child {
  return spawn(process.execPath, [entry(name), JSON.stringify(spec)], { stdio: ["pipe", "pipe", "pipe"] });
}

async function addressOf(child: Child): Promise<string> {
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { ready, address } = JSON.parse(line);
  assert.equal(ready, true);
  return address;
}

/** Exit code and the names of the journal's events. */
async function endOf(child: Child): Promise<{ code: number | null; events: string[] }> {
  const events: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => events.push(JSON.parse(line).event));
  const [code] = await once(child, "close");
  return { code, events };
}

const startWorker = (coordinator: string) =>
  start("worker-main", { ...COMMON, worker: "w", coordinator, connectTimeoutUs: 200_000 });

test("a process ends in good order when asked to, and when whoever started it is gone", async () => {
  const asked = start("coordinator-main", COORDINATOR);
  const orphan = start("coordinator-main", COORDINATOR);
  const ends = [endOf(asked), endOf(orphan)];
  await Promise.all([addressOf(asked), addressOf(orphan)]);
  asked.kill("SIGTERM");
  orphan.stdin.end();
  for (const end of ends) {
    const { code, events } = await end;
    assert.equal(code, 0);
    assert.deepEqual(events.slice(-2), ["stopRequested", "exit"]);
  }
});

test("workers end by themselves when their coordinator is killed", async () => {
  const coordinator = start("coordinator-main", COORDINATOR);
  const worker = startWorker(await addressOf(coordinator));
  const end = endOf(worker);
  const registered = new Promise<void>((resolve) => {
    createInterface({ input: worker.stderr }).on("line", (line) => {
      if (JSON.parse(line).event === "registered") resolve();
    });
  });
  await registered;
  coordinator.kill("SIGKILL");
  const { code, events } = await end;
  assert.equal(code, 0);
  assert.ok(events.includes("coordinatorGone"), `${events}`);
});

test("a worker without coordinator gives up with an exit code, and so does one with a bad specification", async () => {
  const lonely = await endOf(startWorker("127.0.0.1:1"));
  assert.deepEqual([lonely.code, lonely.events.at(-1)], [4, "abort"]);
  const bad = spawn(process.execPath, [entry("worker-main"), "/no/such/file.json"], { stdio: "ignore" });
  const [code] = await once(bad, "close");
  assert.equal(code, 2);
});
