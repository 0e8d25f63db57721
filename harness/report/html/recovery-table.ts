import type { Censored } from "../../faults/result.ts";
import type { RunResult, VerifySummary } from "../../sweep/model.ts";
import { integer, length, NOT_MEASURED } from "../format.ts";
import { faultLabel } from "../recovery-label.ts";
import { exact, type RecoveryGroup, type RecoveryRow, recoveryGroups, stepsOf, summarized } from "../recovery-rows.ts";
import { html, type Markup, type TableColumn, table, unbroken } from "./markup.ts";

const STEPS = "since the fault was seen, until";
const COUNTS = "outputs, all runs";
const SEVERAL =
  "n > 1: median, least and longest below it; “>” is not over when the load ended or another fault struck";
/** A bound that nothing broke was not restored after 0 ms. */
const KEPT = "kept";

/** Rows: kind of fault and query, by view; columns: the steps of the recovery and what became of the outputs. Null without faults. */
export function recoveryTable(results: readonly RunResult[]): Markup | null {
  const groups = recoveryGroups(results);
  if (groups.length === 0) return null;
  const hasCommitted = groups.some(({ rows }) => rows[0].view === "committed");
  const isFirst = ({ rows: [{ view }] }: RecoveryGroup) => view === "uncommitted";
  return table<RecoveryGroup>(
    [
      {
        title: "fault",
        cell: (group) =>
          isFirst(group) ? html`<strong>${unbroken(faultLabel(group.rows[0], results))}</strong>${doubt(group)}` : "",
      },
      ...(hasCommitted
        ? [
            {
              title: "readers",
              cell: ({ rows }: RecoveryGroup) => (rows[0].view === "committed" ? "committed" : "all"),
            },
          ]
        : []),
      { title: "n", numeric: true, cell: (group) => (isFirst(group) ? integer(group.rows.length) : "") },
      step("noticed", (row) => exact(stepsOf(row.fault).detectedMs), isFirst),
      step("deployed", (row) => exact(stepsOf(row.fault).deployingMs), isFirst),
      step("runs again", (row) => exact(stepsOf(row.fault).runningMs), isFirst),
      step("first output", ({ effect }) => effect?.firstOutput ?? null),
      step("caught up", ({ effect }) => effect?.catchUp ?? null),
      step("SLO", ({ effect }) => effect?.slo?.restored ?? null, undefined, KEPT),
      { title: "gap", numeric: true, cell: ({ rows }) => lengths(rows.map(({ effect }) => effect?.gap ?? null)) },
      counted("replayed", ({ effect }) => effect?.replayed ?? null, oncePerStrike),
      ofRun("lost", ({ lost }) => lost),
      ofRun("twice", ({ duplicate }) => duplicate),
      ofRun("wrong", ({ wrong }) => wrong),
    ],
    groups,
    `Recovery by kind of fault${groups.some(({ rows }) => rows.length > 1) ? `. ${SEVERAL}` : ""}. SLO: until the p99 of every interval kept its bound again; ${KEPT}: what was due from the fault on never broke it${hasCommitted ? "; the bound of readers of committed data is twice their own p99, or maximum, before the fault" : ""}. Lost, twice (duplicates) and wrong are of the whole runs; what readers of uncommitted data see twice after a fault is replayed.`,
    isFirst,
  );
}

function doubt({ isDoubtful }: RecoveryGroup): Markup | null {
  return isDoubtful ? html`<br><span class="small">no valid run</span>` : null;
}

function step(
  title: string,
  of: (row: RecoveryRow) => Censored | null,
  isShown: (group: RecoveryGroup) => boolean = () => true,
  zero?: string,
): TableColumn<RecoveryGroup> {
  const cell = (group: RecoveryGroup) => (isShown(group) ? lengths(group.rows.map(of), zero) : "");
  return { title, group: STEPS, numeric: true, cell };
}

/** `zero`: what to say where nothing but 0 was found. */
function lengths(values: readonly (Censored | null)[], zero?: string): Markup | string {
  const { median, n, min, max } = summarized(values);
  if (median === null || max === null) return NOT_MEASURED;
  if (zero !== undefined && max.ms === 0 && !max.censored) return zero;
  if (n === 1) return span(median);
  if (length(min) === span(max)) return span(median);
  return html`${span(median)}<br><span class="small">${between(length(min), span(max))}</span>`;
}

/** `450 … 950 ms`: one unit where both have the same. */
function between(least: string, most: string): string {
  const [value, unit] = least.split(" ");
  return `${most.endsWith(` ${unit}`) ? value : least} … ${most}`;
}

function span({ ms, censored }: Censored): string {
  return `${censored ? "> " : ""}${length(ms)}`;
}

function counted(
  title: string,
  of: (row: RecoveryRow) => number | null,
  among: (rows: readonly RecoveryRow[]) => readonly RecoveryRow[],
): TableColumn<RecoveryGroup> {
  const cell = ({ rows }: RecoveryGroup) => {
    const known = among(rows).flatMap((row) => of(row) ?? []);
    return known.length === 0 ? NOT_MEASURED : integer(known.reduce((sum, value) => sum + value, 0));
  };
  return { title, group: COUNTS, numeric: true, cell };
}

/** What came again after several processes were struck at once came again once. */
function oncePerStrike(rows: readonly RecoveryRow[]): readonly RecoveryRow[] {
  const key = ({ result, fault }: RecoveryRow) => `${result.run.id} ${fault.fault}/${fault.strike}`;
  return [...new Map(rows.map((row) => [key(row), row])).values()];
}

/** Counts of runs, each run once however many faults it had. */
function ofRun(title: string, of: (verified: VerifySummary) => number): TableColumn<RecoveryGroup> {
  return counted(
    title,
    ({ verified }) => (verified === null ? null : of(verified)),
    (rows) => [...new Map(rows.map((row) => [row.result.run.id, row])).values()],
  );
}
