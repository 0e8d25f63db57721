import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs, wallClockMs } from "../../../base/clock.ts";
import { DEFAULT_CHECKPOINTS } from "../../../engine/cluster/job-spec.ts";
import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import { decodeOrderEntry } from "../../../engine/replication/order-entry.ts";
import { microbenchInput } from "../../../generators/microbench/input.ts";
import { resolveMicrobenchOptions } from "../../../generators/microbench/options.ts";
import type { ZooKeeperService } from "../../../harness/services/zookeeper/service.ts";
import { startZooKeeper } from "../../../harness/services/zookeeper/start.ts";
import { bundled } from "../../../harness/systems/bundled/bundled.ts";
import { nodeSpawner } from "../../../harness/systems/spawn-node.ts";
import type { DeployConfig, Deployment } from "../../../harness/systems/system.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { pipelines } from "../../../queries/microbench/pipelines/query.ts";
import { findQuery } from "../../../queries/registry.ts";
import { until } from "../../services/until.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { engineSettings } from "../engine-settings.ts";

const EVENTS = 6_000;
const RATE = 1_000;
const SESSION_MS = 2_000;
/** Time for another one to lead, also on a busy machine, before the leader wakes. */
const STANDS_STILL_MS = SESSION_MS + 4_000;
const STAGES = 2;
const PARALLELISM = 2;
/** Of the second stage: the first one has one channel. */
const GROUPS = PARALLELISM;
const STRIKE_AT = 1_500;

const [stream] = microbenchInput(resolveMicrobenchOptions({ events: EVENTS, rate: RATE, keys: 100 }), 1, 1);
const { dataSet } = stream!;
const query = findQuery("keyedChain");

let broker: TestBroker;
let zookeeper: ZooKeeperService;
let client: KafkaClient;

before(async () => {
  broker = await startTestBroker();
  client = await KafkaClient.connect({ brokers: broker.service.brokers, clientId: "test" });
  zookeeper = await startZooKeeper({
    dataDir: join(broker.directory, "zookeeper"),
    logFile: join(broker.directory, "zookeeper.log"),
    onProgress: () => {},
  });
});
after(async () => {
  await client.close();
  await zookeeper.stop();
  await broker.close();
});

/** Values of a topic's partitions as they come, each with when it came (monotonic µs) and its CreateTime. */
async function follow(topic: string, partitions: number, onValue: (value: Uint8Array, createdMs: number) => void) {
  const fetcher = client.fetcher({
    topic,
    assignments: Array.from({ length: partitions }, (_, partition) => ({ partition, offset: 0 })),
    isolation: "read_uncommitted",
    onBatch: (view) => {
      for (const cursor = view.walk(); cursor.next(); ) {
        onValue(view.bytes.slice(cursor.valueStart, cursor.valueEnd), cursor.timestampMs);
      }
    },
    // Who only looks on may find that the order log was cut.
    onError: (error) => assert.equal(error.code, "kafka-offset-out-of-range"),
  });
  fetcher.start();
  return fetcher;
}

/** One run of the job: input at `RATE`, something happens in the midst of it, outputs with their latencies. */
class Run {
  readonly deployment: Deployment;
  /** By number of the event, µs. */
  readonly sentUs: number[] = [];
  readonly receivedUs: number[] = [];
  readonly rows: string[] = [];
  readonly claims: { readonly term: number; readonly replica: number; readonly createdMs: number }[] = [];
  readonly #inputTopic: string;

  private constructor(deployment: Deployment, inputTopic: string) {
    this.deployment = deployment;
    this.#inputTopic = inputTopic;
  }

  static async start(name: string, changes: Partial<DeployConfig> = {}, workers = 3): Promise<Run> {
    const topics = await Promise.all([1, 1, 1, GROUPS].map((partitions) => broker.topic(partitions)));
    const [inputTopic, outputTopic, cutLogTopic, orderLogTopic] = topics as [string, string, string, string];
    const logDir = `${broker.directory}/${name}`;
    const deployment = await bundled.deploy({
      runId: name,
      config: {
        query,
        dataMode: "",
        jobParameters: { ...query.jobParameters, stages: STAGES },
        parallelism: PARALLELISM,
        watermarkDelayMs: 0,
        seed: 1,
        sessionMs: SESSION_MS,
        replication: {
          factor: 2,
          sources: false,
          merge: "kaZoo",
          heartbeatIntervalUs: 10_000,
          heartbeatRecords: 0,
          maxLagBytes: 1 << 28,
          silentIntervals: 1_000,
        },
        engine: engineSettings({ workers, bufferTimeoutUs: 0, livenessTimeoutUs: 20_000_000 }),
        ...changes,
      },
      brokers: broker.service.brokers,
      zookeeper,
      inputTopic,
      inputPartitions: 1,
      inputs: [{ source: "events", topic: inputTopic, partitions: 1 }],
      outputTopic,
      outputPartitions: 1,
      cutLogTopic,
      orderLogTopic,
      logDir,
      spawn: nodeSpawner({ logDir }),
    });
    const run = new Run(deployment, inputTopic);
    await follow(outputTopic, 1, (value) => run.#onRow(value));
    await follow(orderLogTopic, GROUPS, (value, createdMs) => {
      const entry = decodeOrderEntry(value, 0, value.length);
      if (entry.kind === "claim") run.claims.push({ term: entry.term, replica: entry.replica, createdMs });
    });
    return run;
  }

  /** Sends all events when they are due; `strike` happens once `STRIKE_AT` of them are sent. */
  async feed(strike: () => void | Promise<void>): Promise<void> {
    const onError = (error: Error) => assert.fail(error);
    const producer = await client.producer({
      topic: this.#inputTopic,
      partitions: [0],
      acks: -1,
      onAck: () => {},
      onError,
    });
    const cursor = dataSet.open();
    const value = new Uint8Array(cursor.maxWireBytes);
    const startUs = monotonicUs();
    const strikes: (void | Promise<void>)[] = [];
    while (this.sentUs.length < EVENTS) {
      const due = Math.min(EVENTS, ((monotonicUs() - startUs) / 1e6) * RATE);
      while (this.sentUs.length < due && cursor.advance()) {
        this.sentUs.push(monotonicUs());
        producer.append(0, wallClockMs(), value, 0, cursor.writeWire(value, 0));
        if (this.sentUs.length === STRIKE_AT) strikes.push(strike());
      }
      await delay(1);
    }
    await producer.close();
    await Promise.all(strikes);
  }

  /** Process of a worker that leads a group. */
  async leader(): Promise<{ readonly role: string; readonly pid: number }> {
    let leaders: readonly TaskCounters[] = [];
    await until("every group has a leader", async () => {
      leaders = (await this.deployment.counters()).filter(({ custom }) => custom.leading === 1);
      return leaders.length === GROUPS;
    });
    const found = this.deployment.processes.find(({ role }) => role === leaders[0]!.worker);
    assert.ok(found !== undefined);
    return found;
  }

  /** Workers that host replicas. */
  async replicaHosts(): Promise<readonly (string | undefined)[]> {
    const counters = await this.deployment.counters();
    const hosts = counters.flatMap(({ worker, custom }) => (custom.leading === undefined ? [] : [worker]));
    return [...new Set(hosts)];
  }

  /** µs of the events `[from, to)`, sorted. */
  latencies(from: number, to: number): number[] {
    return this.sentUs
      .slice(from, to)
      .map((sentUs, index) => this.receivedUs[from + index]! - sentUs)
      .sort((a, b) => a - b);
  }

  /** Every row that the oracle has is there, and no other; each once unless `mayRepeat`. */
  async checkRows(mayRepeat = false): Promise<void> {
    await until("all rows", () => new Set(this.rows).size >= EVENTS);
    const rows: string[] = [];
    const oracle = pipelines.find(({ id }) => id === query.id)!.oracle();
    const cursor = dataSet.open();
    while (cursor.advance())
      oracle.onEvent(cursor.event(), cursor.index, ({ values }) => rows.push(JSON.stringify(values)));
    const got = new Set(this.rows);
    const missing = rows.filter((row) => !got.has(row));
    assert.deepEqual([missing.slice(0, 5), got.size], [[], EVENTS], `${missing.length} rows are missing`);
    if (!mayRepeat) assert.equal(this.rows.length, EVENTS);
  }

  #onRow(value: Uint8Array): void {
    const row = JSON.parse(new TextDecoder().decode(value)) as Record<string, unknown>;
    this.receivedUs[Number(row.sequence)] = monotonicUs();
    this.rows.push(JSON.stringify(query.columns.map(({ name }) => row[name])));
  }
}

const quantile = (sorted: readonly number[], share: number) => Math.round(sorted[Math.floor(sorted.length * share)]!);

function tell(t: TestContext, run: Run, struckMs: number): void {
  const before = run.latencies(500, STRIKE_AT);
  const after = run.latencies(STRIKE_AT, EVENTS);
  const claims = run.claims.map(({ term, replica, createdMs }) => `${term} by ${replica} at ${createdMs - struckMs}`);
  t.diagnostic(`before: p50 ${quantile(before, 0.5)} µs, p99 ${quantile(before, 0.99)} µs`);
  t.diagnostic(`after: p50 ${quantile(after, 0.5)} µs, p99 ${quantile(after, 0.99)}, max ${after.at(-1)} µs`);
  t.diagnostic(`claims, ms after the strike: ${claims.join(", ")}`);
}

const restarts = ({ deployment }: Run) =>
  deployment.history!().states.filter(({ state }) => state === "restarting").length;

describe("KaZoo on real processes", () => {
  it("goes on without a wrong row, and long before the session runs out, when the worker that leads is killed", async (t) => {
    // Far longer than a claim takes, also on a busy machine.
    const sessionMs = 10_000;
    const run = await Run.start("leader-killed", { sessionMs });
    try {
      const leader = await run.leader();
      let struckMs = 0;
      await run.feed(() => {
        run.deployment.faults!.expectEnd(leader.pid);
        struckMs = wallClockMs();
        process.kill(leader.pid, "SIGKILL");
      });
      await run.deployment.drain(30_000);
      await run.checkRows();
      tell(t, run, struckMs);
      assert.equal(restarts(run), 0);
      const takenMs = run.claims.map(({ createdMs }) => createdMs - struckMs).filter((afterMs) => afterMs >= 0);
      assert.ok(takenMs.length > 0 && takenMs.every((afterMs) => afterMs < sessionMs / 2), `claims after ${takenMs}`);
      const counters = await run.deployment.counters();
      const ordering = counters.flatMap(({ custom }) => (custom.leading === undefined ? [] : [custom]));
      t.diagnostic(JSON.stringify(ordering[0]));
      assert.equal(ordering.length, GROUPS, "of the replicas that are left");
      for (const { orders, orderRoundTrips, ...others } of ordering) {
        assert.ok(orders! > 100 && orderRoundTrips! > 0, `${orders} orders, ${orderRoundTrips} round trips`);
        assert.ok(others["mergeWaits.0"]! + others["mergeWaits.1"]! > 100);
      }
    } finally {
      await run.deployment.stop();
    }
  });

  it("goes on when the session of a leader that stands still runs out, and bears with what that one does when it wakes", async (t) => {
    const run = await Run.start("leader-paused");
    try {
      const leader = await run.leader();
      let struckMs = 0;
      await run.feed(async () => {
        struckMs = wallClockMs();
        process.kill(leader.pid, "SIGSTOP");
        await delay(STANDS_STILL_MS);
        process.kill(leader.pid, "SIGCONT");
      });
      await run.deployment.drain(30_000);
      await run.checkRows();
      tell(t, run, struckMs);
      assert.equal(restarts(run), 0);
      assert.ok(run.claims.some(({ createdMs }) => createdMs > struckMs && createdMs < struckMs + STANDS_STILL_MS));
    } finally {
      await run.deployment.stop();
    }
  });

  it("recovers from a checkpoint when all replicas are lost, with the order log cut behind checkpoints", async (t) => {
    const run = await Run.start("all-killed", {
      recovery: "passive",
      checkpoints: { ...DEFAULT_CHECKPOINTS, intervalUs: 200_000 },
      restart: { kind: "fixed-delay", attempts: 5, delayUs: 0 },
    });
    try {
      let cuts = 0;
      await run.feed(async () => {
        for (const { custom } of await run.deployment.counters()) cuts += custom.orderLogCuts ?? 0;
        for (const role of await run.replicaHosts()) {
          const { pid } = run.deployment.processes.find((process) => process.role === role)!;
          run.deployment.faults!.expectEnd(pid);
          process.kill(pid, "SIGKILL");
        }
      });
      await run.deployment.drain(60_000);
      await run.checkRows(true);
      const { states } = run.deployment.history!();
      t.diagnostic(
        `${cuts} cuts before; ${run.rows.length - EVENTS} rows came again; restored ${states.at(-1)?.restored}`,
      );
      assert.ok(cuts > 0 && restarts(run) > 0);
      assert.ok(states.some(({ restored }) => restored !== null));
    } finally {
      await run.deployment.stop();
    }
  });
});
