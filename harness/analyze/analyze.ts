import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { asFaultlineError } from "../../base/errors.ts";
import { capacityCsv, capacityJson } from "../report/capacity-table.ts";
import { checkpointsCsv, checkpointTasksCsv } from "../report/checkpoint-tables.ts";
import { faultsCsv, faultsJsonLines } from "../report/fault-table.ts";
import { capacityTraceFigure } from "../report/figures/capacity-trace.ts";
import { checkpointIntervalFigure } from "../report/figures/checkpoint-interval.ts";
import { checkpointsFigure } from "../report/figures/checkpoints.ts";
import { latencyAroundFaultFigure } from "../report/figures/latency-around-fault.ts";
import { latencyOverTimeFigure } from "../report/figures/latency-over-time.ts";
import { overheadFigure } from "../report/figures/overhead.ts";
import { percentileFigure } from "../report/figures/percentiles.ts";
import { recoveryFigure } from "../report/figures/recovery.ts";
import { type Figure, inlineSvg, renderSvg } from "../report/figures/render.ts";
import { throughputAroundFaultFigure } from "../report/figures/throughput-around-fault.ts";
import { throughputLatencyFigure } from "../report/figures/throughput-latency.ts";
import { histogramLog } from "../report/histogram-log.ts";
import { type InlineFigure, reportPage } from "../report/html/page.ts";
import { latenciesCsv } from "../report/latencies.ts";
import { recoveryCsv } from "../report/recovery-table.ts";
import { mergeWaitsCsv, replicationCsv, replicationSeriesCsv } from "../report/replication-tables.ts";
import { committedSeriesCsv, resourcesCsv, runsCsv, seriesCsv, summaryCsv } from "../report/tables.ts";
import { makeDirectory, writeAtomically } from "../sweep/files.ts";
import type { RunRecord, RunResult } from "../sweep/model.ts";
import { type AnalyzeOptions, analyzeRunFully, type RunAnalysis } from "./analyze-run.ts";
import { brokenResult } from "./broken-result.ts";
import { storedCapacity } from "./capacity/capacity.ts";
import { cellCurves } from "./cell-curve.ts";
import { compareResults, summarizeCells } from "./cell-summary.ts";
import { readAllRecords, readJson } from "./results-folder.ts";

export { type AnalyzeOptions, analyzeRun } from "./analyze-run.ts";

/** Faults of a cell that have figures of their own; all are in the tables. */
const MOST_DRAWN = 6;
/** Folders that `analyzeSweep` fills: what an earlier one left there and this one has not written is removed. */
const DERIVED_FOLDERS = ["series", "hist", "figures", "latencies"];

/**
 * Rebuilds everything derived of a results folder from `raw/` and `manifest.json`. Deterministic: no clock, no order of
 * directory entries, no process state gets into the files. Every file is replaced as a whole, so that a crash or a full disk in the
 * middle loses nothing. Returns the results in the order of execution. Throws `results-unreadable` when there is no manifest or a
 * run's record is broken, `disk-full` and `output-unwritable`.
 */
export async function analyzeSweep(resultsDir: string, options: AnalyzeOptions = {}): Promise<RunResult[]> {
  const manifest = readJson(join(resultsDir, "manifest.json"));
  const outcomes = [];
  for (const record of readAllRecords(resultsDir)) outcomes.push(await analyzeRecord(resultsDir, record, options));
  const results = outcomes.map(({ result }) => result);
  const analyses = outcomes.flatMap(({ analysis }) => (analysis === null ? [] : [analysis]));
  const shown = [...analyses].sort((a, b) => compareResults(a.result, b.result));
  const cells = summarizeCells(results);
  const ordered = [...results].sort(compareResults);

  const written = new Set<string>();
  const write = async (name: string, content: string) => {
    const path = join(resultsDir, name);
    await makeDirectory(dirname(path));
    await writeAtomically(path, content);
    written.add(name);
  };
  await write("runs.jsonl", results.map((result) => `${JSON.stringify(result)}\n`).join(""));
  await write("runs.csv", runsCsv(results));
  await write("resources.csv", resourcesCsv(results));
  await write("summary.csv", summaryCsv(cells));
  const capacity = storedCapacity(manifest, results);
  if (capacity !== null) {
    await write("capacity.json", capacityJson(capacity));
    await write("capacity.csv", capacityCsv(capacity));
  }
  if (results.some(({ faults }) => faults !== undefined)) {
    await write("faults.jsonl", faultsJsonLines(results));
    await write("faults.csv", faultsCsv(results));
    await write("recovery.csv", recoveryCsv(results));
  }
  const replicated = shown.flatMap(({ record, replication }) => {
    return replication === null ? [] : [{ run: record.run.id, replication }];
  });
  if (replicated.length > 0) await write("replication.csv", replicationCsv(replicated));
  for (const { run, replication } of replicated) {
    await write(`series/${run}.replication.csv`, replicationSeriesCsv(replication));
    await write(`series/${run}.merge-waits.csv`, mergeWaitsCsv(replication));
  }
  for (const analysis of shown) {
    await write(`series/${analysis.record.run.id}.csv`, seriesCsv(analysis));
    const committed = committedSeriesCsv(analysis);
    if (committed !== null) await write(`series/${analysis.record.run.id}.committed.csv`, committed);
    const { checkpoints, record } = analysis;
    if (checkpoints.length > 0) {
      await write(`series/${record.run.id}.checkpoints.csv`, checkpointsCsv(checkpoints, record.startUs));
      await write(`series/${record.run.id}.checkpoint-tasks.csv`, checkpointTasksCsv(checkpoints, record.startUs));
    }
    await write(`hist/${analysis.record.run.id}.hlog`, histogramLog(analysis));
    const { stamped } = analysis;
    if (stamped.length > 0) await write(`latencies/${analysis.record.run.id}.csv`, latenciesCsv(stamped));
  }

  const inline = async (figure: Figure | null): Promise<InlineFigure | null> => {
    if (figure === null) return null;
    const svg = await renderSvg(figure);
    await write(`figures/${figure.id}.svg`, svg);
    await write(`figures/${figure.id}.csv`, figure.csv);
    const { title, caption, id } = figure;
    return { title, caption, svg: inlineSvg(svg, title), dataFile: `figures/${id}.csv` };
  };
  const figures = [
    await inline(percentileFigure(cellCurves(shown))),
    await inline(throughputLatencyFigure(cells)),
    await inline(checkpointIntervalFigure(ordered)),
    await inline(overheadFigure(ordered)),
  ];
  const checkpointFigures = new Map<string, InlineFigure>();
  const runFigures = new Map<string, InlineFigure>();
  const faultFigures = new Map<string, readonly InlineFigure[]>();
  for (const analysis of shown) {
    const figure = await inline(latencyOverTimeFigure(analysis));
    if (figure !== null) runFigures.set(analysis.record.run.id, figure);
    const ofCheckpoints = await inline(checkpointsFigure(analysis));
    if (ofCheckpoints !== null) checkpointFigures.set(analysis.record.run.id, ofCheckpoints);
  }
  for (const [cell, ofCell] of Map.groupBy(shown, ({ record }) => record.run.cell.id)) {
    const faults = Math.min(MOST_DRAWN, Math.max(...ofCell.map(({ faultSeries }) => faultSeries.length)));
    for (let index = 0; index < faults; index++) {
      const latency = await inline(latencyAroundFaultFigure(ofCell, index));
      const throughput = await inline(throughputAroundFaultFigure(ofCell, index));
      faultFigures.set(
        `${cell} ${index}`,
        [latency, throughput].filter((figure) => figure !== null),
      );
    }
  }
  const present = figures.filter((figure) => figure !== null);
  const recovery = await inline(recoveryFigure(ordered));
  const ofRuns = { runFigures, faultFigures, checkpointFigures, recoveryFigure: recovery };
  const search = capacity === null ? null : { state: capacity, figure: await inline(capacityTraceFigure(capacity)) };
  const page = { capacity: search, manifest, analyses: shown, results: ordered, cells, figures: present, ...ofRuns };
  await write("report.html", reportPage(page));
  removeLeftovers(resultsDir, written);
  return results;
}

function removeLeftovers(resultsDir: string, written: ReadonlySet<string>): void {
  for (const folder of DERIVED_FOLDERS) {
    if (!existsSync(join(resultsDir, folder))) continue;
    for (const name of readdirSync(join(resultsDir, folder))) {
      if (!written.has(`${folder}/${name}`)) rmSync(join(resultsDir, folder, name), { recursive: true, force: true });
    }
  }
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
