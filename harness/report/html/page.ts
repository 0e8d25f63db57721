import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import type { CapacityState } from "../../analyze/capacity/capacity.ts";
import type { CellSummary } from "../../analyze/cell-summary.ts";
import type { RunResult } from "../../sweep/model.ts";
import type { FigurePlace } from "../figures/figure.ts";
import { answers } from "./answers.ts";
import { capacitySection } from "./capacity.ts";
import { cellTable } from "./cell-table.ts";
import { contents } from "./contents.ts";
import { faultsSection } from "./faults.ts";
import { type InlineFigure, type PageFigures, pageFigures } from "./figures.ts";
import { cpuTable, headlineTable } from "./headline.ts";
import { figureColours } from "./inline-svg.ts";
import { html, type Markup } from "./markup.ts";
import { methodSection } from "./method.ts";
import { provenanceSection } from "./provenance.ts";
import { replicationSection } from "./replication.ts";
import { brokenDetails, leftOutDetails, runDetails } from "./run-details.ts";
import { contentPolicy, pageScript } from "./script.ts";
import { stabilityNote } from "./stability.ts";
import { STYLE } from "./style.ts";
import { thresholdsSection } from "./thresholds.ts";
import { verdictBox } from "./verdict-box.ts";

export interface Page {
  readonly manifest: unknown;
  /** In the order of the table. */
  readonly analyses: readonly RunAnalysis[];
  /** Results of all runs, those that could not be analysed included. */
  readonly results: readonly RunResult[];
  readonly cells: readonly CellSummary[];
  /** All that the page shows, each with its place, in the order of `FIGURES`. */
  readonly figures: readonly InlineFigure[];
  /** Of a folder of `bench capacity`. */
  readonly capacity?: CapacityState | null;
}

/** Details of runs together, characters: those of the rest are in the files beside the page. */
const MOST_DETAILS = 3_000_000;
/** From so many runs on the table of runs is folded where there is one of cells. */
const MANY_RUNS = 12;

/** `report.html`: one file, nothing fetched from anywhere, readable without scripts, on paper and on a phone. */
export function reportPage(page: Page): string {
  const { manifest, results } = page;
  const doubtful = new Set(results.filter(({ state }) => state !== "valid").map(({ run }) => run.id));
  const figures = pageFigures(page.figures, doubtful);
  const body = sections(page, figures);
  const name = html`${nameOf(manifest)}`;
  const script = pageScript();
  const { light, dark } = figureColours(figures.drawn.map(({ svg }) => svg));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name.text} · Faultline</title>
<style>${STYLE}:root{${light}}@media screen and (prefers-color-scheme:dark){:root{${dark}}}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header class="title">
<h1>${name.text}</h1>
<p class="lead">${html`${descriptionOf(manifest)}`.text}Latency of a stream processor, measured and verified by Faultline.</p>
</header>
${contents(body)?.text ?? ""}
${body.text}
<script>${script}</script>
</body>
</html>
`;
}

function sections({ manifest, analyses, results, cells, capacity }: Page, figures: PageFigures): Markup {
  const inSection = (section: FigurePlace["section"]) => figures.of((place) => place.section === section);
  const ofFault = (cell: string, fault: number) =>
    figures.of((place) => place.section === "fault" && place.cell === cell && place.fault === fault);
  const [overview, appendix] = [inSection("overview"), inSection("appendix")];
  const compared = {
    cells: cells.filter(({ cell }) => !cell.canary),
    results: results.filter(({ run }) => !run.cell.canary),
  };
  const queries = new Map(analyses.flatMap(({ query }) => (query === null ? [] : [[query.id, query] as const])));
  return html`<main id="main">
${capacity == null ? null : html`<h2 id="capacity">Capacity</h2>${capacitySection(capacity, inSection("capacity"))}`}
<h2 id="verdict">Verdict</h2>
${verdictBox(results)}
${answers(compared.cells, compared.results)}
${resultTables(compared.cells, compared.results)}
${stabilityNote(results)}
${faultsSection(results, inSection("recovery"), ofFault)}
${replicationSection(results)}
${capacity == null ? thresholdsSection(results) : null}
${overview.length === 0 ? null : html`<h2 id="figures">Figures</h2>${overview}`}
${cpuSection(results)}
<h2 id="runs">Runs</h2>
${figures.leftOut === null ? null : html`<p class="soft">${figures.leftOut}</p>`}
${allDetails(results, analyses, (run) => figures.of((place) => place.section === "run" && place.run === run))}
${appendix.length === 0 ? null : html`<h2 id="appendix">Appendix</h2>${appendix}`}
${methodSection([...queries.values()])}
${provenanceSection(manifest)}
</main>`;
}

/** One line a cell and, folded where there are many, one line a run. */
function resultTables(cells: readonly CellSummary[], results: readonly RunResult[]): Markup {
  const byCell = cellTable(cells);
  const byRun = headlineTable(results);
  const isFolded = byCell !== null && results.length > MANY_RUNS;
  return html`<h2 id="results">Results</h2>
${byCell}
${isFolded ? html`<details><summary>All ${results.length} runs one by one</summary><div>${byRun}</div></details>` : byRun}`;
}

function cpuSection(results: readonly RunResult[]): Markup | null {
  const cpu = cpuTable(results);
  return cpu === null ? null : html`<h2 id="cpu">Processor time</h2>${cpu}`;
}

/** Details of every run; beyond `MOST_DETAILS` those of doubtful runs only, or none. */
function allDetails(
  results: readonly RunResult[],
  analyses: readonly RunAnalysis[],
  figures: (run: string) => readonly Markup[],
): Markup {
  const byRun = new Map(analyses.map((analysis) => [analysis.result.run.id, analysis]));
  const made = new Map<string, Markup>();
  const isValid = ({ state }: RunResult) => Number(state === "valid");
  let left = MOST_DETAILS;
  for (const result of [...results].sort((a, b) => isValid(a) - isValid(b))) {
    const { id } = result.run;
    const analysis = byRun.get(id);
    const details = analysis === undefined ? brokenDetails(result) : runDetails(analysis, figures(id));
    left -= details.text.length;
    made.set(id, left >= 0 ? details : leftOutDetails(result));
  }
  return html`${results.map(({ run }) => made.get(run.id)!)}`;
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
