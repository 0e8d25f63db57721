import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs } from "../../../base/clock.ts";
import type { KaZoo } from "../../../engine/merge/kazoo.ts";
import { OrderLog } from "../../../engine/replication/order-log.ts";
import { machineLog } from "../../../engine/shell/machine-log.ts";
import { machineClock, machineTimers } from "../../../engine/shell/machine-timers.ts";
import { ZooKeeperElection } from "../../../engine/shell/zookeeper-election.ts";
import { elementCount } from "../../../engine/task/element.ts";
import type { ZooKeeperService } from "../../../harness/services/zookeeper/service.ts";
import { startZooKeeper } from "../../../harness/services/zookeeper/start.ts";
import { until } from "../../services/until.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";

const GROUPS = 3;
const CHANNELS = 2;
const SESSION_MS = 1_500;

let broker: TestBroker;
let zookeeper: ZooKeeperService;

before(async () => {
  broker = await startTestBroker();
  zookeeper = await startZooKeeper({
    dataDir: join(broker.directory, "zookeeper"),
    logFile: join(broker.directory, "zookeeper.log"),
    onProgress: () => {},
  });
});
after(async () => {
  await zookeeper.stop();
  await broker.close();
});

/** A worker with one replica of every group, without tasks: what its merges deliver is kept. */
class OrderWorker {
  readonly orders: OrderLog;
  readonly delivered: string[][] = [];
  /** When each number of group 0, channel 0 was delivered, µs. */
  readonly timesUs: number[] = [];
  readonly #merges: KaZoo[] = [];
  readonly #election: ZooKeeperElection;
  readonly #log: ReturnType<typeof machineLog>;

  constructor(replica: number, topic: string) {
    this.#election = new ZooKeeperElection({
      servers: zookeeper.servers,
      sessionTimeoutMs: SESSION_MS,
      root: `/faultline/${topic}`,
    });
    this.#log = machineLog(`w${replica}`);
    const world = { clock: machineClock, timers: machineTimers, log: this.#log };
    const address = { kind: "kafka", brokers: broker.service.brokers, topic };
    const onError = (error: Error) => assert.fail(error);
    const election = this.#election;
    const settings = {
      world,
      election,
      address,
      attempt: 1,
      candidate: `w${replica}`,
      leaseUs: 1_000_000,
      retain: 1,
      onError,
    };
    this.orders = new OrderLog(settings);
    for (let partition = 0; partition < GROUPS; partition++) {
      this.delivered.push([]);
      const onOrdered = () => this.#drain(partition);
      const spec = { group: `v/${partition}`, partition, replica, replicas: 2, onOrdered };
      this.#merges.push(this.orders.join(spec).merge(CHANNELS));
    }
    this.orders.start();
  }

  offer(group: number, channel: number, first: number, count: number): void {
    this.#merges[group]!.offer(channel, { kind: "records", first, count, skip: 0, payload: new Uint8Array(8) });
    this.#drain(group);
  }

  leads(group: number): boolean {
    return this.orders.counters(group).leading === 1;
  }

  async close(): Promise<void> {
    this.orders.close();
    await this.#election.close();
    await this.#log.close();
  }

  #drain(group: number): void {
    const merge = this.#merges[group]!;
    for (let event = merge.next(); event !== null; event = merge.next()) {
      if (event.kind !== "element") continue;
      const { channel, element } = event;
      for (let number = element.first; number < element.first + elementCount(element); number++) {
        this.delivered[group]!.push(`${channel}:${number}`);
        if (group === 0 && channel === 0) this.timesUs[number] = monotonicUs();
      }
    }
  }
}

const quantile = (values: readonly number[], share: number) =>
  Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!);

describe("order logs on Kafka and ZooKeeper", () => {
  it("give both replicas one order, also over the end of a leader", async (t) => {
    const topic = await broker.topic(GROUPS);
    const workers = [new OrderWorker(0, topic), new OrderWorker(1, topic)];
    const groups = Array.from({ length: GROUPS }, (_, group) => group);
    const allLed = () => groups.every((group) => workers.some((worker) => worker.leads(group)));
    await until("every group has a leader", allLed);

    const offeredUs: number[] = [];
    let next = 1;
    const feed = async (steps: number) => {
      for (let step = 0; step < steps; step++, next += 2) {
        offeredUs[next] = monotonicUs();
        for (const group of groups) {
          for (const channel of [0, 1]) {
            // Replicas get the channels in another order, cut otherwise.
            workers[0]?.offer(group, channel, next, 2);
            workers[1]?.offer(group, 1 - channel, next, 1);
            workers[1]?.offer(group, 1 - channel, next + 1, 1);
          }
        }
        await delay(2);
      }
    };
    await feed(600);
    const expected = () => CHANNELS * (next - 1);
    const isComplete = (worker: OrderWorker) => worker.delivered.every(({ length }) => length === expected());
    await until("both have all", () => workers.every(isComplete));
    const waitsUs = offeredUs.flatMap((offered, number) =>
      number > 400 ? [workers[0]!.timesUs[number]! - offered] : [],
    );
    t.diagnostic(`merge wait µs: p50 ${quantile(waitsUs, 0.5)}, p99 ${quantile(waitsUs, 0.99)}`);
    t.diagnostic(`order round trip: ${JSON.stringify(workers.map(({ orders }) => orders.counters(0)))}`);

    const [gone, left] = workers[0]!.leads(0) ? [0, 1] : [1, 0];
    const [ending, survivor] = [workers[gone]!, workers[left]!];
    const endedUs = monotonicUs();
    await ending.close();
    for (const group of groups) survivor.orders.onReplicaLost(group, gone);
    await until("the other leads", () => groups.every((group) => survivor.leads(group)));
    t.diagnostic(`takeover: ${monotonicUs() - endedUs} µs`);
    await feed(100);
    await until("the survivor has all", () => isComplete(survivor));
    for (const group of groups) {
      const [whole, part] = [survivor.delivered[group]!, ending.delivered[group]!];
      assert.deepEqual(whole.slice(0, part.length), part);
      assert.equal(new Set(whole).size, expected());
    }
    await survivor.close();
  });
});
