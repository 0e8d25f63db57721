import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { asFaultlineError } from "../../base/errors.ts";
import { latencyOverTimeFigure } from "../report/figures/latency-over-time.ts";
import { percentileFigure } from "../report/figures/percentiles.ts";
import { type Figure, inlineSvg, renderSvg } from "../report/figures/render.ts";
import { throughputLatencyFigure } from "../report/figures/throughput-latency.ts";
import { histogramLog } from "../report/histogram-log.ts";
import { type InlineFigure, reportPage } from "../report/html/page.ts";
import { resourcesCsv, runsCsv, seriesCsv, summaryCsv } from "../report/tables.ts";
import type { RunRecord, RunResult } from "../sweep/model.ts";
import { type AnalyzeOptions, analyzeRunFully, type RunAnalysis } from "./analyze-run.ts";
import { brokenResult } from "./broken-result.ts";
import { cellCurves } from "./cell-curve.ts";
import { compareResults, summarizeCells } from "./cell-summary.ts";
import { readAllRecords, readJson } from "./results-folder.ts";

export { type AnalyzeOptions, analyzeRun } from "./analyze-run.ts";

/** What `analyzeSweep` derives; removed before it writes. */
const DERIVED = ["runs.jsonl", "runs.csv", "resources.csv", "summary.csv", "series", "hist", "figures", "report.html"];

/**
 * Rebuilds everything derived of a results folder from `raw/` and `manifest.json`. Deterministic: no clock, no order of
 * directory entries, no process state gets into the files. Returns the results in the order of execution.
 * Throws `results-unreadable` when there is no manifest or a run's record is broken.
 */
export async function analyzeSweep(resultsDir: string, options: AnalyzeOptions = {}): Promise<RunResult[]> {
  const manifest = readJson(join(resultsDir, "manifest.json"));
  const outcomes = [];
  for (const record of readAllRecords(resultsDir)) outcomes.push(await analyzeRecord(resultsDir, record, options));
  const results = outcomes.map(({ result }) => result);
  const analyses = outcomes.flatMap(({ analysis }) => (analysis === null ? [] : [analysis]));
  const shown = [...analyses].sort((a, b) => compareResults(a.result, b.result));
  const cells = summarizeCells(results);

  for (const name of DERIVED) rmSync(join(resultsDir, name), { recursive: true, force: true });
  const write = (name: string, content: string) => writeWhole(join(resultsDir, name), content);
  write("runs.jsonl", results.map((result) => `${JSON.stringify(result)}\n`).join(""));
  write("runs.csv", runsCsv(results));
  write("resources.csv", resourcesCsv(results));
  write("summary.csv", summaryCsv(cells));
  for (const analysis of shown) {
    write(`series/${analysis.record.run.id}.csv`, seriesCsv(analysis));
    write(`hist/${analysis.record.run.id}.hlog`, histogramLog(analysis));
  }

  const inline = async (figure: Figure | null): Promise<InlineFigure | null> => {
    if (figure === null) return null;
    const svg = await renderSvg(figure);
    write(`figures/${figure.id}.svg`, svg);
    write(`figures/${figure.id}.csv`, figure.csv);
    const { title, caption, id } = figure;
    return { title, caption, svg: inlineSvg(svg, title), dataFile: `figures/${id}.csv` };
  };
  const figures = [await inline(percentileFigure(cellCurves(shown))), await inline(throughputLatencyFigure(cells))];
  const runFigures = new Map<string, InlineFigure>();
  for (const analysis of shown) {
    const figure = await inline(latencyOverTimeFigure(analysis));
    if (figure !== null) runFigures.set(analysis.record.run.id, figure);
  }
  const ordered = [...results].sort(compareResults);
  const present = figures.filter((figure) => figure !== null);
  write("report.html", reportPage({ manifest, analyses: shown, results: ordered, figures: present, runFigures }));
  return results;
}

/** A run that cannot be analysed stays in the tables, as failed. */
async function analyzeRecord(
  resultsDir: string,
  record: RunRecord,
  options: AnalyzeOptions,
): Promise<{ readonly result: RunResult; readonly analysis: RunAnalysis | null }> {
  try {
    const analysis = await analyzeRunFully(resultsDir, record.run.id, options);
    return { result: analysis.result, analysis };
  } catch (error) {
    return { result: brokenResult(record, asFaultlineError(error)), analysis: null };
  }
}

/** Readers see the old file or the new one whole. */
function writeWhole(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, content);
  renameSync(`${path}.tmp`, path);
}
