import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { afterEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DEFAULT_JOB_OPTIONS } from "../../../engine/cluster/job-spec.ts";
import { ClusterClient } from "../../../engine/shell/cluster-client.ts";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const entry = (name: string) => fileURLToPath(new URL(`../../../engine/shell/${name}.ts`, import.meta.url));
const COMMON = { storeDirectory: tmpdir(), livenessIntervalUs: 50_000, seed: 1 };
const COORDINATOR = { ...COMMON, name: "c", livenessTimeoutUs: 1_000_000, shutdownTimeoutUs: 1_000_000 };

const started: Child[] = [];

/** A test that fails half way leaves nothing behind, and does not wait for it either. */
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

function start(name: string, spec: unknown): Child {
  const child = spawn(process.execPath, [entry(name), JSON.stringify(spec)], { stdio: ["pipe", "pipe", "pipe"] });
  started.push(child);
  return child;
}

async function addressOf(child: Child): Promise<string> {
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { ready, address } = JSON.parse(line);
  assert.equal(ready, true);
  return address;
}

/** Exit code and the names of the journal's events, which are told as they come. */
async function endOf(
  child: Child,
  tell: (event: string) => void = () => {},
): Promise<{ code: number | null; events: string[] }> {
  const events: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    events.push(JSON.parse(line).event);
    tell(events.at(-1)!);
  });
  const [code] = await once(child, "close");
  return { code, events };
}

/** The next entry of the process' journal about this event. */
function eventOf(child: Child, event: string): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const entry = JSON.parse(line);
      if (entry.event === event) resolve(entry);
    });
  });
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

test("a worker ends in good order when asked to, and its coordinator knows at once", async () => {
  const coordinator = start("coordinator-main", COORDINATOR);
  const coordinatorEnd = endOf(coordinator);
  const worker = startWorker(await addressOf(coordinator));
  const end = endOf(worker);
  await eventOf(worker, "registered");
  const lost = eventOf(coordinator, "workerLost");
  worker.kill("SIGTERM");
  const { code, events } = await end;
  assert.deepEqual([code, events.slice(-2)], [0, ["stopRequested", "exit"]]);
  assert.equal((await lost).why, "connection closed");
  coordinator.kill("SIGTERM");
  await coordinatorEnd;
});

test("a long step of a worker's main loop is written down, and is not taken for a death", async (context) => {
  const coordinator = start("coordinator-main", { ...COORDINATOR, livenessTimeoutUs: 500_000 });
  const told: string[] = [];
  const coordinatorEnd = endOf(coordinator, (event) => told.push(event));
  const address = await addressOf(coordinator);
  const workerEnd = endOf(startWorker(address));
  const client = new ClusterClient(address);
  context.after(() => client.close());
  const binding = { kind: "kafka", brokers: ["127.0.0.1:1"], topic: "t", partitions: 1 };
  const module = new URL("./fixtures/long-step.ts", import.meta.url).href;
  const rest = { parallelism: 1, keyGroups: 1, options: DEFAULT_JOB_OPTIONS, bounded: false };
  const sinks = { sink: { ...binding, kind: "discard" } };
  const parameters = { stepMs: 3_000 };
  await client.submit({ jobId: "j", name: "j", module, parameters, sources: { source: binding }, sinks, ...rest }, 1);
  const goesOn = eventOf(coordinator, "workerGoesOn");
  await client.waitFor("j", ["running"], 20_000);
  const { stoodMs } = await goesOn;
  assert.ok(Number(stoodMs) >= 2_900, `${stoodMs} ms`);
  assert.deepEqual(
    told.filter((event) => event.startsWith("worker")),
    ["workerRegistered", "workerStalled", "workerGoesOn"],
  );
  client.shutdown();
  assert.deepEqual([(await workerEnd).code, (await coordinatorEnd).code], [0, 0]);
});

test("workers end by themselves when their coordinator is killed", async () => {
  const coordinator = start("coordinator-main", COORDINATOR);
  const worker = startWorker(await addressOf(coordinator));
  const end = endOf(worker);
  await eventOf(worker, "registered");
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
