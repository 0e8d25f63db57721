import type { CellSummary } from "../../analyze/cell-summary.ts";
import type { RunResult } from "../../sweep/model.ts";
import {
  integer,
  latencyMs,
  onlyReplays,
  PERCENTILE_LABEL,
  PERCENTILES,
  rate,
  shortRate,
  sumVerified,
} from "../format.ts";
import { colourOf } from "../palette.ts";
import { html, type Markup } from "./markup.ts";

/** The page in one glance, one card a query: how late, at which rate, right or wrong. */
export function answers(cells: readonly CellSummary[], results: readonly RunResult[]): Markup | null {
  const queries = [...new Set(results.map(({ query }) => query))];
  if (queries.length === 0) return null;
  return html`<div class="answers">${queries.map((query) =>
    card(
      query,
      cells.filter((cell) => cell.query === query),
      results.filter((result) => result.query === query),
    ),
  )}</div>`;
}

function card(query: string, cells: readonly CellSummary[], results: readonly RunResult[]): Markup {
  const fastest = cells.filter(({ valid }) => valid > 0).at(-1);
  return html`<section class="answer" style="border-top-color:${colourOf(query)}"><h2>${query} <span class="soft">latency from due time</span></h2>
${fastest === undefined ? html`<p class="big soft">no valid run</p>` : latency(fastest, cells)}
${correctness(results)}</section>`;
}

/** Median and the highest percentile there is, at the highest rate with a valid run. */
function latency(cell: CellSummary, cells: readonly CellSummary[]): Markup {
  const tail = PERCENTILES.findLast((name) => name !== "p50" && cell.latency[name].median !== null);
  const shown = tail === undefined ? (["p50", "max"] as const) : (["p50", tail] as const);
  const label = (name: (typeof shown)[number]) => (name === "max" ? "max" : PERCENTILE_LABEL[name]);
  const numbers = shown.map(
    (name) => html`<span><b>${latencyMs(cell.latency[name].median)}</b> <i>${label(name)}</i></span>`,
  );
  const highest = cells.at(-1)?.offeredPerSecond ?? null;
  const isHighest = cell.offeredPerSecond === highest;
  const others = cells.length < 2 ? "" : isHighest ? ", the highest rate" : `, the highest rate with a valid run`;
  return html`<p class="big">${numbers}</p>
<p>at <strong>${rate(cell.offeredPerSecond)}</strong> offered, ${rate(cell.achievedInputPerSecond)} achieved${others}${
    isHighest || highest === null ? null : ` (${shortRate(highest)} has none)`
  }</p>`;
}

function correctness(results: readonly RunResult[]): Markup {
  const sum = sumVerified(results);
  if (sum === null) return html`<p><span class="state invalid">not verified</span></p>`;
  const { expected, matched, lost, duplicate, wrong, unexpected, premature, outOfOrder } = sum;
  const replayed = duplicate > 0 && onlyReplays(results);
  const bad = lost + (replayed ? 0 : duplicate) + wrong + unexpected + premature + outOfOrder;
  const unchecked = results.filter(({ verified }) => verified === null).length;
  const [state, word] =
    bad > 0 ? ["failed", "wrong"] : unchecked > 0 || expected === 0 ? ["invalid", "in part"] : ["valid", "right"];
  return html`<p><span class="state ${state!}">${word!}</span> ${integer(matched)} of ${integer(expected)} outputs as expected${replayed ? html`, ${integer(duplicate)} of them twice (replayed after a fault)` : null}</p>`;
}
