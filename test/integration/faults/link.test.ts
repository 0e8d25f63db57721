import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, type TestContext, test } from "node:test";
import { monotonicUs } from "../../../base/clock.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { LinkDriver } from "../../../harness/faults/link/link-driver.ts";
import type { LinkFault } from "../../../harness/faults/link/link-faults.ts";
import { LinkProxy } from "../../../harness/faults/link/link-proxy.ts";
import { processesAt } from "../../../harness/faults/targets.ts";
import { type Guard, startGuard } from "../../../harness/services/guard.ts";
import { KafkaAdmin } from "../../../harness/services/kafka/admin.ts";
import { sleep } from "../../../harness/sweep/bindings/clock.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { bundled } from "../../../harness/systems/bundled/bundled.ts";
import { nodeSpawner } from "../../../harness/systems/spawn-node.ts";
import type { Deployment, SystemState } from "../../../harness/systems/system.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { findQuery } from "../../../queries/registry.ts";
import { until } from "../../services/until.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { expectedLines, outputLines, produce } from "../bundled/topics.ts";
import { engineSettings } from "../engine-settings.ts";
import { bench, Workplace } from "../sweep/bench.ts";

const PARTITIONS = 4;
const LIVENESS_TIMEOUT_MS = 2_000;
const options = resolveNexmarkOptions({ events: 20_000, eventRatePerSecond: 700, outOfOrderGroupSize: 20 });
const dataSet = new NexmarkDataSet({ options, partitions: PARTITIONS });
const q5 = findQuery("q5");

const place = new Workplace();
let broker: TestBroker;
let client: KafkaClient;
let guard: Guard;
let inputTopic: string;
let runs = 0;

before(async () => {
  broker = await startTestBroker();
  guard = await startGuard();
  client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "test" });
  inputTopic = await broker.topic(PARTITIONS);
  await produce(client, inputTopic, dataSet);
});

after(async () => {
  await client.close();
  await broker.close();
  await guard.close();
  place.remove();
});

async function startLinks(t: TestContext): Promise<LinkProxy> {
  const logDirectory = `${broker.directory}/run-${++runs}`;
  mkdirSync(logDirectory);
  const links = await LinkProxy.start({
    broker: broker.service.linkListener,
    logDirectory,
    guard,
  });
  t.after(() => links.stop());
  return links;
}

interface Running {
  readonly links: LinkProxy;
  readonly deployment: Deployment;
  readonly states: readonly SystemState[];
  readonly outputTopic: string;
}

/** q5 on two workers, everything of it through the proxy. */
async function deploy(t: TestContext, recovery: "none" | "scratch"): Promise<Running> {
  const links = await startLinks(t);
  const outputTopic = await broker.topic(PARTITIONS);
  const logDir = `${broker.directory}/run-${runs}`;
  const deployment = await bundled.deploy({
    runId: `link-${runs}`,
    config: {
      query: q5,
      dataMode: options.mode,
      parallelism: 2,
      watermarkDelayMs: 4_000,
      seed: runs,
      recovery,
      engine: engineSettings({ workers: 2, livenessTimeoutUs: LIVENESS_TIMEOUT_MS * 1000 }),
    },
    brokers: links.brokers!,
    inputTopic,
    inputPartitions: PARTITIONS,
    inputs: [{ source: "events", topic: inputTopic, partitions: PARTITIONS }],
    outputTopic,
    outputPartitions: PARTITIONS,
    logDir,
    links,
    spawn: nodeSpawner({ logDir, guard }),
  });
  t.after(() => deployment.stop());
  const states: SystemState[] = [];
  deployment.faults!.onState((state) => states.push(state));
  return { links, deployment, states, outputTopic };
}

function driverOf(fault: LinkFault, { links, deployment }: Running): LinkDriver {
  const at = (end: string) => processesAt(end, deployment.faults!.places());
  return new LinkDriver({ fault, links, processesAt: at, seed: 1, monotonicUs, sleep: (ms) => sleep(ms) });
}

test("a sweep with a slow link and a slow store: both are observed, and what went over the links is kept", async () => {
  const file = place.write(
    "links.yaml",
    `query: q5
data: {nexmark: {eventRatePerSecond: 20}}
load: {rate: 1k/s, duration: 5s}
warmup: 500ms
limits: {generatorLagP99: 2s, achievedShare: 0.5, observerLagP99: 2s, minSamples: 1}
kafka: {brokers: ["${broker.service.brokers[0]}"]}
engine: {workers: 2}
parallelism: 2
recovery: passive
checkpoints: {interval: 500ms}
faults:
  - {kind: delay, target: worker/1<->worker/2, delay: 30ms, jitter: 10ms, duration: 1s, at: 1s}
  - {kind: storeSlow, delay: 50ms, duration: 1s, at: 3s}
`,
  );
  const { code, err } = await bench(place, ["sweep", file, "--out", "links"]);
  const { run, state, faults, reasons } = JSON.parse(place.read("links", "runs.jsonl")) as RunResult;
  assert.deepEqual([code, state, reasons], [0, "valid", []], err);
  assert.match(faults![0]!.evidence[0]!, /^TCP link proxy: \d+ bytes worker-\d->worker-\d arrived \d\d\.\d ms later$/);
  assert.match(faults![1]!.evidence[0]!, /^\w+ of .* by (worker-\d|coordinator) began \d+\.\d ms later$/);
  const links = place.read("links", `raw/${run.id}/links.jsonl`).trim().split("\n");
  assert.ok(links.some((line) => line.includes('"from":"worker-1","to":"worker-2"')));
});

test("clients that come by the link listener stay on it: ours and kafkajs", async (t) => {
  const links = await startLinks(t);
  const { advertisedPort } = broker.service.linkListener!;
  const topic = await broker.topic(1);
  const through = await KafkaClient.connect({ brokers: links.brokers!, clientId: "link" });
  t.after(() => through.close());
  const { brokers } = await through.metadata([topic]);
  assert.deepEqual(
    brokers.map(({ port }) => port),
    [advertisedPort],
  );
  assert.notDeepEqual(links.brokers, broker.service.brokers);
  const before = await brokerBytes(links);
  const producer = await through.producer({
    topic,
    partitions: [0],
    acks: -1,
    onAck() {},
    onError: (e) => assert.fail(e),
  });
  producer.append(0, 0, new Uint8Array(10_000), 0, 10_000);
  await producer.close();
  assert.ok((await brokerBytes(links)) - before > 10_000, "records go through the proxy");
  const admin = await KafkaAdmin.connect(links.brokers!);
  t.after(() => admin.close());
  const between = await brokerBytes(links);
  await admin.createTopics([{ topic: "through-the-proxy", partitions: 1, config: {} }]);
  assert.ok((await brokerBytes(links)) > between, "kafkajs too");
});

async function brokerBytes(links: LinkProxy): Promise<number> {
  const counters = await links.counters();
  return counters.filter(({ to }) => to === "broker").reduce((sum, { bytes }) => sum + bytes, 0);
}

test("every link of the cluster goes through the proxy, each known by its ends, and the results are right", async (t) => {
  const running = await deploy(t, "none");
  await running.deployment.drain(30_000);
  const open = (await running.links.counters()).filter(({ connections, bytes }) => connections > 0 && bytes > 0);
  const pairs = open.map(({ from, to }) => `${from}->${to}`).toSorted();
  assert.deepEqual(pairs, [
    "worker-1->broker",
    "worker-1->coordinator",
    "worker-1->worker-2",
    "worker-2->broker",
    "worker-2->coordinator",
    "worker-2->worker-1",
  ]);
  assert.deepEqual(await outputLines(client, running.outputTopic, PARTITIONS, q5), expectedLines(q5, dataSet));
});

test("connections between two workers are reset: both live, the job notices, starts anew and loses nothing", async (t) => {
  const running = await deploy(t, "scratch");
  const driver = driverOf({ kind: "reset", target: "worker/1<->worker/2", at: 0 }, running);
  assert.equal(driver.precondition(), null);
  await until("a link between the workers", async () =>
    (await running.links.counters()).some(
      ({ from, to, bytes }) => from === "worker-1" && to === "worker-2" && bytes > 0,
    ),
  );
  await driver.inject();
  const sighting = await driver.observe();
  assert.match(sighting!.what, /^TCP link proxy: \d connections reset$/);
  await until("the job to notice", () => running.states.some(({ troubled }) => troubled));
  const noticed = running.states.find(({ troubled }) => troubled)!;
  assert.match(noticed.cause!, /worker-[12]/);
  await until("the job to run again", () =>
    running.states.some(({ running: again, atUs }) => again && atUs > noticed.atUs),
  );
  await running.deployment.drain(30_000);
  assert.deepEqual(
    running.deployment.faults!.places().map(({ process }) => process?.name),
    ["worker-1", "worker-2", "coordinator"],
  );
  const rows = new Set(await outputLines(client, running.outputTopic, PARTITIONS, q5));
  assert.deepEqual([...rows].toSorted(), expectedLines(q5, dataSet));
});

test("a worker that cannot reach its coordinator is given up when its time is over, though it lives", async (t) => {
  const running = await deploy(t, "none");
  const fault = { kind: "partition", target: "worker/2->coordinator", duration: 60_000, at: 0 } as const;
  const driver = driverOf(fault, running);
  await driver.inject();
  const sighting = await driver.observe();
  assert.match(sighting!.what, /bytes worker-2->coordinator held back/);
  const error = await running.deployment.failed;
  assert.match(error.message, /worker-2/);
  const noticed = running.states.find(({ troubled }) => troubled)!;
  const afterMs = (noticed.atUs - sighting!.atUs) / 1000;
  // The last message before came an interval earlier, and on a busy machine more than that; nothing but the timeout takes so long.
  assert.ok(afterMs > LIVENESS_TIMEOUT_MS / 2 && afterMs < LIVENESS_TIMEOUT_MS + 8_000, `after ${afterMs} ms`);
  await driver.heal();
});
