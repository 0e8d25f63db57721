import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { asFaultlineError } from "../../base/errors.ts";
import type { Campaign } from "../report/figures/figure.ts";
import type { RunRecord, RunResult } from "../sweep/model.ts";
import type { Manifest } from "../sweep/store.ts";
import { type AnalyzeOptions, analyzeRunFully, type RunAnalysis } from "./analyze-run.ts";
import { brokenResult } from "./broken-result.ts";
import { storedCapacity } from "./capacity/capacity.ts";
import { compareResults, summarizeCells } from "./cell-summary.ts";
import { readAllRecords, readAnyManifest, readRunResults } from "./results-folder.ts";

/** A results folder, read and judged. */
export interface StoredCampaign extends Campaign {
  /** Results in the order of execution. */
  readonly executed: readonly RunResult[];
  /** `runs.jsonl` of these results. */
  readonly lines: string;
  /** SHA-256 of `manifest.json` followed by `runs.jsonl`: two folders that tell the same have the same. */
  readonly hash: string;
}

/** Judges every run of a results folder anew from `raw/`. Throws `results-unreadable` when there is no manifest or a run's record is broken. */
export async function analyzedCampaign(resultsDir: string, options: AnalyzeOptions = {}): Promise<StoredCampaign> {
  const manifest = readAnyManifest(resultsDir);
  const outcomes = [];
  for (const record of readAllRecords(resultsDir)) outcomes.push(await analyzeRecord(resultsDir, record, options));
  const analyses = outcomes.flatMap(({ analysis }) => (analysis === null ? [] : [analysis]));
  return campaignOf(
    resultsDir,
    manifest,
    outcomes.map(({ result }) => result),
    analyses,
  );
}

/**
 * The same of a folder whose `raw/` may be gone, as published results are: then the results are those of `runs.jsonl`, and nothing is known
 * of what lies behind them. Writes nothing.
 */
export async function storedCampaign(resultsDir: string): Promise<StoredCampaign> {
  return existsSync(join(resultsDir, "raw")) ? analyzedCampaign(resultsDir) : storedResults(resultsDir);
}

/**
 * The results as they were judged when the runs ended, or by the last analysis; nothing of what lies behind them. Takes no time, but where
 * only `raw/` is there: runs are judged then.
 */
export async function storedResults(resultsDir: string): Promise<StoredCampaign> {
  const has = (name: string) => existsSync(join(resultsDir, name));
  if (!has("runs.jsonl") && has("raw")) return analyzedCampaign(resultsDir);
  const manifest = readAnyManifest(resultsDir);
  return campaignOf(resultsDir, manifest, readRunResults(resultsDir), []);
}

function campaignOf(
  resultsDir: string,
  manifest: unknown,
  executed: readonly RunResult[],
  analyses: readonly RunAnalysis[],
): StoredCampaign {
  const lines = executed.map((result) => `${JSON.stringify(result)}\n`).join("");
  const stored = readFileSync(join(resultsDir, "manifest.json"));
  return {
    manifest: manifest as Partial<Manifest>,
    executed,
    lines,
    hash: createHash("sha256").update(stored).update(lines).digest("hex"),
    results: [...executed].sort(compareResults),
    analyses: [...analyses].sort((a, b) => compareResults(a.result, b.result)),
    cells: summarizeCells(executed),
    capacity: storedCapacity(manifest, executed),
  };
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
