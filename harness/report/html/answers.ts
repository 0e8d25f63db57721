import type { CellSummary } from "../../analyze/cell-summary.ts";
import type { RunResult } from "../../sweep/model.ts";
import {
  axisText,
  integer,
  onlyReplays,
  PERCENTILE_LABEL,
  PERCENTILES,
  type PercentileName,
  promisedView,
  rate,
  shortRate,
  sumVerified,
} from "../format.ts";
import { colourOf } from "../palette.ts";
import { faultAnswer } from "./fault-answer.ts";
import { lateness } from "./lateness.ts";
import { html, type Markup } from "./markup.ts";

/** The page in one glance, one card a query, or variant of it: what a fault did or else how late, at which rate, right or wrong. */
export function answers(allCells: readonly CellSummary[], all: readonly RunResult[]): Markup | null {
  // What only shows what something else costs is no answer, unless there is nothing else.
  const judged = all.filter(({ costBaseline }) => costBaseline !== true);
  const results = judged.length > 0 ? judged : all;
  const ids = new Set(results.map(({ run }) => run.cell.id));
  const cells = allCells.filter(({ cell }) => ids.has(cell.id));
  const byQuestion = Map.groupBy(results, ({ query, run }) => `${query} ${axisText(run.cell.axes.variant ?? "")}`);
  if (byQuestion.size === 0) return null;
  const cards = [...byQuestion.values()].map((ofCard) => {
    const [{ query, run }] = ofCard as [RunResult];
    const own = cells.filter(({ cell }) => ofCard.some((result) => result.run.cell.id === cell.id));
    const variant = run.cell.axes.variant;
    const title = variant === undefined ? query : `${query}, ${axisText(variant)}`;
    return { query, title, results: ofCard, cells: own, fastest: own.findLast(({ valid }) => valid > 0) };
  });
  const tail = commonTail(cards.flatMap(({ fastest }) => fastest ?? []));
  return html`<div class="answers">${cards.map((one) => card(one, tail))}</div>`;
}

interface Card {
  readonly query: string;
  /** The query, and the variant where there are several. */
  readonly title: string;
  readonly results: readonly RunResult[];
  readonly cells: readonly CellSummary[];
  /** At the highest rate with a valid run. */
  readonly fastest: CellSummary | undefined;
}

type Tail = PercentileName | "max";

/** The highest percentile that all cards have enough samples for, so that they can be compared. */
function commonTail(shown: readonly CellSummary[]): Tail {
  const has = (name: PercentileName) => shown.every(({ latency }) => latency[name].median !== null);
  return PERCENTILES.findLast((name) => name !== "p50" && has(name)) ?? "max";
}

function card({ query, title, results, cells, fastest }: Card, tail: Tail): Markup {
  const shown = fastest ?? cells.at(-1);
  // Cells that differ in what is broken are one answer: the worst of them.
  const struck = results.filter(
    ({ faults, offeredPerSecond }) => faults !== undefined && offeredPerSecond === shown?.offeredPerSecond,
  );
  const fault = faultAnswer(struck);
  const isOneCell = new Set(struck.map(({ run }) => run.cell.id)).size === 1;
  const numbers = fastest === undefined ? null : latencies(fastest, tail);
  const first =
    fault === null ? html`<p class="big">${numbers ?? html`<span class="soft">no valid run</span>`}</p>` : fault.text;
  const whole =
    fault !== null && numbers !== null && isOneCell
      ? html`Whole run <span class="run">${numbers[0]!}, ${numbers[1]!}</span>, `
      : null;
  return html`<section class="answer" style="border-top-color:${colourOf(query)}"><h2>${title} <span class="soft">${fault === null ? "latency from due time" : fault.title}</span></h2>
${first}
${fastest === undefined ? (fault === null ? null : html`<p class="soft">no valid run</p>`) : html`<p>${whole}${rates(fastest, cells)}</p>`}
${correctness(results)}</section>`;
}

function latencies(cell: CellSummary, tail: Tail): Markup[] {
  const label = (name: Tail) => (name === "max" ? "max" : PERCENTILE_LABEL[name]);
  return (["p50", tail] as const).map(
    (name) => html`<span><b>${lateness(cell.latency[name].median)}</b> <i>${label(name)}</i></span>`,
  );
}

function rates(cell: CellSummary, cells: readonly CellSummary[]): Markup {
  const highest = cells.at(-1)?.offeredPerSecond ?? null;
  const isHighest = cell.offeredPerSecond === highest;
  const others = cells.length < 2 ? "" : isHighest ? ", the highest rate" : `, the highest rate with a valid run`;
  return html`at <strong>${rate(cell.offeredPerSecond)}</strong> offered, ${rate(cell.achievedInputPerSecond)} achieved${others}${
    isHighest || highest === null ? null : ` (${shortRate(highest)} has none)`
  }`;
}

function correctness(results: readonly RunResult[]): Markup {
  const promised = results.map((result) => ({ verified: promisedView(result) }));
  const sum = sumVerified(promised);
  if (sum === null) return html`<p><span class="state invalid">not verified</span></p>`;
  const { expected, matched, lost, duplicate, wrong, unexpected, premature, outOfOrder } = sum;
  const replayed = duplicate > 0 && onlyReplays(results);
  const bad = lost + (replayed ? 0 : duplicate) + wrong + unexpected + premature + outOfOrder;
  const unchecked = promised.filter(({ verified }) => verified === null).length;
  const isPermitted = results.every(({ state }) => state !== "failed");
  if (results.every(({ costBaseline }) => costBaseline === true)) {
    return html`<p><span class="state invalid">not judged</span> ${integer(matched)} of ${integer(expected)} outputs as expected (replication.merge: none)</p>`;
  }
  const [state, word] =
    bad > 0
      ? isPermitted
        ? ["valid", "as promised"]
        : ["failed", "wrong"]
      : unchecked > 0 || expected === 0
        ? ["invalid", "in part"]
        : ["valid", "right"];
  const isCommitted = results.every(({ committed }) => committed !== undefined);
  const again = replayed ? html`, ${integer(duplicate)} of them twice (replayed after a fault)` : null;
  const missing =
    bad > 0 && isPermitted
      ? html`, ${integer(lost)} lost, ${integer(wrong + unexpected)} others (${[...new Set(results.map(({ guarantee }) => guarantee ?? ""))].join(", ")})`
      : null;
  return html`<p><span class="state ${state!}">${word!}</span> ${integer(matched)} of ${integer(expected)} ${isCommitted ? "committed " : ""}outputs as expected${again}${missing}</p>`;
}
