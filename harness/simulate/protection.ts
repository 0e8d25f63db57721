import type { CheckpointSettings, Guarantee, Replication, RestartStrategy } from "../../engine/cluster/job-spec.ts";
import type { StoreTrouble } from "../../engine/simulation/store.ts";

/** How a drawn job survives, and what it has to survive. */
export type Protection = { readonly kind: "none" } | ReplicatedProtection | PassiveProtection;

export interface ReplicatedProtection {
  readonly kind: "replicated";
  readonly replication: Replication;
  /**
   * Events from the deployment to the death of a worker that hosts nothing but replicas, for each death; fewer than there are replicas. With
   * `recovery`: from the job's beginning to the death of all that host replicas of one group, once.
   */
  readonly killAfter: readonly number[];
  /** What happens to leaders of replica groups: of jobs whose groups have some. */
  readonly strikes: readonly LeaderStrike[];
  /** What happens to connections of workers with replicas. */
  readonly links: readonly LinkFault[];
  /** One in so many frames is repeated or overtaken by the next; 0: none. */
  readonly disorderOneIn: number;
  /** Checkpoints underneath, and faults that replicas alone do not survive; null: neither. */
  readonly recovery: PassiveProtection | null;
}

/**
 * `session`: the election gives up a worker that goes on for `lengthUs` before it hears of that; `contact`: the worker does not hear of the
 * election for so long; `pause`: it stands still; `log`: it reaches no log.
 */
export interface LeaderStrike {
  readonly kind: "session" | "contact" | "pause" | "log";
  /** Events since the deployment. */
  readonly after: number;
  /** Which of the workers with replicas that live then, leaders before others: modulo their number. */
  readonly victim: number;
  readonly lengthUs: number;
}

/**
 * `reset`: the connections between two workers break; `partition`: what one sends to the other waits for `lengthUs`; `slow`: it comes later by
 * `delayUs`, for so long; `isolated`: what the worker and the coordinator send to each other waits until the worker is given up, and longer.
 */
export interface LinkFault {
  readonly kind: "reset" | "partition" | "slow" | "isolated";
  /** Events since the deployment. */
  readonly after: number;
  /** Which of the workers with replicas that live then, and which of all others: modulo their number. */
  readonly victim: number;
  readonly other: number;
  /** From the victim `there`, and `back` to it. */
  readonly way: "both" | "there" | "back";
  readonly lengthUs: number;
  readonly delayUs: number;
}

export interface PassiveProtection {
  readonly kind: "passive";
  readonly guarantee: Exclude<Guarantee, "at-most-once">;
  readonly checkpoints: CheckpointSettings;
  readonly restart: RestartStrategy;
  /** Workers beyond those that the job begins on. */
  readonly spareWorkers: number;
  /** From the end of a worker to the start of the one that takes its place, µs. */
  readonly replaceAfterUs: number;
  readonly faults: readonly DrawnFault[];
  /** A savepoint that is asked for; null: none is. */
  readonly savepoint: DrawnSavepoint | null;
  /** Its input has no end: the job is told to finish so long after its submission, µs. Absent: it ends with its input. */
  readonly drainAfterUs?: number;
}

export interface DrawnSavepoint {
  /** After the job runs for the first time, µs. */
  readonly delayUs: number;
  /** The job ends with it, and another one goes on from there. */
  readonly stop: boolean;
}

export const FAULT_KINDS = ["kill", "pause", "reset", "partition", "store", "broker"] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What a fault waits for: the nth time that something happens, and then a while. */
export interface FaultTrigger {
  readonly on: Moment;
  readonly nth: number;
  readonly delayUs: number;
}

/**
 * `triggered`, `acknowledged`, `completed`: phases of a checkpoint; `last`: the job's last one has reached a worker; `deploying`,
 * `running`: states of the job; `restoring`: it is deployed from a checkpoint; `struck`: another fault strikes.
 */
export type Moment =
  | "triggered"
  | "acknowledged"
  | "completed"
  | "last"
  | "deploying"
  | "restoring"
  | "running"
  | "struck";

export interface DrawnFault {
  readonly kind: FaultKind;
  readonly trigger: FaultTrigger;
  /** Which of the processes that are there then: modulo their number. */
  readonly victim: number;
  readonly other: number;
  /** Of connections and partitions: what the other end is. */
  readonly otherEnd: "worker" | "coordinator" | "log";
  /** Of pauses: the coordinator stands still, not a worker. */
  readonly ofCoordinator: boolean;
  readonly way: "both" | "there" | "back";
  readonly store: StoreTrouble;
  readonly lengthUs: number;
}
