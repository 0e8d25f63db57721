import { maxUs, meanUs, type ReplicaCounts, waited } from "../analyze/replication/replica-counts.ts";
import type { GroupLook, GroupTotal, ReplicationAnalysis } from "../analyze/replication/replication.ts";
import { type Column, csv, rounded } from "./csv.ts";

/** What a run left of its replicas. */
export interface ReplicatedRun {
  readonly run: string;
  readonly replication: ReplicationAnalysis;
}

interface TotalRow extends GroupTotal {
  readonly run: string;
  readonly merge: string;
}

type Counted = { readonly counts: ReplicaCounts };

/** What is counted of a group; an empty cell where it does not count that. */
const COUNTED: readonly Column<Counted>[] = [
  { name: "duplicates_dropped", value: ({ counts }) => counts.duplicates },
  { name: "merge_waits", value: ({ counts }) => (counts.waits.size === 0 ? null : waited(counts).n) },
  { name: "merge_wait_us_mean", value: ({ counts }) => rounded(meanUs(waited(counts))) },
  { name: "orders", value: ({ counts }) => counts.orders },
  { name: "order_round_trips", value: ({ counts }) => counts.roundTrips?.n ?? null },
  { name: "order_round_trip_us_mean", value: ({ counts }) => rounded(meanUs(counts.roundTrips)) },
];

const SPILLED: readonly Column<Counted>[] = [
  { name: "spilled_bytes", value: ({ counts }) => counts.spilledBytes },
  { name: "spilled_now_bytes", value: ({ counts }) => counts.spilledNowBytes },
];

/** `replication.csv`: one line a run and instance of an operator. */
export function replicationCsv(runs: readonly ReplicatedRun[]): string {
  const columns: readonly Column<TotalRow>[] = [
    { name: "run", value: ({ run }) => run },
    { name: "merge", value: ({ merge }) => merge },
    { name: "operator", value: ({ group }) => group.vertex },
    { name: "instance", value: ({ group }) => group.instance },
    { name: "replicas", value: ({ group }) => group.replicas },
    { name: "replicas_alive_least", value: ({ leastAlive }) => leastAlive },
    { name: "replicas_alive_at_end", value: ({ aliveAtEnd }) => aliveAtEnd },
    {
      name: "redundancy_reduced_ms",
      value: ({ group, reducedMs }) => (group.replicas > 1 ? rounded(reducedMs) : null),
    },
    ...COUNTED,
    { name: "merge_wait_us_max", value: ({ counts }) => maxUs(waited(counts)) },
    { name: "order_round_trip_us_max", value: ({ counts }) => maxUs(counts.roundTrips) },
    { name: "claims", value: ({ counts }) => counts.claims },
    { name: "void_entries", value: ({ counts }) => counts.voidEntries },
    ...SPILLED,
  ];
  const rows = runs.flatMap(({ run, replication: { totals, summary } }) => {
    return totals.map((total): TotalRow => ({ ...total, run, merge: summary.merge }));
  });
  return csv(columns, rows);
}

/** `series/<run>.replication.csv`: one line a look, about a second apart, and instance; what is counted came since the look before. */
export function replicationSeriesCsv({ looks }: ReplicationAnalysis): string {
  const columns: readonly Column<GroupLook>[] = [
    { name: "at_ms", value: ({ atMs }) => rounded(atMs) },
    { name: "operator", value: ({ group }) => group.vertex },
    { name: "instance", value: ({ group }) => group.instance },
    { name: "replicas", value: ({ group }) => group.replicas },
    { name: "replicas_alive", value: ({ alive }) => alive },
    { name: "leader_replica", value: ({ leader }) => leader },
    ...COUNTED,
    ...SPILLED,
  ];
  return csv(columns, looks);
}

interface WaitRow {
  readonly total: GroupTotal;
  readonly replica: number;
  readonly channel: number;
}

/** `series/<run>.merge-waits.csv`: one line a replica and logical channel of its input, over the whole run. */
export function mergeWaitsCsv({ totals }: ReplicationAnalysis): string {
  const spent = ({ total, replica, channel }: WaitRow) => total.replicas[replica]?.waits.get(channel) ?? null;
  const columns: readonly Column<WaitRow>[] = [
    { name: "operator", value: ({ total }) => total.group.vertex },
    { name: "instance", value: ({ total }) => total.group.instance },
    { name: "replica", value: ({ replica }) => replica },
    { name: "channel", value: ({ channel }) => channel },
    { name: "merge_waits", value: (row) => spent(row)?.n ?? null },
    { name: "merge_wait_us_mean", value: (row) => rounded(meanUs(spent(row))) },
    { name: "merge_wait_us_max", value: (row) => maxUs(spent(row)) },
  ];
  const rows = totals.flatMap((total) => {
    return total.replicas.flatMap(({ waits }, replica) => {
      return [...waits.keys()].sort((a, b) => a - b).map((channel): WaitRow => ({ total, replica, channel }));
    });
  });
  return csv(columns, rows);
}
