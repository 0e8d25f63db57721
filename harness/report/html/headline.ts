import type { LatencySummary, RunResult, RunState, VerifySummary } from "../../sweep/model.ts";
import { integer, latencyMs, PERCENTILE_LABEL, PERCENTILES, percentileText, rate } from "../format.ts";
import { html, type Markup, table } from "./markup.ts";

/** "8,000 of 8,000 outputs, 0 lost, 0 duplicate, 0 wrong", and what else was found. */
export function verifiedText(verified: VerifySummary | null): string {
  if (verified === null) return "not verified";
  const { matched, expected, lost, duplicate, wrong, unexpected, premature, outOfOrder } = verified;
  const more = [
    [unexpected, "unexpected"],
    [premature, "premature"],
    [outOfOrder, "out of order"],
  ] as const;
  const rest = more.flatMap(([count, name]) => (count > 0 ? [`, ${integer(count)} ${name}`] : []));
  const counts = `${integer(lost)} lost, ${integer(duplicate)} duplicate, ${integer(wrong)} wrong`;
  return `${integer(matched)} of ${integer(expected)} outputs, ${counts}${rest.join("")}`;
}

/** "worker 120 %, broker 35 %" with spaces that do not break; the order is by load. */
export function cpuText({ resources }: RunResult): string {
  const roles = Object.entries(resources).sort(([a, x], [b, y]) => y.cpuPercent - x.cpuPercent || (a < b ? -1 : 1));
  if (roles.length === 0) return "–";
  return roles.map(([role, usage]) => `${role}\u00a0${Math.round(usage.cpuPercent)}\u00a0%`).join(", ");
}

/** The first thing to read: may these numbers be trusted? */
export function verdictBox(results: readonly RunResult[]): Markup {
  const count = (state: RunState) => results.filter((result) => result.state === state).length;
  const [valid, invalid, failed] = [count("valid"), count("invalid"), count("failed")];
  const worst: RunState = failed > 0 ? "failed" : invalid > 0 || valid === 0 ? "invalid" : "valid";
  const title = {
    valid: `All ${valid} runs are valid`,
    invalid: `${invalid} of ${results.length} runs are invalid`,
    failed: `${failed} of ${results.length} runs failed`,
  }[worst];
  const sums = { expected: 0, matched: 0, lost: 0, duplicate: 0, wrong: 0 };
  for (const { verified } of results) {
    if (verified === null) continue;
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += verified[key];
  }
  const verified = html`verified: ${integer(sums.matched)} of ${integer(sums.expected)} outputs, ${integer(sums.lost)} lost, ${integer(sums.duplicate)} duplicate, ${integer(sums.wrong)} wrong`;
  const note = worst === "valid" ? null : html`<p>Only valid runs enter the figures and the medians.</p>`;
  return html`<div class="verdict ${worst}"><p><strong>${results.length === 0 ? "No run has ended" : title}</strong></p><p>${verified}</p>${note}</div>`;
}

/** The headline table: one line a run. */
export function headlineTable(results: readonly RunResult[]): Markup {
  const caption =
    "Latency from the due time of the triggering event to the output as seen by a read_uncommitted reader, after the warm-up. CPU over the measured window, 100 % = one core.";
  return table<RunResult>(
    [
      { title: "query", cell: ({ query }) => html`<strong>${query}</strong>` },
      { title: "state", cell: stateCell },
      { title: "offered", numeric: true, cell: (r) => rate(r.offeredPerSecond) },
      { title: "achieved in", numeric: true, cell: (r) => rate(r.achievedInputPerSecond) },
      { title: "rows out", numeric: true, cell: (r) => rate(r.achievedOutputPerSecond) },
      ...PERCENTILES.map((name) => ({
        title: PERCENTILE_LABEL[name],
        numeric: true,
        cell: (r: RunResult) => percentileCell(r, name),
      })),
      {
        title: "max",
        numeric: true,
        cell: (r) => html`${latencyMs(r.latencyUs.max)}<br><span class="small">n=${integer(r.latencyUs.n)}</span>`,
      },
      { title: "verified", width: "wide", cell: (r) => verifiedText(r.verified) },
      { title: "CPU by role", width: "wide", cell: cpuText },
    ],
    results,
    caption,
  );
}

function percentileCell({ latencyUs }: RunResult, name: (typeof PERCENTILES)[number]): Markup {
  return percentileMarkup(latencyUs, name);
}

/** A percentile; in small print and two lines where n is too small for it. */
export function percentileMarkup(summary: LatencySummary, name: (typeof PERCENTILES)[number]): Markup {
  const text = percentileText(summary, name);
  if (summary[name] !== null) return html`${text}`;
  const [reason, n] = text.split(" (n=");
  return html`<span class="small">${reason!}${n === undefined ? null : html`<br>(n=${n}`}</span>`;
}

function stateCell({ state, reasons }: RunResult): Markup {
  const codes = [...new Set(reasons.map(({ code }) => code))];
  return html`<span class="state ${state}">${state}</span>${codes.map((code) => html`<br><span class="small">${code}</span>`)}`;
}
