import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { bundled } from "../../../harness/systems/bundled/bundled.ts";
import { nodeSpawner } from "../../../harness/systems/spawn-node.ts";
import type { Deployment, ProcessExit } from "../../../harness/systems/system.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { findQuery } from "../../../queries/registry.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { expectedLines, outputLines, produce } from "./topics.ts";

const PARTITIONS = 4;
const options = resolveNexmarkOptions({ events: 20_000, eventRatePerSecond: 700, outOfOrderGroupSize: 20 });
const dataSet = new NexmarkDataSet({ options, partitions: PARTITIONS });

let broker: TestBroker;
let client: KafkaClient;
let inputTopic: string;

before(async () => {
  broker = await startTestBroker();
  client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "test" });
  inputTopic = await broker.topic(PARTITIONS);
  await produce(client, inputTopic, dataSet);
});

after(async () => {
  await client.close();
  await broker.close();
});

interface Running {
  readonly deployment: Deployment;
  readonly outputTopic: string;
  readonly exits: ReadonlyMap<string, Promise<ProcessExit>>;
}

let runs = 0;

async function deploy(
  id: string,
  { workers, parallelism }: { workers: number; parallelism: number },
): Promise<Running> {
  const outputTopic = await broker.topic(PARTITIONS);
  const exits = new Map<string, Promise<ProcessExit>>();
  const spawn = nodeSpawner({ logDir: `${broker.directory}/run-${++runs}` });
  const deployment = await bundled.deploy({
    runId: `run-${runs}`,
    config: {
      query: findQuery(id),
      dataMode: options.mode,
      parallelism,
      watermarkDelayMs: 4_000,
      seed: runs,
      engine: {
        workers,
        keyGroups: 64,
        bufferTimeoutUs: 1_000,
        watermarkIntervalUs: 10_000,
        livenessIntervalUs: 100_000,
        livenessTimeoutUs: 5_000_000,
        workerMemoryBytes: 256 * 2 ** 20,
      },
    },
    brokers: broker.service.brokers,
    inputTopic,
    inputPartitions: PARTITIONS,
    inputs: [{ source: "events", topic: inputTopic, partitions: PARTITIONS }],
    outputTopic,
    outputPartitions: PARTITIONS,
    logDir: `${broker.directory}/run-${runs}`,
    spawn: (...spawned) => {
      const child = spawn(...spawned);
      exits.set(child.role, child.exited);
      return child;
    },
  });
  return { deployment, outputTopic, exits };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

for (const [id, shape] of [
  ["q0", { workers: 2, parallelism: 2 }],
  ["q2", { workers: 1, parallelism: 1 }],
  ["q5", { workers: 2, parallelism: 4 }],
] as const) {
  test(`${id} on ${shape.workers} workers: the topic holds exactly what the oracle says, and no process stays behind`, async () => {
    const { deployment, outputTopic, exits } = await deploy(id, shape);
    try {
      await deployment.drain(30_000);
      const counters = await deployment.counters();
      assert.ok(counters.length >= shape.parallelism);
    } finally {
      await deployment.stop();
    }
    const expected = expectedLines(findQuery(id), dataSet);
    assert.ok(expected.length >= 15, `${expected.length} rows`);
    assert.deepEqual(await outputLines(client, outputTopic, PARTITIONS, findQuery(id)), expected);
    for (const [role, exited] of exits) assert.deepEqual(await exited, { code: 0, signal: null }, role);
    assert.deepEqual(
      deployment.processes.map(({ role, pid }) => [role, isAlive(pid)]),
      [["coordinator", false], ...Array.from({ length: shape.workers }, (_, i) => [`worker-${i + 1}`, false])],
    );
  });
}

test("a worker that is killed fails the job as worker-lost, and what is left can be stopped", async () => {
  const { deployment, exits } = await deploy("q5", { workers: 2, parallelism: 2 });
  try {
    process.kill(deployment.processes.find(({ role }) => role === "worker-2")!.pid, "SIGKILL");
    const error = (await deployment.failed) as Error & { code: string };
    assert.ok(["worker-lost", "system-failed"].includes(error.code), `${error.code}: ${error.message}`);
    await assert.rejects(deployment.drain(5_000), { code: "worker-lost" });
  } finally {
    await deployment.stop();
  }
  await Promise.all(exits.values());
});
