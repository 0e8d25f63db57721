import type { Censored, FaultEffect, FaultResult } from "../../faults/result.ts";
import type { RunResult } from "../../sweep/model.ts";
import { integer, length, moment, NOT_MEASURED, significant } from "../format.ts";
import { story } from "./fault-story.ts";
import { lateness } from "./lateness.ts";
import { html, type Markup, table, unbroken } from "./markup.ts";
import { recoveryTable } from "./recovery-table.ts";

/** What was broken on purpose, told fault by fault, with its figures; null when nothing was. `recovery`: figures of all faults; `figures`: of the n-th fault of a cell. */
export function faultsSection(
  results: readonly RunResult[],
  recovery: readonly Markup[],
  figures: (cellId: string, index: number) => readonly Markup[],
): Markup | null {
  const told = results.flatMap((result) => (result.faults ?? []).map((fault) => ({ result, fault })));
  if (told.length === 0) return null;
  return html`<h2 id="faults">Faults</h2>
${recoveryTable(results)}
${recovery}
${groups(told).map((group, _, all) => groupMarkup(group, figures, all.length > MOST_UNFOLDED))}
${faultTables(told)}
<p class="soft">All times count from the moment the harness saw the fault (a process gone or standing still, a link that delays); detection is below zero where the system noticed before. First output: the first new one of the query that runs again. Gap: the longest time without a new output around the fault. Catch-up: until no more outputs are overdue than before the fault, for at least a second. SLO restored: until the p99 of every interval kept its bound again, as each story says; kept: what was due from the fault on never broke it. Backlog slope: by how many outputs a second the overdue ones grew, before, up to the first output, and from there to the catch-up. Excess: the sum over all outputs after the fault of what their latency was above the median before. “&gt;” means: not over when the load ended or another fault struck. In flight: events and outputs that were due at the fault and had not come out. A second copy of a result is never a new output.</p>`;
}

/** More faults than these are folded away, each behind a line that tells how it went. */
const MOST_UNFOLDED = 2;

interface Told {
  readonly result: RunResult;
  readonly fault: FaultResult;
}

/** One fault of a cell: its story, or the stories of all runs folded away, and its figures. */
function groupMarkup(
  group: readonly [Told, ...Told[]],
  figures: Parameters<typeof faultsSection>[2],
  isFolded: boolean,
): Markup {
  const [{ result, fault }] = group;
  const { run } = result;
  const stories =
    group.length === 1
      ? story(fault, result)
      : group.map(
          (one) =>
            html`<details><summary>${one.result.run.id} ${inShort(one.fault)}</summary><div>${story(one.fault, one.result)}</div></details>`,
        );
  const title = html`<h3>${group.length === 1 ? run.id : run.cell.id}: ${fault.kind} ${fault.target}</h3>`;
  const told = html`${stories}
${figures(run.cell.id, fault.index)}`;
  if (!isFolded) return html`${title}${told}`;
  const short = group.length === 1 ? inShort(fault) : html`<span class="soft">${integer(group.length)} runs</span>`;
  return html`<details><summary>${title} ${short}</summary><div>${told}</div></details>`;
}

function inShort({ problem, effect }: FaultResult): Markup {
  if (problem !== null) return html`<span class="soft">does not count</span>`;
  return html`<span class="soft">gap ${span(effect?.gap ?? null)}, catch-up ${span(effect?.catchUp ?? null)}</span>`;
}

/** Faults of a cell's runs by their place in the config. */
function groups(told: readonly Told[]): (readonly [Told, ...Told[]])[] {
  const byFault = new Map<string, [Told, ...Told[]]>();
  for (const one of told) {
    const key = `${one.result.run.cell.id} ${one.fault.index}`;
    const group = byFault.get(key);
    if (group === undefined) byFault.set(key, [one]);
    else group.push(one);
  }
  return [...byFault.values()];
}

type Column = Parameters<typeof table<Told>>[0][number];

const column = (title: string, cell: (row: Told) => string): Column => ({ title, cell, numeric: true });

/** A column about the fault's effect. */
function effect(title: string, pick: (effect: FaultEffect) => string): Column {
  return column(title, ({ fault }) => (fault.effect === null ? NOT_MEASURED : pick(fault.effect)));
}

const WHICH: readonly Column[] = [
  { title: "run", cell: ({ result }) => html`<a href="#run-${result.run.id}">${result.run.id}</a>` },
  { title: "fault", cell: ({ fault }) => unbroken(`${fault.kind} ${fault.target}`) },
];

const TIMES: readonly Column[] = [
  column("seen at", ({ fault }) => (fault.observedMs === null ? NOT_MEASURED : moment(fault.observedMs))),
  effect("detection", ({ detectionMs }) => (detectionMs === null ? NOT_MEASURED : length(detectionMs))),
  effect("first output", ({ firstOutput }) => span(firstOutput)),
  effect("gap", ({ gap }) => span(gap)),
  effect("catch-up", ({ catchUp }) => span(catchUp)),
  effect("SLO restored", ({ slo }) =>
    slo?.restored.ms === 0 && !slo.restored.censored ? "kept" : span(slo?.restored ?? null),
  ),
];

const EXTENT: readonly Column[] = [
  effect("median before", ({ before }) => lateness(before.p50Us)),
  effect("p99 before", ({ before }) => lateness(before.p99Us)),
  effect("peak p99 of a second", ({ peakP99Us }) => (peakP99Us === null ? "n too small" : lateness(peakP99Us))),
  effect("max after", ({ after }) => lateness(after.maxUs)),
  effect("excess, event·s", (e) => (e.excessEventSeconds === null ? NOT_MEASURED : significant(e.excessEventSeconds))),
  effect("backlog slope before / during / after, /s", ({ lagSlope: { before, during, after } }) =>
    [before, during, after].map((value) => (value === null ? NOT_MEASURED : slope(value))).join(" / "),
  ),
];

const COUNTS: readonly Column[] = [
  effect("events in flight", ({ eventsInFlight }) =>
    eventsInFlight === null ? NOT_MEASURED : integer(eventsInFlight),
  ),
  effect("events replayed", (e) => (e.eventsReplayed === null ? NOT_MEASURED : `≥ ${integer(e.eventsReplayed)}`)),
  effect("outputs in flight", ({ inFlight }) => integer(inFlight)),
  effect("outputs replayed", ({ replayed }) => integer(replayed)),
  column("lost in the run", ({ result }) => (result.verified === null ? NOT_MEASURED : integer(result.verified.lost))),
];

function faultTables(told: readonly Told[]): readonly Markup[] {
  return [
    table([...WHICH, ...TIMES], told, "How long it took, from the moment the fault was seen."),
    table([...WHICH, ...EXTENT], told, "How late outputs were. Percentiles only with enough outputs."),
    table([...WHICH, ...COUNTS], told, "What was under way, and what became of it."),
  ];
}

function span(value: Censored | null): string {
  if (value === null) return NOT_MEASURED;
  return `${value.censored ? "> " : ""}${length(value.ms)}`;
}

/** With its sign; differences that mean nothing are 0. */
function slope(perSecond: number): string {
  if (Math.abs(perSecond) < 0.05) return "0";
  return `${perSecond > 0 ? "+" : "−"}${significant(Math.abs(perSecond))}`;
}
