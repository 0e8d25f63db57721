import type { CheckpointPhase } from "../../engine/cluster/checkpoint-facts.ts";
import type { CoordinatorToClient, CoordinatorToWorker, JobState } from "../../engine/cluster/messages.ts";
import type { Producer } from "../../engine/simulation/transactions.ts";
import type { WorldWatch } from "../../engine/simulation/watch.ts";
import { CommitWatch } from "./commit-watch.ts";
import type { FaultState } from "./fault-states.ts";
import { OrderWatch } from "./order-watch.ts";
import type { Moment } from "./protection.ts";
import type { ReplicaState } from "./replica-states.ts";

type Told = CoordinatorToClient | CoordinatorToWorker;

/** Follows a run from outside: what the client is told, what reaches store and log. Tells of the moments that faults wait for. */
export class RunWatch implements WorldWatch {
  readonly commits = new CommitWatch();
  readonly met = new Map<FaultState | ReplicaState, number>();
  readonly orders: OrderWatch;
  onMoment: (moment: Moment) => void = () => {};
  jobState: JobState | null = null;
  /** Of the latest checkpoint. */
  phase: CheckpointPhase | null = null;
  #lastCheckpoint = 0;
  #isLast = false;
  #mostBuffered = 0;

  /** `orderTopic`: of the job. */
  constructor(orderTopic: string) {
    this.orders = new OrderWatch(orderTopic, (state) => this.meet(state));
  }

  meet(state: FaultState | ReplicaState, times = 1): void {
    if (times > 0) this.met.set(state, (this.met.get(state) ?? 0) + times);
  }

  /** Most undelivered bytes of a connection that carries frames. */
  get mostBuffered(): number {
    return this.#mostBuffered;
  }

  onControl(_from: string, to: string, text: string): void {
    if (to === "client") this.#onTold(JSON.parse(text) as Told);
    else if (text.includes('"last":true')) this.#onLast(JSON.parse(text) as Told);
  }

  onStored(path: string, bytes: Uint8Array): void {
    this.commits.onStored(path, bytes);
  }

  onCommitted(transaction: Producer, isRestored: boolean): void {
    if (isRestored) this.meet("commitOnRestore");
    this.commits.onCommitted(transaction);
  }

  onFenced(): void {
    this.meet("fenced");
  }

  onLocalRead(): void {
    this.meet("localCopy");
  }

  onAppended(process: string, topic: string, partition: number, value: Uint8Array): void {
    this.orders.onAppended(process, topic, partition, value);
  }

  onAcknowledged(process: string, topic: string, partition: number, count: number): void {
    this.orders.onAcknowledged(process, topic, partition, count);
  }

  onRead(process: string, topic: string, partition: number, nextOffset: number): void {
    this.orders.onRead(process, topic, partition, nextOffset);
  }

  onEnd(process: string): void {
    if (this.jobState !== "running") return;
    this.orders.onEnd(process);
    this.meet("replicaKilled");
    if (this.phase === "triggered" || this.phase === "acknowledged") this.meet("replicaKilledAtCheckpoint");
  }

  onBuffered(bytes: number): void {
    this.#mostBuffered = Math.max(this.#mostBuffered, bytes);
  }

  /** A fault strikes: in the midst of what? */
  onStrike(): void {
    const { phase } = this;
    if (this.jobState === "deploying") this.meet("struckDeployment");
    if (this.#isRestoring) this.meet("struckRestore");
    if (this.jobState === "restarting") this.meet("struckRestarting");
    if (this.jobState !== "running") return;
    if (phase === "triggered") this.meet("struckAlignment");
    if (phase === "acknowledged") this.meet("struckBeforeComplete");
    if (phase === "completed" && this.commits.outstanding > 0) this.meet("struckCommit");
    if (this.#isLast && phase !== "aborted") this.meet("struckFinal");
  }

  #isRestoring = false;

  #onTold(message: Told): void {
    if (message.type === "jobState") {
      this.jobState = message.state;
      this.phase = null;
      this.#isRestoring = message.state === "deploying" && message.restored !== undefined;
      if (message.state === "deploying" || message.state === "running") this.onMoment(message.state);
      if (this.#isRestoring) this.onMoment("restoring");
    } else if (message.type === "checkpointPhase") {
      this.phase = message.phase;
      this.#isLast = message.checkpointId === this.#lastCheckpoint;
      if (message.phase !== "aborted") this.onMoment(message.phase);
    }
  }

  #onLast(message: Told): void {
    if (message.type !== "checkpoint" || message.checkpointId === this.#lastCheckpoint) return;
    this.#lastCheckpoint = message.checkpointId;
    this.#isLast = true;
    this.onMoment("last");
  }
}
