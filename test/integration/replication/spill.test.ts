import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { bundled } from "../../../harness/systems/bundled/bundled.ts";
import { nodeSpawner } from "../../../harness/systems/spawn-node.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { findQuery } from "../../../queries/registry.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { expectedLines, outputLines, produce } from "../bundled/topics.ts";
import { engineSettings } from "../engine-settings.ts";

const PARTITIONS = 4;
const query = findQuery("q0");
const options = resolveNexmarkOptions({ events: 60_000, eventRatePerSecond: 1_000, outOfOrderGroupSize: 20 });
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

test("epochs that are much larger than memory may hold go through files of real workers, and nothing is lost", {
  timeout: 120_000,
}, async (t) => {
  const [inputTopic, outputTopic] = [await broker.topic(PARTITIONS), await broker.topic(PARTITIONS)];
  await produce(client, inputTopic, dataSet);
  const logDir = `${broker.directory}/spill`;
  const deployment = await bundled.deploy({
    runId: "spill",
    config: {
      query,
      dataMode: options.mode,
      parallelism: PARTITIONS,
      watermarkDelayMs: 4_000,
      seed: 1,
      replication: {
        factor: 2,
        sources: false,
        // All that is there comes within few heartbeats: channels hold most of it before the one whose turn it is has shown its own.
        heartbeatIntervalUs: 1_000_000,
        heartbeatRecords: 0,
        maxLagBytes: 1 << 28,
        spillAfterBytes: 0,
        silentIntervals: 1_000,
      },
      engine: engineSettings({ workers: 3 }),
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
  try {
    const most = { spilled: 0, now: 0 };
    const look = async () => {
      await delay(5);
      const counters = await deployment.counters();
      const sum = (name: string) => counters.reduce((all, { custom }) => all + (custom[name] ?? 0), 0);
      const now = sum("spilledNowBytes");
      most.spilled = Math.max(most.spilled, sum("spilledBytes"));
      most.now = Math.max(most.now, now);
      return now;
    };
    const ended = deployment.drain(60_000);
    let isOver = false;
    ended.finally(() => {
      isOver = true;
    });
    while (!isOver) await look().catch(() => 0);
    await ended;
    t.diagnostic(`${most.spilled} bytes went to files, up to ${most.now} of them at one time`);
    // How much at one time depends on how fast it all comes: little on a busy machine.
    assert.ok(most.spilled > 100_000 && most.now > 0, `${most.spilled} spilled, ${most.now} at one time`);
    assert.deepEqual(await outputLines(client, outputTopic, PARTITIONS, query), expectedLines(query, dataSet));
  } finally {
    await deployment.stop();
  }
});
