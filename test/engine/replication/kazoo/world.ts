import type { Random } from "../../../../base/random.ts";
import { TaskTable } from "../../../../engine/cluster/task-table.ts";
import { decodeOrderEntry } from "../../../../engine/replication/order-entry.ts";
import { type Contents, elementAt } from "./contents.ts";
import { referenceOrder } from "./reference.ts";
import { type Planted, TestReplica } from "./replica.ts";

const SENDERS = 2;
const ADVERSE_STEPS = 400;
const CALM_ROUNDS = 2_000;

interface Link {
  readonly receiver: TestReplica;
  readonly channel: number;
  readonly sender: number;
  /** Number that it sends next. */
  next: number;
}

/** What an adversary did in a run; a test looks that it did all of it. */
export interface Deeds {
  kills: number;
  lateAppends: number;
  sessionsLost: number;
  twoLeaders: number;
  remadeLinks: number;
  groupsLost: number;
  voidEntries: number;
}

export const NO_DEEDS: Deeds = {
  kills: 0,
  lateAppends: 0,
  sessionsLost: 0,
  twoLeaders: 0,
  remadeLinks: 0,
  groupsLost: 0,
  voidEntries: 0,
};

/**
 * One replica group, its senders (two replicas of each), its order log and its election, all in the hands of an adversary who decides at every
 * step what happens next: who hears what, reads, delivers, appends, whose append lands, who loses its session, who dies.
 */
export class KaZooWorld {
  readonly deeds: Deeds = { ...NO_DEEDS };
  readonly replicas: readonly TestReplica[];
  readonly log: Uint8Array[] = [];
  readonly #random: Random;
  readonly #contents: Contents;
  readonly #planted: Planted;
  readonly #links: readonly Link[];
  /** Those who stand, in order; the first one is elected as soon as the election says so. */
  readonly #stand: TestReplica[] = [];
  #electedSeat: TestReplica | null = null;
  #epoch = 0;
  readonly #table: TaskTable;
  #groupLost = false;

  constructor(random: Random, contents: Contents, replicas: number, planted: Planted = {}) {
    this.#random = random;
    this.#contents = contents;
    this.#planted = planted;
    this.replicas = Array.from(
      { length: replicas },
      (_, index) => new TestReplica(index, replicas, contents.length, planted),
    );
    this.#links = this.replicas.flatMap((receiver) =>
      contents.flatMap((items, channel) =>
        Array.from({ length: SENDERS }, (_, sender): Link => {
          // A sender that was re-integrated is ahead of what this receiver has; the other one sends everything.
          const isAhead = sender === 1 && random.below(3) === 0;
          return { receiver, channel, sender, next: isAhead ? 1 + random.below(items.length) : 1 };
        }),
      ),
    );
    this.#stand.push(...this.replicas);
    const placement = (subtask: number) => ({ vertex: "v", subtask, worker: `w${subtask}`, address: "" });
    const vertex = { id: "v", operators: [], parallelism: 1, replicas };
    this.#table = new TaskTable(
      { vertices: [vertex] },
      this.replicas.map(({ index }) => placement(index)),
    );
  }

  /** Runs to the end; null, or what is wrong. */
  run(): string | null {
    try {
      for (let step = 0; step < ADVERSE_STEPS; step++) this.#adverseStep();
      this.#calmDown();
      return this.#verdict();
    } catch (error) {
      return `${error}`;
    }
  }

  #adverseStep(): void {
    const random = this.#random;
    const replica = this.replicas[random.below(this.replicas.length)]!;
    const what = random.below(1000);
    if (what < 300) this.#send(this.#links[random.below(this.#links.length)]!);
    else if (what < 460) this.#land(replica);
    else if (what < 600) this.#act(replica, () => replica.read(this.log, 1 + random.below(4)));
    else if (what < 740) this.#act(replica, () => replica.deliver(1 + random.below(6)));
    else if (what < 860) this.#act(replica, () => replica.append());
    else if (what < 940) this.#act(replica, () => replica.news.shift()?.());
    else if (what < 965) this.#loseSession(replica);
    else if (what < 985) this.#remake(this.#links[random.below(this.#links.length)]!);
    else if (what < 988) this.#kill(replica);
    else this.#hold();
  }

  #act(replica: TestReplica, work: () => void): void {
    if (!replica.alive) return;
    work();
    if (replica.resigns) this.#resign(replica);
    const leaders = this.replicas.filter(({ alive, group }) => alive && group.leads);
    if (leaders.length > 1) this.deeds.twoLeaders++;
  }

  #send(link: Link): void {
    const items = this.#contents[link.channel]!;
    if (!link.receiver.alive || link.next > items.length) return;
    const element = elementAt(items, link.next, 1 + this.#random.below(4));
    link.next += element.kind === "records" ? element.count : 1;
    link.receiver.onFrame(link.channel, element);
  }

  /** The oldest append of the replica reaches the log, also when its replica is dead or deposed by now. */
  #land(replica: TestReplica): void {
    const bytes = replica.outbox.shift();
    if (bytes === undefined) return;
    if (!replica.alive || !replica.group.leads) this.deeds.lateAppends++;
    this.log.push(bytes);
  }

  /** The connection is made again: what was sent and perhaps received is sent again. */
  #remake(link: Link): void {
    if (link.sender === 1) return;
    const latest = link.receiver.channels[link.channel]!.latest;
    link.next = Math.min(link.next, 1 + this.#random.below(latest + 1));
    this.deeds.remadeLinks++;
  }

  #hold(): void {
    const first = this.#stand[0];
    if (first === undefined || this.#electedSeat === first) return;
    this.#electedSeat = first;
    const epoch = ++this.#epoch;
    first.news.push(() => first.group.onElected(epoch));
  }

  /** The server forgets the replica's session; it hears of that later, or has taken it for lost before. */
  #loseSession(replica: TestReplica): void {
    this.deeds.sessionsLost++;
    this.#leaveElection(replica);
    replica.news.push(() => replica.group.onDeposed());
    replica.news.push(() => {
      if (!this.#stand.includes(replica)) this.#stand.push(replica);
    });
  }

  #resign(replica: TestReplica): void {
    replica.resigns = false;
    this.#leaveElection(replica);
    this.#stand.push(replica);
  }

  #leaveElection(replica: TestReplica): void {
    const at = this.#stand.indexOf(replica);
    if (at >= 0) this.#stand.splice(at, 1);
    if (this.#electedSeat === replica) this.#electedSeat = null;
  }

  #kill(replica: TestReplica): void {
    if (!replica.alive) return;
    this.deeds.kills++;
    replica.alive = false;
    this.#leaveElection(replica);
    // Some of what was on its way may still land.
    replica.outbox.length = this.#random.below(replica.outbox.length + 1);
    const [gone] = this.#table.loseWorker(`w${replica.index}`);
    if (gone !== undefined && !this.#hasLiveSibling(gone)) {
      this.#groupLost = true;
      this.deeds.groupsLost++;
    }
    for (const other of this.replicas) {
      if (other.alive) other.news.push(() => other.group.onReplicaLost(replica.index));
    }
  }

  #hasLiveSibling(task: Parameters<TaskTable["hasLiveSibling"]>[0]): boolean {
    return this.#planted.forgetsFailures === true ? this.replicas.length > 1 : this.#table.hasLiveSibling(task);
  }

  /** Nothing bad happens any more: everything that is on its way arrives, everybody does what there is to do. */
  #calmDown(): void {
    for (const replica of this.replicas) if (!replica.alive) while (replica.outbox.length > 0) this.#land(replica);
    for (let round = 0; round < CALM_ROUNDS; round++) {
      let moved = false;
      for (const link of this.#links) {
        if (!link.receiver.alive || link.next > this.#contents[link.channel]!.length) continue;
        this.#send(link);
        moved = true;
      }
      this.#hold();
      for (const replica of this.replicas) {
        if (!replica.alive) continue;
        const before = [this.log.length, replica.group.nextOffset, replica.news.length].join();
        this.#act(replica, () => {
          replica.news.shift()?.();
          replica.append();
        });
        this.#land(replica);
        this.#act(replica, () => replica.read(this.log, 10));
        if (replica.deliver(50)) moved = true;
        if (before !== [this.log.length, replica.group.nextOffset, replica.news.length].join()) moved = true;
      }
      if (!moved) return;
    }
  }

  #verdict(): string | null {
    const live = this.replicas.filter(({ alive }) => alive);
    if (live.length === 0) return this.#groupLost ? null : "all replicas are dead and nobody starts the job again";
    if (this.#groupLost) return "a group with a live replica is taken for lost";
    const entries = this.log.map((bytes) => decodeOrderEntry(bytes, 0, bytes.length));
    for (const { group } of live) this.deeds.voidEntries += group.counters().voidEntries!;
    const expected = referenceOrder(entries, this.#contents);
    const numbers = this.#contents.flatMap((items, channel) => items.map((_, index) => `${channel}:${index + 1}`));
    for (const replica of this.replicas) {
      const { delivered } = replica;
      if (delivered.some((word, index) => word !== expected[index]))
        return `replica ${replica.index} delivers ${delivered.join(" ")} where the log says ${expected.join(" ")}`;
      if (!replica.alive) continue;
      const units = delivered.filter((word) => word.includes(":"));
      if (units.toSorted().join() !== numbers.toSorted().join())
        return `replica ${replica.index} delivers ${units.length} of ${numbers.length}`;
      const problem = this.#channelOrder(units) ?? this.#cuts(replica);
      if (problem !== null) return problem;
    }
    return null;
  }

  #channelOrder(units: readonly string[]): string | null {
    const latest = this.#contents.map(() => 0);
    for (const unit of units) {
      const [channel = 0, number] = unit.split(":").map(Number);
      if (number !== ++latest[channel]!) return `channel ${channel} gives ${number} as number ${latest[channel]}`;
    }
    return null;
  }

  /** Every snapshot lies right behind the flagged heartbeat of every channel, or its end. */
  #cuts({ index, snapshots }: TestReplica): string | null {
    const flags = new Set(
      this.#contents.flat().flatMap((item) => (item.kind === "heartbeat" && item.flagged ? [item.heartbeat] : [])),
    );
    if (snapshots.length !== flags.size) return `replica ${index} takes ${snapshots.length} of ${flags.size} snapshots`;
    for (const { checkpointId, processed } of snapshots) {
      for (const [channel, items] of this.#contents.entries()) {
        const flag = items.findIndex((item) => item.kind === "heartbeat" && item.heartbeat === checkpointId);
        const due = (flag < 0 ? items.length - 1 : flag) + 1;
        if (processed[channel] !== due) return `snapshot ${checkpointId} has ${processed[channel]}, not ${due}`;
      }
    }
    return null;
  }
}
