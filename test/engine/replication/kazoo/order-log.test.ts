import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../../base/random.ts";
import type { KaZoo } from "../../../../engine/merge/kazoo.ts";
import type { LogWriter, World } from "../../../../engine/ports.ts";
import { decodeOrderEntry } from "../../../../engine/replication/order-entry.ts";
import { OrderLog } from "../../../../engine/replication/order-log.ts";
import { CALM, type Conditions, drawConditions } from "../../../../engine/simulation/conditions.ts";
import { SimulatedElection } from "../../../../engine/simulation/election.ts";
import { SimulatedLog } from "../../../../engine/simulation/log.ts";
import { SimulatedProcess } from "../../../../engine/simulation/process.ts";
import { Universe } from "../../../../engine/simulation/universe.ts";
import { elementCount } from "../../../../engine/task/element.ts";
import { type Contents, elementAt, randomContents } from "./contents.ts";
import { referenceOrder } from "./reference.ts";

const ADDRESS = { kind: "memory", brokers: [], topic: "orders" };
const ATTEMPT = 1;
const LEASE_US = 800_000;
const MAX_STEPS = 400_000;
const NONE = () => ({}) as never;

interface Replica {
  readonly merge: KaZoo;
  readonly delivered: string[];
}

/** Workers w 0 …, each with replica w of every group, on a simulated log and election; contents arrive at times of their own. */
class Rig {
  readonly universe: Universe;
  readonly election: SimulatedElection;
  readonly log: SimulatedLog;
  readonly workers: { readonly process: SimulatedProcess; readonly orders: OrderLog; readonly replicas: Replica[] }[] =
    [];
  readonly contents: readonly Contents[];
  readonly truncated: number[] = [];
  readonly errors: Error[] = [];
  kicks = 0;
  appends = 0;
  readonly #random: Random;
  readonly #intervalUs: number;

  constructor(seed: number, workers: number, groups: number, conditions: Conditions, intervalUs = 0) {
    this.#intervalUs = intervalUs;
    this.#random = new Random(seed);
    this.universe = new Universe(seed, conditions);
    this.election = new SimulatedElection(this.universe, { latencyUs: { min: 100, max: 2_000 }, sessionUs: 500_000 });
    this.log = new SimulatedLog(this.universe, null, 10);
    this.contents = Array.from({ length: groups }, () => randomContents(this.#random, 1 + this.#random.below(4)));
    for (let worker = 0; worker < workers; worker++) this.#addWorker(worker, workers);
  }

  step(): boolean {
    return this.universe.queue.step() !== null;
  }

  get isDone(): boolean {
    return this.workers.every(
      ({ process, replicas }) =>
        !process.alive ||
        replicas.every(
          ({ delivered }, group) =>
            delivered.filter((word) => word.includes(":")).length === this.contents[group]!.flat().length,
        ),
    );
  }

  kill(worker: number): void {
    this.workers[worker]!.process.kill();
    for (const { process, orders } of this.workers) {
      process.later(this.#random.below(20_000), () => {
        for (const group of this.contents.keys()) orders.onReplicaLost(group, worker);
      });
    }
  }

  /** null, or what is wrong. */
  verdict(): string | null {
    if (this.errors.length > 0) return this.errors[0]!.message;
    for (const [group, contents] of this.contents.entries()) {
      const entries = this.log.topics
        .records(ADDRESS.topic, group)
        .map((value) => decodeOrderEntry(value, 0, value.length));
      const expected = referenceOrder(entries, contents);
      for (const [worker, { process, replicas }] of this.workers.entries()) {
        const { delivered } = replicas[group]!;
        const due = process.alive ? expected : expected.slice(0, delivered.length);
        if (delivered.join() !== due.join()) return `worker ${worker}, group ${group}: ${delivered} instead of ${due}`;
      }
    }
    return null;
  }

  #addWorker(worker: number, workers: number): void {
    const process = new SimulatedProcess(this.universe, `w${worker}`, {
      network: NONE,
      store: NONE,
      localStore: NONE,
      scratch: NONE,
      log: (owner) => this.log.bind(owner),
      election: (owner) => this.election.bind(owner),
    });
    const orders = new OrderLog({
      world: this.#counted(process.world),
      election: process.world.election,
      address: ADDRESS,
      attempt: ATTEMPT,
      candidate: process.name,
      leaseUs: LEASE_US,
      retain: 1,
      intervalUs: this.#intervalUs,
      onError: (error) => this.errors.push(error),
    });
    const replicas = this.contents.map((contents, group): Replica => {
      const drain = () => this.#drain(replica);
      const spec = { group: `v/${group}`, partition: group, replica: worker, replicas: workers, onOrdered: drain };
      const replica: Replica = { merge: orders.join(spec).merge(contents.length), delivered: [] };
      for (const channel of contents.keys()) this.#feed(process, replica, contents, channel, 1);
      return replica;
    });
    process.later(1_000, () => orders.start());
    this.workers.push({ process, orders, replicas });
  }

  #feed(process: SimulatedProcess, replica: Replica, contents: Contents, channel: number, first: number): void {
    const items = contents[channel]!;
    if (first > items.length) return;
    process.later(this.#random.below(4_000), () => {
      const element = elementAt(items, first, 1 + this.#random.below(4));
      replica.merge.offer(channel, element);
      this.#drain(replica);
      this.#feed(process, replica, contents, channel, first + elementCount(element));
    });
  }

  #drain({ merge, delivered }: Replica): void {
    for (let event = merge.next(); event !== null; event = merge.next()) {
      if (event.kind === "barrier") delivered.push(`snapshot${event.checkpointId}`);
      else if (event.kind === "forward") delivered.push(`HB${event.heartbeat}`);
      else {
        const { first } = event.element;
        for (let number = first; number < first + elementCount(event.element); number++)
          delivered.push(`${event.channel}:${number}`);
      }
    }
  }

  #counted(world: World): World {
    const openWriter: World["log"]["openWriter"] = (address, partitions, handler) => {
      const writer = world.log.openWriter(address, partitions, handler);
      const counted: LogWriter = {
        append: (...append) => {
          this.appends++;
          return writer.append(...append);
        },
        kick: () => {
          this.kicks++;
          writer.kick();
        },
        close: () => writer.close(),
      };
      return counted;
    };
    const truncate: World["log"]["truncate"] = (address, partition, offset, done) => {
      this.truncated.push(offset);
      world.log.truncate(address, partition, offset, done);
    };
    return { ...world, log: { ...world.log, openWriter, truncate } };
  }
}

function run(rig: Rig, disturb: (step: number) => void): string | null {
  for (let step = 0; step < MAX_STEPS && !rig.isDone; step++) {
    disturb(step);
    if (!rig.step()) return "nothing happens any more";
  }
  return rig.isDone ? rig.verdict() : "it hangs";
}

describe("order logs of a worker", () => {
  it("order several groups alike on all workers, under bad conditions, lost sessions and deaths", () => {
    const sum = { kills: 0, lost: 0, silent: 0, claims: 0, voidEntries: 0 };
    for (let seed = 0; seed < 150; seed++) {
      const random = new Random(seed);
      const workers = 2 + random.below(2);
      const rig = new Rig(seed, workers, 1 + random.below(3), drawConditions(random));
      let left = workers - 1;
      const problem = run(rig, () => {
        if (random.below(400) > 2) return;
        const worker = random.below(workers);
        const { process } = rig.workers[worker]!;
        if (!process.alive) return;
        const what = random.below(5);
        if (what === 0 && left > 0) {
          left--;
          sum.kills++;
          rig.kill(worker);
        } else if (what === 1) {
          sum.lost++;
          rig.election.loseSession(process, random.below(100_000));
        } else if (what === 2) {
          sum.silent++;
          rig.election.loseContact(process, random.below(900_000));
        } else if (what === 3) process.pause(random.below(700_000));
        else rig.log.outages.cutOff(process.name, random.below(1_500_000));
      });
      assert.equal(problem, null, `seed ${seed}: ${problem}`);
      for (const { orders } of rig.workers) {
        for (const group of rig.contents.keys()) {
          const { claims, voidEntries } = orders.counters(group);
          sum.claims += claims!;
          sum.voidEntries += voidEntries!;
        }
      }
    }
    assert.ok(sum.kills > 20 && sum.lost > 20 && sum.silent > 20 && sum.voidEntries > 5, JSON.stringify(sum));
  });

  it("append the orders of all groups of a worker in one request", () => {
    const slow = { typicalUs: { min: 4_000, max: 4_000 }, stallOneIn: 0, stallFactor: 1 };
    const rig = new Rig(5, 2, 8, { ...CALM, appends: slow });
    assert.equal(
      run(rig, () => {}),
      null,
    );
    assert.ok(rig.kicks * 2 < rig.appends, `${rig.kicks} requests for ${rig.appends} orders`);
  });

  it("send fewer requests when they are told to wait between them", () => {
    const kicks = [0, 5_000].map((intervalUs) => {
      const rig = new Rig(6, 2, 3, CALM, intervalUs);
      assert.equal(
        run(rig, () => {}),
        null,
      );
      return rig.kicks;
    });
    assert.ok(kicks[1]! * 2 < kicks[0]!, kicks.join());
  });

  it("take over from a lost leader long before its session runs out", () => {
    const rig = new Rig(9, 3, 1, CALM);
    const claims = () => rig.workers.map(({ orders }) => orders.counters(0).claims ?? 0);
    while (claims().some((count) => count === 0)) rig.step();
    const leader = rig.workers.findIndex(({ orders }) => orders.counters(0).leading === 1);
    const killedUs = rig.universe.nowUs;
    rig.kill(leader);
    const leads = () => rig.workers.some(({ process, orders }) => process.alive && orders.counters(0).leading === 1);
    while (!leads()) rig.step();
    assert.ok(rig.universe.nowUs - killedUs < 50_000, `after ${rig.universe.nowUs - killedUs} µs`);
    assert.equal(
      run(rig, () => {}),
      null,
    );
  });

  it("take over from a replica that was lost before they began", () => {
    const rig = new Rig(4, 3, 2, CALM);
    rig.workers[0]!.process.kill();
    for (const { orders } of rig.workers.slice(1)) {
      for (const group of rig.contents.keys()) orders.onReplicaLost(group, 0);
    }
    assert.equal(
      run(rig, () => {}),
      null,
    );
  });

  it("leave a group to another worker when their own orders do not come back, though the election knows of nothing", () => {
    const rig = new Rig(21, 2, 1, CALM);
    const leader = () =>
      rig.workers.findIndex(({ process, orders }) => process.alive && orders.counters(0).leading === 1);
    while (leader() < 0) rig.step();
    const first = leader();
    const cutUs = rig.universe.nowUs;
    rig.log.outages.cutOff(rig.workers[first]!.process.name, 60_000_000);
    const { merge, delivered } = rig.workers[1 - first]!.replicas[0]!;
    const due = rig.contents[0]!.flat().length;
    while (delivered.filter((word) => word.includes(":")).length < due) assert.ok(rig.step(), "it hangs");
    const tookUs = rig.universe.nowUs - cutUs;
    assert.ok(tookUs > LEASE_US && tookUs < 2 * LEASE_US, `after ${tookUs} µs`);
    assert.equal(merge.queued, 0);
    assert.equal(
      run(rig, () => {}),
      null,
      "and the first one catches up when it reaches the log again",
    );
  });

  it("cut a log only before what all live replicas have passed for good", () => {
    const rig = new Rig(11, 3, 1, CALM);
    assert.equal(
      run(rig, () => {}),
      null,
    );
    const snapshots = rig.workers[0]!.replicas[0]!.delivered.filter((word) => word.startsWith("snapshot"));
    const id = Number(snapshots.at(-1)!.slice("snapshot".length));
    const settle = () => {
      for (let steps = 0; steps < 200; steps++) rig.step();
    };
    for (const { orders } of rig.workers.slice(0, 2)) orders.onCheckpointComplete(id);
    settle();
    assert.deepEqual(rig.truncated, [], "the third has not said that it needs it no more");
    rig.kill(2);
    settle();
    assert.equal(rig.truncated.length, 1);
    assert.ok(rig.truncated[0]! > 0);
  });
});
