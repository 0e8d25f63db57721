import type { RunResult } from "../../sweep/model.ts";
import type { ThresholdResult } from "../../sweep/threshold-result.ts";
import { thresholdValue } from "../threshold-lines.ts";
import { html, type Markup, table } from "./markup.ts";

interface Row {
  readonly run: string;
  readonly threshold: ThresholdResult;
}

const VERDICT = {
  passed: { text: "holds", tone: "valid" },
  crossed: { text: "crossed", tone: "failed" },
  noData: { text: "no data", tone: "failed" },
  notJudged: { text: "not judged", tone: "invalid" },
} as const;

/** What the config asks of every run, and what came of it. Null where it asks nothing. */
export function thresholdsSection(results: readonly RunResult[]): Markup | null {
  const rows = results.flatMap(({ run, thresholds = [] }) =>
    thresholds.map((threshold): Row => ({ run: run.id, threshold })),
  );
  if (rows.length === 0) return null;
  return html`<h2 id="thresholds">Thresholds</h2>${table<Row>(
    [
      { title: "run", cell: ({ run }) => html`<a href="#run-${run}">${run}</a>` },
      { title: "threshold", cell: ({ threshold }) => html`<code>${threshold.text}</code>` },
      { title: "measured", numeric: true, cell: ({ threshold }) => thresholdValue(threshold) },
      { title: "verdict", cell: ({ threshold }) => verdict(threshold) },
    ],
    rows,
    "What the config asks of every run, over the measured window. No data counts as crossed.",
    ({ run }, index) => index > 0 && rows[index - 1]!.run !== run,
  )}`;
}

function verdict({ state, window, note }: ThresholdResult): Markup {
  const { text, tone } = VERDICT[state];
  const where = window === undefined ? [] : [`seconds ${window.fromSecond} to ${window.toSecond}`];
  const more = [...where, ...(note === undefined ? [] : [note])].join("; ");
  return html`<span class="state ${tone}">${text}</span>${more === "" ? null : html` <span class="small">${more}</span>`}`;
}
