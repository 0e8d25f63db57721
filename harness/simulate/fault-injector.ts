import { unreachable } from "../../base/assert.ts";
import type { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import type { SimulatedProcess } from "../../engine/simulation/process.ts";
import type { DrawnFault, Moment, PassiveProtection } from "./protection.ts";
import type { RunWatch } from "./run-watch.ts";

const COORDINATOR = "coordinator";
/** Workers that take the place of others in one run, at most. */
const MAX_REPLACEMENTS = 40;

/** Lets the drawn faults of a run strike when their time has come, and starts workers for those that are gone. */
export class FaultInjector {
  readonly #cluster: SimulatedCluster;
  readonly #protection: PassiveProtection;
  readonly #watch: RunWatch;
  /** Times that each waiting fault's moment is still to come. */
  readonly #waiting: Map<DrawnFault, number>;
  readonly #workers: SimulatedProcess[] = [];
  #replacements = 0;
  #healedUs = 0;
  #struck = 0;
  #isOver = false;

  constructor(cluster: SimulatedCluster, protection: PassiveProtection, watch: RunWatch) {
    this.#cluster = cluster;
    this.#protection = protection;
    this.#watch = watch;
    this.#waiting = new Map(protection.faults.map((fault) => [fault, fault.trigger.nth]));
    watch.onMoment = (moment) => this.#onMoment(moment);
    for (const worker of cluster.workers) this.#attend(worker);
  }

  /** When the last of the faults so far is over, µs. */
  get healedUs(): number {
    return this.#healedUs;
  }

  get struck(): number {
    return this.#struck;
  }

  /** No more faults. */
  stop(): void {
    this.#isOver = true;
  }

  #onMoment(moment: Moment): void {
    const { queue, nowUs } = this.#cluster.universe;
    for (const [fault, left] of this.#waiting) {
      if (fault.trigger.on !== moment) continue;
      this.#waiting.set(fault, left - 1);
      if (left > 1) continue;
      this.#waiting.delete(fault);
      queue.at(nowUs + fault.trigger.delayUs, () => {
        if (!this.#isOver) this.#strike(fault);
      });
    }
  }

  #strike(fault: DrawnFault): void {
    const { universe } = this.#cluster;
    const lengthUs = this.#inflict(fault);
    if (lengthUs === null) return;
    this.#struck++;
    this.#watch.onStrike();
    this.#healedUs = Math.max(this.#healedUs, universe.nowUs + lengthUs);
    this.#onMoment("struck");
  }

  /** Returns how long it will last, µs; null: there was nobody to strike. */
  #inflict(fault: DrawnFault): number | null {
    const { log, store, coordinator } = this.#cluster;
    const { lengthUs } = fault;
    switch (fault.kind) {
      case "kill": {
        const victim = this.#worker(fault.victim);
        victim?.kill();
        return victim === null ? null : this.#protection.replaceAfterUs;
      }
      case "pause": {
        const victim = fault.ofCoordinator ? coordinator : this.#worker(fault.victim);
        victim?.pause(lengthUs);
        if (victim !== null) this.#watchPause(victim, lengthUs);
        return victim === null ? null : lengthUs;
      }
      case "reset":
        return this.#reset(fault);
      case "partition":
        return this.#part(fault);
      case "store":
        store.begin(fault.store, lengthUs);
        return lengthUs;
      case "broker":
        log.outages.begin(lengthUs);
        return lengthUs;
      default:
        return unreachable(fault.kind, "fault");
    }
  }

  #reset(fault: DrawnFault): number | null {
    const pair = this.#pair(fault);
    return pair !== null && this.#cluster.network.breakConnections(...pair) > 0 ? 0 : null;
  }

  #part(fault: DrawnFault): number | null {
    const { log, network } = this.#cluster;
    const { lengthUs, way } = fault;
    const victim = this.#worker(fault.victim);
    if (fault.otherEnd === "log") {
      if (victim !== null) log.outages.cutOff(victim.name, lengthUs);
      return victim === null ? null : lengthUs;
    }
    const pair = this.#pair(fault);
    if (pair === null) return null;
    const [one, other] = pair;
    if (way !== "back") network.partitions.cut(one, other, lengthUs);
    if (way !== "there") network.partitions.cut(other, one, lengthUs);
    return lengthUs;
  }

  #pair(fault: DrawnFault): readonly [string, string] | null {
    const one = this.#worker(fault.victim);
    if (one === null) return null;
    if (fault.otherEnd === "coordinator") return [one.name, COORDINATOR];
    const others = this.#live.filter((worker) => worker !== one);
    const other = others[fault.other % Math.max(1, others.length)];
    return [one.name, other?.name ?? COORDINATOR];
  }

  get #live(): readonly SimulatedProcess[] {
    return this.#workers.filter(({ alive }) => alive);
  }

  #worker(choice: number): SimulatedProcess | null {
    const live = this.#live;
    return live[choice % Math.max(1, live.length)] ?? null;
  }

  /** Whoever ends is replaced, as a supervisor would do it. */
  #attend(worker: SimulatedProcess): void {
    this.#workers.push(worker);
    worker.onDeath(() => {
      if (this.#replacements >= MAX_REPLACEMENTS) return;
      const { queue, nowUs } = this.#cluster.universe;
      const name = `${worker.name.split(".")[0]}.${++this.#replacements}`;
      queue.at(nowUs + this.#protection.replaceAfterUs, () => {
        this.#watch.meet("replacement");
        this.#attend(this.#cluster.startWorker(name));
      });
    });
  }

  /** What comes meanwhile waits; a worker that stands still may be given up meanwhile. */
  #watchPause(worker: SimulatedProcess, lengthUs: number): void {
    const { queue, nowUs, journal } = this.#cluster.universe;
    queue.at(nowUs + lengthUs - 1, () => {
      this.#watch.meet("standstill", worker.waiting > 0 ? 1 : 0);
      const isLost = journal.some(({ event, facts, timeUs }) => {
        return event === "workerLost" && facts.worker === worker.name && timeUs >= nowUs;
      });
      if (isLost && worker.alive) this.#watch.meet("zombie");
    });
  }
}
