import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import type { FaultlineError } from "../../../base/errors.ts";
import { freePorts } from "../../../harness/services/free-ports.ts";
import { findJava } from "../../../harness/services/java.ts";
import { installKafka } from "../../../harness/services/kafka/install.ts";
import { type BrokerRuntime, formatStorage, startBroker, waitUntilReady } from "../../../harness/services/kafka/jvm.ts";
import { isPortTaken, recentLog } from "../../../harness/services/kafka/log-reason.ts";
import { startKafka } from "../../../harness/services/kafka/start.ts";
import { startFakeBroker } from "../../kafka/fake-broker.ts";

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-failures-"));
});
after(() => rmSync(directory, { recursive: true, force: true }));

async function runtimeFor(name: string): Promise<BrokerRuntime> {
  const { classPath } = await installKafka(() => {});
  const logFile = join(directory, name, "kafka.log");
  return { java: await findJava(), classPath, archive: null, heap: "256m", logFile, guard: undefined };
}

/** Starts a broker on these ports, one of which is taken, and returns the error. */
async function failure(runtime: BrokerRuntime, clientPort: number, controllerPort: number): Promise<FaultlineError> {
  const place = { dataDir: join(runtime.logFile, "../data"), clientPort, controllerPort };
  const clusterId = await formatStorage(runtime, place);
  const child = startBroker(runtime, place);
  return waitUntilReady(child, place, runtime.logFile, clusterId).then(
    async () => {
      await child.kill();
      return assert.fail("it cannot have started");
    },
    (error: FaultlineError) => error,
  );
}

test("another broker on the client port is not taken for ours: the start fails, and says why", async () => {
  const other = await startFakeBroker(() => undefined);
  const [controllerPort = 0] = await freePorts(1);
  const runtime = await runtimeFor("client-port");
  const error = await failure(runtime, other.port, controllerPort);
  await other.close();
  assert.equal(error.code, "service-start-failed");
  assert.match(error.message, /Address already in use/);
  assert.ok(isPortTaken(recentLog(runtime.logFile)), "then other ports are tried");
  assert.match(String(error.context.logTail), /shut/i);
});

test("a taken controller port is recognised too", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const taken = (server.address() as { port: number }).port;
  const [clientPort = 0] = await freePorts(1);
  const runtime = await runtimeFor("controller-port");
  const error = await failure(runtime, clientPort, taken);
  server.close();
  assert.match(error.message, /Address already in use/);
  assert.ok(isPortTaken(recentLog(runtime.logFile)));
});

/** The port that another process listens on until the test ends. */
async function thief(t: TestContext): Promise<number> {
  const program =
    'const s = require("net").createServer().listen(0, "127.0.0.1", () => process.stdout.write(String(s.address().port)))';
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [line] = await once(child.stdout, "data");
  return Number(line);
}

test("another process takes the ports between their choice and the broker's start: others are tried, and it is said", async (t) => {
  const taken = await thief(t);
  const choices: (readonly number[])[] = [];
  const findPorts = async (count: number) => {
    const free = await freePorts(count);
    choices.push(choices.length === 0 ? [taken, ...free.slice(1)] : free);
    return choices.at(-1)!;
  };
  const told: string[] = [];
  const place = { dataDir: join(directory, "thief"), logFile: join(directory, "thief.log"), heap: "256m" };
  const service = await startKafka({ ...place, findPorts, onProgress: (text) => told.push(text) });
  t.after(() => service.kill());
  assert.equal(choices.length, 2);
  assert.deepEqual(service.brokers, [`127.0.0.1:${choices[1]![0]}`]);
  const words = `port ${taken}, ${choices[0]![1]} or ${choices[0]![2]} was taken meanwhile: trying others`;
  assert.ok(told.includes(words), told.join("\n"));
});

test("a start that is interrupted ends the broker at once", async () => {
  const abort = new AbortController();
  const place = { dataDir: join(directory, "early"), logFile: join(directory, "early.log"), heap: "256m" };
  const findPorts = async (count: number) => {
    setImmediate(() => abort.abort());
    return freePorts(count);
  };
  const starting = startKafka({ ...place, findPorts, signal: abort.signal, onProgress: () => {} });
  await assert.rejects(starting, { code: "interrupted" });
});

test("a broker that Java cannot start is an error with Java's own words", async () => {
  const options = { dataDir: join(directory, "heap"), logFile: join(directory, "heap.log"), onProgress: () => {} };
  await assert.rejects(startKafka({ ...options, heap: "1k" }), {
    code: "service-start-failed",
    message: /Too small maximum heap/,
    hint: /heap\.log/,
  });
});

test("a data directory that cannot be made is an error that names it", async () => {
  const options = { dataDir: "/dev/null/kafka", logFile: join(directory, "dir.log"), onProgress: () => {} };
  await assert.rejects(startKafka(options), { code: "output-unwritable", message: /\/dev\/null/ });
});
