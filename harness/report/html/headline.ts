import type { LatencySummary, RunResult, VerifySummary } from "../../sweep/model.ts";
import {
  axisText,
  integer,
  NOT_MEASURED,
  onlyReplays,
  PERCENTILE_LABEL,
  PERCENTILES,
  type PercentileName,
  percentileText,
  rate,
  significant,
} from "../format.ts";
import { html, type Markup, type TableColumn, table, unbroken } from "./markup.ts";

const RATES = "events/s";
const LATENCY = "latency from due time, ms";
const ENGINE = "engine latency by its own stamps, ms";
const OUTPUTS = "verified outputs";
const COMMITTED = "latency, read_committed, ms";
const COMMITTED_OUTPUTS = "verified outputs, read_committed";
const CPU = "CPU, % of one core";
const PER_MILLION = "CPU seconds per million events";
/** Roles with a column of their own, in this order; what else ran is added up. */
const ROLES = ["broker", "zookeeper", "worker", "feeder", "observer"] as const;

/** The headline table: one line a run, by query, then by offered rate. */
export function headlineTable(results: readonly RunResult[]): Markup {
  const caption =
    "Latency from the due time of the triggering event to the output as seen by a read_uncommitted reader, after the warm-up.";
  return table<RunResult>(
    [
      { title: "query", cell: ({ query }) => html`<strong>${query}</strong>` },
      ...settingsColumn(results),
      ...formatColumn(results),
      { title: "state", cell: stateCell },
      { title: "offered", group: RATES, numeric: true, cell: (r) => rate(r.offeredPerSecond, "") },
      { title: "achieved", group: RATES, numeric: true, cell: (r) => rate(r.achievedInputPerSecond, "") },
      ...PERCENTILES.map((name) => ({
        title: PERCENTILE_LABEL[name],
        group: LATENCY,
        numeric: true,
        cell: (r: RunResult) => percentileCell(r.latencyUs, name),
      })),
      { title: "max", group: LATENCY, numeric: true, cell: (r) => milliseconds(r.latencyUs.max) },
      { title: "n", group: LATENCY, numeric: true, cell: (r) => integer(r.latencyUs.n) },
      ...engineColumns(results),
      ...committedColumns(results),
      ...outputColumns(results),
    ],
    results,
    caption,
    startsQuery(results),
  );
}

/** In what cells differ besides query and rate, which have columns of their own. */
function settingsColumn(results: readonly RunResult[]): TableColumn<RunResult>[] {
  const paths = new Set(results.flatMap(({ run }) => Object.keys(run.cell.axes)));
  const differing = [...paths].filter(
    (path) =>
      !["query", "load.rate", "data.format"].includes(path) &&
      new Set(results.map(({ run }) => JSON.stringify(run.cell.axes[path]))).size > 1,
  );
  if (differing.length === 0) return [];
  const text = ({ run }: RunResult) => unbroken(differing.map((path) => axisText(run.cell.axes[path])).join(", "));
  return [{ title: "settings", cell: text }];
}

/** How events and rows were written, unless all are JSON. */
function formatColumn(results: readonly RunResult[]): TableColumn<RunResult>[] {
  if (results.every(({ dataFormat = "json" }) => dataFormat === "json")) return [];
  return [{ title: "format", cell: ({ dataFormat }) => dataFormat ?? "unknown" }];
}

/** The engine's own view, where rows tell it. */
function engineColumns(results: readonly RunResult[]): TableColumn<RunResult>[] {
  if (results.every(({ engineLatencyUs }) => engineLatencyUs == null)) return [];
  return (["p50", "p99", "max"] as const).map((name) => ({
    title: name,
    group: ENGINE,
    numeric: true,
    cell: ({ engineLatencyUs }: RunResult) => milliseconds(engineLatencyUs?.[name] ?? null),
  }));
}

/** Where the processor time went: one line a run, in the order of the headline table. */
export function cpuTable(results: readonly RunResult[]): Markup | null {
  const sampled = results.filter(({ resources }) => Object.keys(resources).length > 0);
  if (sampled.length === 0) return null;
  return table<RunResult>(
    [
      { title: "query", cell: ({ query }) => html`<strong>${query}</strong>` },
      ...settingsColumn(sampled),
      { title: "offered, events/s", numeric: true, cell: (r) => rate(r.offeredPerSecond, "") },
      ...cpuColumns(sampled),
      { title: "all", group: PER_MILLION, numeric: true, cell: (r) => perMillion(r, () => true) },
      { title: "workers", group: PER_MILLION, numeric: true, cell: (r) => perMillion(r, (role) => role === "worker") },
    ],
    sampled,
    "Processor time over the measured window; 100 % is one core. Others: coordinator and harness.",
    startsQuery(sampled),
  );
}

function startsQuery(results: readonly RunResult[]): (result: RunResult, index: number) => boolean {
  return ({ query }, index) => results[index - 1]?.query !== query;
}

/** CPU seconds per million events sent. */
function perMillion(
  { resources, achievedInputPerSecond, measuredMs }: RunResult,
  has: (role: string) => boolean,
): string {
  if (achievedInputPerSecond === null || measuredMs === null || achievedInputPerSecond === 0) return NOT_MEASURED;
  const used = Object.entries(resources).filter(([role]) => has(role));
  const cpuSeconds = used.reduce((sum, [, usage]) => sum + usage.cpuSeconds, 0);
  return used.length === 0 ? NOT_MEASURED : significant(cpuSeconds / ((achievedInputPerSecond * measuredMs) / 1e9));
}

const OUT_OF_TURN: readonly { readonly title: string; readonly pick: (verified: VerifySummary) => number }[] = [
  { title: "premature", pick: ({ premature }) => premature },
  { title: "out of order", pick: ({ outOfOrder }) => outOfOrder },
];

/** What readers of committed data saw, where they were observed. */
function committedColumns(results: readonly RunResult[]): TableColumn<RunResult>[] {
  if (results.every(({ committed }) => committed === undefined)) return [];
  const count = (title: string, pick: (verified: VerifySummary) => number, isBad: boolean) => ({
    title,
    group: COMMITTED_OUTPUTS,
    numeric: true,
    cell: ({ committed }: RunResult) => {
      if (committed?.verified == null) return NOT_MEASURED;
      const found = pick(committed.verified);
      return isBad && found > 0 ? html`<strong class="wrong">${integer(found)}</strong>` : integer(found);
    },
  });
  return [
    ...(["p50", "p99"] as const).map((name) => ({
      title: name,
      group: COMMITTED,
      numeric: true,
      cell: ({ committed }: RunResult) =>
        committed === undefined ? NOT_MEASURED : percentileCell(committed.latencyUs, name),
    })),
    {
      title: "max",
      group: COMMITTED,
      numeric: true,
      cell: ({ committed }) => milliseconds(committed?.latencyUs.max ?? null),
    },
    count("right", (v) => v.matched - v.premature - v.outOfOrder, false),
    count("lost", (v) => v.lost, true),
    count("duplicate", (v) => v.duplicate, true),
    count("wrong", (v) => v.wrong + v.unexpected, true),
  ];
}

/** The counts of `docs/method.md`, each under its own name. */
function outputColumns(results: readonly RunResult[]): TableColumn<RunResult>[] {
  const column = (title: string, pick: (v: NonNullable<RunResult["verified"]>) => number, isBad = false) => ({
    title,
    group: OUTPUTS,
    numeric: true,
    cell: ({ verified, state, costBaseline }: RunResult) => {
      if (verified === null) return NOT_MEASURED;
      const count = pick(verified);
      if (isBad && count > 0 && costBaseline)
        return html`<strong class="wrong">${integer(count)}</strong><br><span class="small">no order</span>`;
      // What the guarantee permits after a fault is counted, but the run has not failed by it.
      if (isBad && count > 0 && state !== "failed")
        return html`${integer(count)}<br><span class="small">permitted</span>`;
      return isBad && count > 0 ? html`<strong class="wrong">${integer(count)}</strong>` : integer(count);
    },
  });
  return [
    column("expected", (v) => v.expected),
    column("right", (v) => v.matched - v.premature - v.outOfOrder),
    column("lost", (v) => v.lost, true),
    {
      ...column("duplicate", (v) => v.duplicate, true),
      // Copies that a fault explains are counted, but they are not wrong.
      cell: (r) =>
        onlyReplays([r]) && r.verified !== null && r.verified.duplicate > 0
          ? html`${integer(r.verified.duplicate)}<br><span class="small">replayed</span>`
          : column("duplicate", (v) => v.duplicate, true).cell(r),
    },
    column("wrong", (v) => v.wrong, true),
    column("unexpected", (v) => v.unexpected, true),
    // Rare enough to have a column only where there are any.
    ...OUT_OF_TURN.filter(({ pick }) => results.some(({ verified }) => verified !== null && pick(verified) > 0)).map(
      ({ title, pick }) => column(title, pick, true),
    ),
  ];
}

function cpuColumns(results: readonly RunResult[]): TableColumn<RunResult>[] {
  const percent = (value: number | null) => (value === null ? NOT_MEASURED : Math.round(value).toString());
  const others = ({ resources }: RunResult) => {
    const rest = Object.entries(resources).filter(([role]) => !(ROLES as readonly string[]).includes(role));
    return rest.length === 0 ? null : rest.reduce((sum, [, { cpuPercent }]) => sum + cpuPercent, 0);
  };
  return [
    ...ROLES.filter((role) => role !== "zookeeper" || results.some(({ resources }) => role in resources)).map(
      (role) => ({
        title: role === "worker" ? "workers" : role,
        group: CPU,
        numeric: true,
        cell: ({ resources }: RunResult) => percent(resources[role]?.cpuPercent ?? null),
      }),
    ),
    { title: "others", group: CPU, numeric: true, cell: (r) => percent(others(r)) },
  ];
}

function milliseconds(us: number | null): string {
  return us === null ? NOT_MEASURED : significant(us / 1000);
}

function percentileCell(summary: LatencySummary, name: PercentileName): Markup | string {
  if (summary[name] !== null) return milliseconds(summary[name]);
  return html`<span class="small" title="${percentileText(summary, name)}">${percentileText(summary, name).replace(/ \(.*/, "")}</span>`;
}

/** A percentile; in small print and two lines where n is too small for it. */
export function percentileMarkup(summary: LatencySummary, name: PercentileName): Markup {
  const text = percentileText(summary, name);
  if (summary[name] !== null) return html`${text}`;
  const [reason, n] = text.split(" (n=");
  return html`<span class="small">${reason!}${n === undefined ? null : html`<br>(n=${n}`}</span>`;
}

function stateCell({ run, state, reasons, costBaseline }: RunResult): Markup {
  const codes = [...new Set<string>(reasons.map(({ code }) => code)), ...(costBaseline ? ["cost baseline"] : [])];
  return html`<a class="state ${state}" href="#run-${run.id}">${state}</a>${codes.map((code) => html`<br><span class="small">${code}</span>`)}`;
}
