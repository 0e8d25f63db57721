import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import { maxUs, meanUs, waited } from "../../analyze/replication/replica-counts.ts";
import type { GroupTotal } from "../../analyze/replication/replication.ts";
import type { FaultResult } from "../../faults/result.ts";
import type { RunResult } from "../../sweep/model.ts";
import type { ReplicationSummary, TimeSummary } from "../../sweep/replication-summary.ts";
import { integer, latencyMs, length, moment, NOT_MEASURED } from "../format.ts";
import { html, type Markup, table } from "./markup.ts";

/** Lost replicas that are named; the fault's story names all groups. */
const MOST_NAMES = 3;
const WAITS = "wait in the merge";
const ORDERS = "order log, round trip";

type Replicated = RunResult & { readonly replication: ReplicationSummary };

/** What replicas did in each run that had some, and whether there were always as many as wanted; null without any. */
export function replicationSection(results: readonly RunResult[]): Markup | null {
  const replicated = results.filter((result): result is Replicated => result.replication !== undefined);
  if (replicated.length === 0) return null;
  return html`<h2 id="replication">Replicas</h2>
${table<Replicated>(
  [
    { title: "run", cell: ({ run }) => html`<a href="#run-${run.id}">${run.id}</a>` },
    { title: "merge", cell: ({ replication }) => replication.merge },
    { title: "replicas", numeric: true, cell: ({ replication }) => integer(replication.factor) },
    { title: "groups", numeric: true, cell: ({ replication }) => integer(replication.groups) },
    { title: "redundancy", cell: ({ replication }) => redundancy(replication) },
    { title: "least alive", numeric: true, cell: ({ replication }) => count(replication.leastAlive) },
    { title: "duplicates dropped", numeric: true, cell: ({ replication }) => count(replication.duplicatesDropped) },
    ...timeColumns(WAITS, ({ mergeWaitUs }) => mergeWaitUs),
    ...timeColumns(ORDERS, ({ orderRoundTripUs }) => orderRoundTripUs),
    { title: "claims", numeric: true, cell: ({ replication }) => count(replication.claims) },
  ],
  replicated,
  "Replicas of inner operators, from the first due time to the end of the load. A group is all replicas of one instance.",
)}
<p class="soft">Duplicates are elements that a receiver had already from another replica: with all replicas there, as many as it took in for each further one. Wait in the merge: from when a slice of records may be delivered until its order is known and it is. Round trip: from the append of an order by its leader until it reads it back. Claims: how often a replica took the lead, of all groups. By operator: replication.csv; over time and by channel: series/.</p>`;
}

function timeColumns(group: string, pick: (replication: ReplicationSummary) => TimeSummary | null) {
  return (["mean", "max"] as const).map((name) => ({
    title: name,
    group,
    numeric: true,
    cell: ({ replication }: Replicated) => latencyMs(pick(replication)?.[name] ?? null),
  }));
}

function redundancy({ reducedFromMs, restoredMs, lost }: ReplicationSummary): Markup {
  if (reducedFromMs === null) return html`full throughout`;
  const names = lost.length === 0 ? "" : ` (${namesOf(lost.map(({ task }) => task))})`;
  const since = html`<strong>reduced</strong> from ${moment(reducedFromMs)} on${names}`;
  return restoredMs === null ? html`${since}, not restored` : html`${since}, full again at ${moment(restoredMs)}`;
}

function namesOf(tasks: readonly string[]): string {
  return tasks.length > MOST_NAMES ? `${integer(tasks.length)} replicas` : tasks.join(", ");
}

/** What a fault took of the redundancy, in sentences; [] where no replica was lost. `untilMs`: when the next fault struck. */
export function redundancyLost({ replication }: RunResult, { injectedMs }: FaultResult, untilMs: number): string[] {
  if (replication === undefined || injectedMs === null) return [];
  const lost = replication.lost.filter(({ atMs }) => atMs >= injectedMs && atMs < untilMs);
  if (lost.length === 0) return [];
  // Of a group that loses several the last one tells how many are left.
  const left = new Map(lost.map(({ group, alive, of }) => [group, `${alive} of ${of} replicas`]));
  const byNumber = Map.groupBy(left, ([, number]) => number);
  const groups = [...byNumber].map(([number, own]) => `${number} left of ${own.map(([group]) => group).join(", ")}`);
  const since = moment(Math.min(...lost.map(({ atMs }) => atMs)));
  const { restoredMs } = replication;
  const end =
    restoredMs === null ? "it was not restored before the load ended" : `it was full again at ${moment(restoredMs)}`;
  return [`Redundancy was lost from ${since} on, with ${groups.join("; ")}; ${end}.`];
}

/** The instances of a run's operators, one line each; null without replicas. */
export function replicaTable({ replication }: Pick<RunAnalysis, "replication">): Markup | null {
  if (replication === null) return null;
  const number = (title: string, cell: (total: GroupTotal) => string, group?: string) => {
    return { title, numeric: true, cell, ...(group === undefined ? {} : { group }) };
  };
  return table<GroupTotal>(
    [
      { title: "operator", cell: ({ group }) => `${group.vertex}/${group.instance}` },
      number("replicas", ({ group }) => integer(group.replicas)),
      number("at the end", ({ aliveAtEnd }) => count(aliveAtEnd)),
      number("reduced for", ({ group, reducedMs }) => (group.replicas > 1 ? length(reducedMs) : NOT_MEASURED)),
      number("duplicates dropped", ({ counts }) => count(counts.duplicates)),
      number("mean", ({ counts }) => latencyMs(meanUs(waited(counts))), WAITS),
      number("max", ({ counts }) => latencyMs(maxUs(waited(counts))), WAITS),
      number("orders", ({ counts }) => count(counts.orders)),
      number("mean", ({ counts }) => latencyMs(meanUs(counts.roundTrips)), ORDERS),
      number("max", ({ counts }) => latencyMs(maxUs(counts.roundTrips)), ORDERS),
    ],
    replication.totals,
    "Replicas by operator and instance. Counters of a replica that died are those of up to a second before.",
  );
}

function count(value: number | null): string {
  return value === null ? NOT_MEASURED : integer(value);
}
