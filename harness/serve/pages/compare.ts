import { benchLine } from "../../../base/command-line.ts";
import type { Comparison } from "../../analyze/compare/comparison.ts";
import { DIFFERENCE_KINDS, type Difference } from "../../analyze/compare/differences.ts";
import { outcomeOf } from "../../analyze/compare/outcome.ts";
import { differenceLines, notMeasuredLines } from "../../cli/comparison/difference-words.ts";
import {
  countWords,
  HEADING,
  methodWords,
  metricWords,
  rowWords,
  sideWords,
  verdictTone,
} from "../../cli/comparison/words.ts";
import { html, type Markup, table } from "../../report/html/markup.ts";
import { dateText, page } from "./layout.ts";

/** What was asked for: operands as `bench compare` takes them, below the served folder. */
export interface CompareQuestion {
  readonly a: string;
  readonly b: string;
  readonly allowed: readonly string[];
  readonly paired: boolean;
}

export type CompareAnswer =
  | { readonly kind: "none" }
  | { readonly kind: "comparison"; readonly comparison: Comparison }
  | {
      readonly kind: "refused";
      readonly message: string;
      readonly hint: string;
      readonly differences: readonly Difference[];
    };

export interface Choice {
  readonly path: string;
  readonly name: string;
  readonly createdAt: string;
}

/** Two campaigns against each other, in the words of `bench compare`. */
export function comparePage(
  question: CompareQuestion,
  answer: CompareAnswer,
  choices: readonly Choice[],
  folder: string,
): string {
  const body = html`<h1>Compare</h1>
<p class="lead">Is B worse than A? As <code>${benchLine`compare A B`}</code> answers it.</p>
${form(question, choices)}
${answer.kind === "comparison" ? comparisonMarkup(answer.comparison) : null}
${answer.kind === "refused" ? refusal(answer) : null}`;
  const title = answer.kind === "none" ? "Compare" : `${question.a} against ${question.b}`;
  return page({ title, folder, here: "compare" }, body);
}

function form({ a, b, allowed, paired }: CompareQuestion, choices: readonly Choice[]): Markup {
  const side = (name: string, value: string, text: string) => html`<label>${text}
<input type="text" name="${name}" value="${value}" list="campaigns" required autocomplete="off" placeholder="folder, or folder@axis=value"></label>`;
  const check = (name: string, value: string, isSet: boolean, text: string) =>
    html`<label class="check"><input type="checkbox" name="${name}" value="${value}"${isSet ? html` checked` : null}> ${text}</label>`;
  return html`<form class="row" action="/compare" method="get">
${side("a", a, "A, before")}
${side("b", b, "B, after")}
<button type="submit">Compare</button>
<fieldset><legend>They may differ in</legend>${DIFFERENCE_KINDS.map((kind) => check("allow", kind, allowed.includes(kind), kind))}</fieldset>
<fieldset><legend>Order</legend>${check("paired", "1", paired, "runs of A and B took turns, block by block")}</fieldset>
<datalist id="campaigns">${choices.map(({ path, name, createdAt }) => html`<option value="${path}">${name}, ${dateText(createdAt)}</option>`)}</datalist>
</form>`;
}

function refusal({ message, hint, differences }: Extract<CompareAnswer, { kind: "refused" }>): Markup {
  if (differences.length === 0)
    return html`<div class="verdict failed"><p><strong>${message}</strong></p><p>${hint}</p></div>`;
  return html`<div class="verdict invalid"><p><strong>These campaigns are not alike</strong></p>
<ul>${differenceLines(differences).map((line) => html`<li>${line}</li>`)}</ul>
<p>If that is what you want to compare, tick ${[...new Set(differences.map(({ kind }) => kind))].join(", ")} above.</p></div>`;
}

const OUTCOME_CLASS = { regression: "failed", "no regression": "valid", "cannot tell": "invalid" } as const;

function comparisonMarkup(comparison: Comparison): Markup {
  const { a, b, counts, rows, differences, broken, notMeasured } = comparison;
  const { verdict, reasons } = outcomeOf(comparison);
  return html`<div class="verdict ${OUTCOME_CLASS[verdict]}"><p><strong>${verdict}</strong>${reasons.length === 0 ? null : `: ${reasons.join("; ")}`}</p></div>
<dl><dt>A</dt><dd>${sideWords(a.campaign, { axes: a.chosen })}: ${countWords(counts.a)}</dd>
<dt>B</dt><dd>${sideWords(b.campaign, { axes: b.chosen })}: ${countWords(counts.b)}</dd></dl>
${lines([
  ...differenceLines(differences).map((line) => `allowed difference, ${line}`),
  ...broken.map((cell) => `${cell}: B broke its guarantee, A did not`),
  ...notMeasuredLines(notMeasured),
])}
${rows.length === 0 ? null : comparisonTable(comparison)}`;
}

function lines(texts: readonly string[]): Markup | null {
  return texts.length === 0 ? null : html`<ul>${texts.map((text) => html`<li>${text}</li>`)}</ul>`;
}

function comparisonTable(comparison: Comparison): Markup {
  const shown = comparison.rows.map((row) => ({ words: rowWords(row), tone: verdictTone(row.verdict) }));
  const last = HEADING.length - 1;
  const columns = HEADING.map((title, i) => ({
    title,
    numeric: i > 1 && i < last,
    cell: ({ words, tone }: (typeof shown)[number]) =>
      i === last ? html`<span class="judged tone-${tone}">${words[i]!}</span>` : words[i]!,
  }));
  return html`${table(columns, shown, methodWords(comparison))}<p class="soft">${metricWords(comparison.rows)}</p>`;
}
