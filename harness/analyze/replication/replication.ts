import type { ReplicationSummary } from "../../sweep/replication-summary.ts";
import type { JobStateRecord } from "../../systems/system.ts";
import type { TaskLog } from "../tasks/task-log.ts";
import {
  countsOf,
  countsOfGroup,
  countsSince,
  maxUs,
  meanUs,
  NOTHING_COUNTED,
  type ReplicaCounts,
  type Spent,
  sumOfCounts,
  waited,
} from "./replica-counts.ts";
import { type ReplicaLog, readReplicaLog } from "./replica-log.ts";
import { type Group, groupKey, groupsOf, ReplicasAlive } from "./replicas-alive.ts";

/** One group at one look. Times in ms from the first due time; what is counted since the look before. */
export interface GroupLook {
  readonly group: Group;
  readonly atMs: number;
  readonly alive: number | null;
  /** Replica that leads; null: none, or nobody is elected. */
  readonly leader: number | null;
  readonly counts: ReplicaCounts;
}

/** One group over the whole run. */
export interface GroupTotal {
  readonly group: Group;
  readonly counts: ReplicaCounts;
  /** By replica. */
  readonly replicas: readonly ReplicaCounts[];
  /** null: the job never ran. */
  readonly leastAlive: number | null;
  readonly aliveAtEnd: number | null;
  /** How long some replica was missing, from the first due time to the end of the load, ms. */
  readonly reducedMs: number;
}

export interface ReplicationAnalysis {
  readonly summary: ReplicationSummary;
  /** In the order of the plan. */
  readonly totals: readonly GroupTotal[];
  readonly looks: readonly GroupLook[];
}

/** null: the run had no replicas. Throws `results-unreadable`. */
export function readReplication(
  tasks: TaskLog | null,
  lossesFile: string,
  states: readonly JobStateRecord[],
  { startUs, loadMs }: { readonly startUs: number; readonly loadMs: number },
): ReplicationAnalysis | null {
  const log = readReplicaLog(tasks, lossesFile);
  return log === null ? null : analyzeReplication(log, states, { startUs, endUs: startUs + loadMs * 1000 });
}

/** What became of a run's replicas. `startUs`, `endUs`: first due time and end of the load, monotonic. Pure. */
export function analyzeReplication(
  { header, looks, losses }: ReplicaLog,
  states: readonly JobStateRecord[],
  { startUs, endUs }: { readonly startUs: number; readonly endUs: number },
): ReplicationAnalysis {
  const groups = groupsOf(header.vertices);
  const alive = new ReplicasAlive(header.vertices, states, losses);
  const ms = (us: number) => (us - startUs) / 1000;
  const seen: GroupLook[] = [];
  const totals = new Map(groups.map((group) => [groupKey(group), new Map<number, ReplicaCounts>()]));
  const latest = new Map<string, ReplicaCounts>();
  for (const { atUs, tasks } of looks) {
    const own = Map.groupBy(tasks, ({ vertex, subtask }) => {
      return groupKey({ vertex, instance: Math.floor(subtask / (header.vertices[vertex]?.replicas ?? 1)) });
    });
    for (const group of groups) {
      const ofGroup = own.get(groupKey(group)) ?? [];
      const ofReplicas: ReplicaCounts[] = [];
      for (const { vertex, subtask, custom } of ofGroup) {
        const now = countsOf(custom);
        const since = countsSince(latest.get(`${vertex} ${subtask}`) ?? NOTHING_COUNTED, now);
        latest.set(`${vertex} ${subtask}`, now);
        ofReplicas.push(since);
        const replica = subtask % group.replicas;
        const total = totals.get(groupKey(group))!;
        const soFar = sumOfCounts(total.get(replica) ?? NOTHING_COUNTED, since);
        total.set(replica, { ...soFar, spilledNowBytes: now.spilledNowBytes });
      }
      const leader = ofGroup.find(({ custom }) => custom.leading === 1);
      seen.push({
        group,
        atMs: ms(atUs),
        alive: alive.aliveAt(group, atUs),
        leader: leader === undefined ? null : leader.subtask % group.replicas,
        counts: countsOfGroup(ofReplicas),
      });
    }
  }
  const ofGroups = groups.map((group) => {
    const byReplica = totals.get(groupKey(group))!;
    return groupTotal(group, alive, byReplica, { startUs, endUs });
  });
  return { summary: summaryOf(header, ofGroups, alive, { startUs, endUs }), totals: ofGroups, looks: seen };
}

interface Load {
  readonly startUs: number;
  readonly endUs: number;
}

function groupTotal(
  group: Group,
  alive: ReplicasAlive,
  byReplica: ReadonlyMap<number, ReplicaCounts>,
  load: Load,
): GroupTotal {
  const replicas = Array.from({ length: group.replicas }, (_, replica) => byReplica.get(replica) ?? NOTHING_COUNTED);
  const steps = stepsWithin(group, alive, load);
  return {
    group,
    counts: countsOfGroup(replicas),
    replicas,
    leastAlive: steps.length === 0 ? null : Math.min(...steps.map((step) => step.alive)),
    aliveAtEnd: steps.at(-1)?.alive ?? null,
    reducedMs: steps.reduce(
      (sum, { fromUs, toUs, alive: there }) => sum + (there < group.replicas ? (toUs - fromUs) / 1000 : 0),
      0,
    ),
  };
}

/** The steps within the load, each with its end. */
function stepsWithin(group: Group, alive: ReplicasAlive, { startUs, endUs }: Load) {
  const steps = alive.stepsOf(group);
  return steps.flatMap((step, n) => {
    const fromUs = Math.max(step.atUs, startUs);
    const toUs = Math.min(steps[n + 1]?.atUs ?? endUs, endUs);
    return toUs > fromUs ? [{ fromUs, toUs, alive: step.alive }] : [];
  });
}

function summaryOf(
  { replication: { merge, factor } }: ReplicaLog["header"],
  totals: readonly GroupTotal[],
  alive: ReplicasAlive,
  { startUs, endUs }: Load,
): ReplicationSummary {
  const replicated = totals.filter(({ group }) => group.replicas > 1);
  const all = totals.map(({ counts }) => counts).reduce(sumOfCounts, NOTHING_COUNTED);
  const ms = (us: number) => (us - startUs) / 1000;
  const spans = replicated.flatMap(({ group }) => {
    return stepsWithin(group, alive, { startUs, endUs }).filter((step) => step.alive < group.replicas);
  });
  const least = replicated.flatMap(({ leastAlive }) => (leastAlive === null ? [] : [leastAlive]));
  const isReducedAtEnd = replicated.some(({ group, aliveAtEnd }) => aliveAtEnd !== null && aliveAtEnd < group.replicas);
  return {
    merge,
    factor,
    groups: replicated.length,
    leastAlive: least.length === 0 ? null : Math.min(...least),
    reducedFromMs: spans.length === 0 ? null : ms(Math.min(...spans.map(({ fromUs }) => fromUs))),
    restoredMs: spans.length === 0 || isReducedAtEnd ? null : ms(Math.max(...spans.map(({ toUs }) => toUs))),
    lost: alive.lost
      .filter(({ atUs }) => atUs <= endUs)
      .map(({ task, vertex, instance, atUs, alive: left, of }) => {
        return { task, group: groupKey({ vertex, instance }), atMs: ms(atUs), alive: left, of };
      }),
    duplicatesDropped: all.duplicates,
    mergeWaitUs: spentSummary(replicated.map(({ counts }) => waited(counts)).reduce(added, NO_TIME)),
    orderRoundTripUs: spentSummary(all.roundTrips),
    claims: all.claims,
  };
}

const NO_TIME: Spent = { n: 0, sumUs: 0, maxUs: 0 };

function added(a: Spent, b: Spent): Spent {
  return { n: a.n + b.n, sumUs: a.sumUs + b.sumUs, maxUs: Math.max(a.maxUs, b.maxUs) };
}

function spentSummary(spent: Spent | null): ReplicationSummary["mergeWaitUs"] {
  const [mean, max] = [meanUs(spent), maxUs(spent)];
  return spent === null || mean === null || max === null ? null : { mean, max, n: spent.n };
}
