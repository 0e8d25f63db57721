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
import { engineSettings } from "../engine-settings.ts";
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

interface Deploy {
  readonly workers: number;
  readonly parallelism: number;
  /** In place of the query's own. */
  readonly job?: URL;
  /** Programs to start in place of those of these roles. */
  readonly replace?: Readonly<Record<string, URL>>;
}

let runs = 0;

async function deploy(id: string, { workers, parallelism, job, replace = {} }: Deploy): Promise<Running> {
  const outputTopic = await broker.topic(PARTITIONS);
  const exits = new Map<string, Promise<ProcessExit>>();
  const spawn = nodeSpawner({ logDir: `${broker.directory}/run-${++runs}` });
  const deployment = await bundled.deploy({
    runId: `run-${runs}`,
    config: {
      query: { ...findQuery(id), ...(job === undefined ? {} : { job }) },
      dataMode: options.mode,
      parallelism,
      watermarkDelayMs: 4_000,
      seed: runs,
      engine: engineSettings({ workers }),
    },
    brokers: broker.service.brokers,
    inputTopic,
    inputPartitions: PARTITIONS,
    inputs: [{ source: "events", topic: inputTopic, partitions: PARTITIONS }],
    outputTopic,
    outputPartitions: PARTITIONS,
    logDir: `${broker.directory}/run-${runs}`,
    spawn: (role, entry, ...rest) => {
      const child = spawn(role, replace[role] ?? entry, ...rest);
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

test("a job that throws in the middle fails with the operator's name and its own words", async () => {
  const job = new URL("./fixtures/throws.ts", import.meta.url);
  const { deployment, outputTopic, exits } = await deploy("q0", { workers: 2, parallelism: 2, job });
  try {
    const error = (await deployment.failed) as Error & { code: string };
    assert.equal(error.code, "job-failed");
    assert.match(error.message, /operator "fragile" \(task \w+\/[01]\): no price below zero/);
    await assert.rejects(deployment.drain(5_000), /operator "fragile"/);
  } finally {
    await deployment.stop();
  }
  for (const [role, exited] of exits) assert.deepEqual(await exited, { code: 0, signal: null }, role);
  const written = await outputLines(client, outputTopic, PARTITIONS, findQuery("q0"));
  assert.ok(written.length <= 1_000, `${written.length} rows: nothing behind the error leaves`);
});

test("a job module that cannot be loaded, or is no job, is named with what to check", async () => {
  const deployJob = (name: string) =>
    deploy("q0", { workers: 1, parallelism: 1, job: new URL(`./fixtures/${name}`, import.meta.url) });
  await assert.rejects(deployJob("not-there.ts"), { code: "job-invalid", message: /cannot load .*not-there\.ts: / });
  await assert.rejects(deployJob("ends-at-start.ts"), {
    code: "job-invalid",
    message: /ends-at-start\.ts exports no job/,
  });
});

test("a worker that does not start is named with its exit code and its log, and the others are stopped", async () => {
  const replace = { "worker-2": new URL("./fixtures/ends-at-start.ts", import.meta.url) };
  await assert.rejects(deploy("q0", { workers: 2, parallelism: 2, replace }), {
    code: "service-start-failed",
    message: "worker-2 ended at its start (exit code 3)",
    hint: /worker-2\.log/,
  });
});
