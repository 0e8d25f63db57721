import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { benchmarkFiles } from "../report/benchmark-files.ts";
import { capacityCsv, capacityJson } from "../report/capacity-table.ts";
import { checkpointsCsv, checkpointTasksCsv } from "../report/checkpoint-tables.ts";
import { faultsCsv, faultsJsonLines } from "../report/fault-table.ts";
import { drawFigure } from "../report/figures/render.ts";
import { svgDocument } from "../report/figures/svg-document.ts";
import { figuresOf } from "../report/figures/table.ts";
import { histogramLog } from "../report/histogram-log.ts";
import { type InlineFigure, inlineFigure } from "../report/html/figures.ts";
import { reportPage } from "../report/html/page.ts";
import { latenciesCsv } from "../report/latencies.ts";
import { recoveryCsv } from "../report/recovery-table.ts";
import { mergeWaitsCsv, replicationCsv, replicationSeriesCsv } from "../report/replication-tables.ts";
import { committedSeriesCsv, seriesCsv } from "../report/series-table.ts";
import { resourcesCsv, runsCsv, summaryCsv } from "../report/tables.ts";
import { taskSeriesCsv } from "../report/task-table.ts";
import { makeDirectory, writeAtomically } from "../sweep/files.ts";
import type { RunResult } from "../sweep/model.ts";
import type { AnalyzeOptions } from "./analyze-run.ts";
import { analyzedCampaign } from "./stored-campaign.ts";

export { type AnalyzeOptions, analyzeRun } from "./analyze-run.ts";

/** Folders that `analyzeSweep` fills: what an earlier one left there and this one has not written is removed. */
const DERIVED_FOLDERS = ["series", "hist", "figures", "latencies"];

/**
 * Rebuilds everything derived of a results folder from `raw/` and `manifest.json`. Deterministic: no clock, no order of
 * directory entries, no process state gets into the files. Every file is replaced as a whole, so that a crash or a full disk in the
 * middle loses nothing. Returns the results in the order of execution. Throws `results-unreadable` when there is no manifest or a
 * run's record is broken, `disk-full` and `output-unwritable`.
 */
export async function analyzeSweep(resultsDir: string, options: AnalyzeOptions = {}): Promise<RunResult[]> {
  const campaign = await analyzedCampaign(resultsDir, options);
  const { manifest, executed: results, analyses: shown, cells, results: ordered, capacity } = campaign;

  const written = new Set<string>();
  const write = async (name: string, content: string) => {
    const path = join(resultsDir, name);
    await makeDirectory(dirname(path));
    await writeAtomically(path, content);
    written.add(name);
  };
  await write("runs.jsonl", campaign.lines);
  await write("runs.csv", runsCsv(results));
  await write("resources.csv", resourcesCsv(results));
  await write("summary.csv", summaryCsv(cells));
  if (capacity !== null) {
    await write("capacity.json", capacityJson(capacity));
    await write("capacity.csv", capacityCsv(capacity));
  } else {
    // A search has a rate a run: nothing that a history could go on with.
    for (const [name, content] of benchmarkFiles(manifest, results)) await write(name, content);
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
    const { taskSteps } = analysis;
    if (taskSteps.length > 0) await write(`series/${record.run.id}.tasks.csv`, taskSeriesCsv(taskSteps));
    await write(`hist/${analysis.record.run.id}.hlog`, histogramLog(analysis));
    const { stamped } = analysis;
    if (stamped.length > 0) await write(`latencies/${analysis.record.run.id}.csv`, latenciesCsv(stamped));
  }

  const figures: InlineFigure[] = [];
  for (const { figure, place } of figuresOf(campaign)) {
    const { id } = figure;
    const drawn = await drawFigure(figure);
    await write(`figures/${id}.svg`, svgDocument(drawn.svg, figure, campaign.hash));
    await write(`figures/${id}.csv`, figure.csv);
    figures.push(inlineFigure(figure, place, drawn));
  }
  const page = { capacity, manifest, analyses: shown, results: ordered, cells, figures };
  await write("report.html", reportPage(page));
  removeLeftovers(resultsDir, written);
  return [...results];
}

function removeLeftovers(resultsDir: string, written: ReadonlySet<string>): void {
  for (const folder of DERIVED_FOLDERS) {
    if (!existsSync(join(resultsDir, folder))) continue;
    for (const name of readdirSync(join(resultsDir, folder))) {
      if (!written.has(`${folder}/${name}`)) rmSync(join(resultsDir, folder, name), { recursive: true, force: true });
    }
  }
}
