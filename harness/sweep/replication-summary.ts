/** The replicas of one run. Times in ms from the first due time; null = not known, or did not happen. */
export interface ReplicationSummary {
  readonly merge: string;
  readonly factor: number;
  /** Instances of operators that had replicas. */
  readonly groups: number;
  /** Least number of replicas that any group was down to within the load. */
  readonly leastAlive: number | null;
  /** When a replica was missing for the first time; null: redundancy was full throughout. */
  readonly reducedFromMs: number | null;
  /** When the last one was there again; null: never within the load. */
  readonly restoredMs: number | null;
  /** Replicas that were lost while others of their group went on. */
  readonly lost: readonly {
    readonly task: string;
    readonly group: string;
    readonly atMs: number;
    /** Replicas left in the group, and its full number. */
    readonly alive: number;
    readonly of: number;
  }[];
  /** Elements that receivers had already from another replica. */
  readonly duplicatesDropped: number | null;
  /** How long slices of records waited in the merges of replicas for their turn. */
  readonly mergeWaitUs: TimeSummary | null;
  /** Orders, from append to reading, as their leader saw it. */
  readonly orderRoundTripUs: TimeSummary | null;
  /** Claims of leadership that counted, as every replica of a group read them. */
  readonly claims: number | null;
}

export interface TimeSummary {
  readonly mean: number;
  readonly max: number;
  readonly n: number;
}
