import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { bundled } from "../../../harness/systems/bundled/bundled.ts";
import { nodeSpawner } from "../../../harness/systems/spawn-node.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { findQuery } from "../../../queries/registry.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { produce } from "../bundled/topics.ts";
import { engineSettings } from "../engine-settings.ts";

const PARTITIONS = 2;
const options = resolveNexmarkOptions({ events: 20_000, eventRatePerSecond: 700, outOfOrderGroupSize: 20 });
const dataSet = new NexmarkDataSet({ options, partitions: PARTITIONS });

let broker: TestBroker;
let client: KafkaClient;

before(async () => {
  broker = await startTestBroker();
  client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "test" });
});

after(async () => {
  await client.close();
  await broker.close();
});

async function deploy(name: string, factor: number, job?: URL) {
  const [inputTopic, outputTopic] = [await broker.topic(PARTITIONS), await broker.topic(PARTITIONS)];
  const logDir = `${broker.directory}/${name}`;
  const deployment = await bundled.deploy({
    runId: name,
    config: {
      query: { ...findQuery("q0"), ...(job === undefined ? {} : { job }) },
      dataMode: options.mode,
      parallelism: 2,
      watermarkDelayMs: 4_000,
      seed: 1,
      replication: {
        factor,
        sources: false,
        heartbeatIntervalUs: 10_000,
        heartbeatRecords: 0,
        maxLagBytes: 1 << 28,
        silentIntervals: 1_000,
      },
      engine: engineSettings({ workers: 1 + factor }),
    },
    brokers: broker.service.brokers,
    inputTopic,
    inputPartitions: PARTITIONS,
    inputs: [{ source: "events", topic: inputTopic, partitions: PARTITIONS }],
    outputTopic,
    outputPartitions: PARTITIONS,
    cutLogTopic: await broker.topic(1),
    logDir,
    spawn: nodeSpawner({ logDir }),
  });
  await produce(client, inputTopic, dataSet);
  return deployment;
}

test("a user's module that draws random numbers fails under replication: operator, replicas and what each has sent are named", async (t) => {
  const deployment = await deploy("dice", 2, new URL("./fixtures/dice.ts", import.meta.url));
  try {
    const error = await deployment.failed;
    assert.ok(error instanceof FaultlineError);
    assert.equal(error.code, "replicas-diverged", error.message);
    t.diagnostic(error.message);
    // While events come in much faster than in any run the record itself may be gone by the time it is asked for.
    const where =
      /operator "dice" \(instance [01]\): replicas 0 and 1 differ at (record \d+|one of the elements \d+ to \d+)/;
    assert.match(error.message, where);
    assert.match(error.message, /of its output to "passed" \(instance [01]\)/);
    assert.match(error.message, /no randomness/);
  } finally {
    await deployment.stop();
  }
});

test("a job that is a function of its input runs to its end with its replicas compared", async () => {
  const deployment = await deploy("q0", 2);
  try {
    await deployment.drain(30_000);
  } finally {
    await deployment.stop();
  }
});
