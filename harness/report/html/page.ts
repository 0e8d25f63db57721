import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import type { CapacityState } from "../../analyze/capacity/capacity.ts";
import type { CellSummary } from "../../analyze/cell-summary.ts";
import type { RunResult } from "../../sweep/model.ts";
import { answers } from "./answers.ts";
import { capacitySection } from "./capacity.ts";
import { faultsSection } from "./faults.ts";
import { cpuTable, headlineTable } from "./headline.ts";
import { html, type Markup, raw } from "./markup.ts";
import { methodSection } from "./method.ts";
import { provenanceSection } from "./provenance.ts";
import { replicationSection } from "./replication.ts";
import { brokenDetails, runDetails } from "./run-details.ts";
import { STYLE } from "./style.ts";
import { thresholdsSection } from "./thresholds.ts";
import { verdictBox } from "./verdict-box.ts";

/** A figure as it stands in the page. */
export interface InlineFigure {
  readonly title: string;
  readonly caption: string;
  /** From `inlineSvg`. */
  readonly svg: string;
  /** Where its data are, relative to the page. */
  readonly dataFile: string;
}

export interface Page {
  readonly manifest: unknown;
  /** In the order of the table. */
  readonly analyses: readonly RunAnalysis[];
  /** Results of all runs, those that could not be analysed included. */
  readonly results: readonly RunResult[];
  readonly cells: readonly CellSummary[];
  readonly figures: readonly InlineFigure[];
  /** Of a folder of `bench capacity`, with its trace drawn. */
  readonly capacity?: { readonly state: CapacityState; readonly figure: InlineFigure | null } | null;
  /** Latency over time by run. */
  readonly runFigures: ReadonlyMap<string, InlineFigure>;
  /** Checkpoints by run. */
  readonly checkpointFigures?: ReadonlyMap<string, InlineFigure>;
  /** Recovery by fault: all faults of the page in one figure. */
  readonly recoveryFigure?: InlineFigure | null;
  /** Figures around the fault, by cell and index of the fault: `q5 0`. */
  readonly faultFigures?: ReadonlyMap<string, readonly InlineFigure[]>;
}

/** `report.html`: one file, nothing fetched from anywhere, readable without scripts, on paper and on a phone. */
export function reportPage(page: Page): string {
  const { manifest, analyses, results, cells, figures, runFigures, faultFigures, checkpointFigures, capacity } = page;
  const recovery = page.recoveryFigure == null ? null : figureMarkup(page.recoveryFigure);
  const byRun = new Map(analyses.map((analysis) => [analysis.result.run.id, analysis]));
  const name = nameOf(manifest);
  const queries = new Map(analyses.flatMap(({ query }) => (query === null ? [] : [[query.id, query] as const])));
  const body = html`<main>
<h1>${name}</h1>
<p class="lead">${descriptionOf(manifest)}Latency of a stream processor, measured and verified by Faultline.</p>
${capacity == null ? null : capacitySection(capacity.state, capacity.figure === null ? null : figureMarkup(capacity.figure))}
${verdictBox(results)}
${answers(cells, results)}
${headlineTable(results)}
${faultsSection(results, recovery, (cell, index) => (faultFigures?.get(`${cell} ${index}`) ?? []).map(figureMarkup))}
${replicationSection(results)}
${capacity == null ? thresholdsSection(results) : null}
${cpuTable(results)}
${figures.length === 0 ? null : html`<h2 id="figures">Figures</h2>${figures.map(figureMarkup)}`}
<h2 id="runs">Runs</h2>
${results.map((result) => {
  const analysis = byRun.get(result.run.id);
  if (analysis === undefined) return brokenDetails(result);
  const figure = runFigures.get(result.run.id);
  const ofCheckpoints = checkpointFigures?.get(result.run.id);
  const drawn = (one: InlineFigure | undefined) => (one === undefined ? null : figureMarkup(one));
  return runDetails(analysis, drawn(figure), drawn(ofCheckpoints));
})}
${methodSection([...queries.values()])}
${provenanceSection(manifest)}
</main>`;
  const title = html`${name}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title.text} · Faultline</title>
<style>${STYLE}</style>
</head>
<body>
${body.text}
</body>
</html>
`;
}

function figureMarkup({ title, caption, svg, dataFile }: InlineFigure): Markup {
  return html`<figure><h3>${title}</h3>${raw(svg)}<figcaption>${caption} Data: <a href="${dataFile}">${dataFile}</a></figcaption></figure>`;
}

function nameOf(manifest: unknown): string {
  const found = typeof manifest === "object" && manifest !== null && "name" in manifest ? manifest.name : undefined;
  return typeof found === "string" && found !== "" ? found : "Benchmark report";
}

function descriptionOf(manifest: unknown): string {
  if (typeof manifest !== "object" || manifest === null || !("config" in manifest)) return "";
  const { config } = manifest;
  if (typeof config !== "object" || config === null || !("description" in config)) return "";
  return typeof config.description === "string" && config.description !== "" ? `${config.description} ` : "";
}
