import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { benchLine } from "../../base/command-line.ts";
import { asFaultlineError, FaultlineError, systemCode } from "../../base/errors.ts";
import { runtimeFile } from "../measure/runtime-flags.ts";
import { machineFile } from "../measure/sampler.ts";
import { partSuffix } from "../sweep/feeders.ts";
import type { RunRecord, RunResult } from "../sweep/model.ts";
import { noResults } from "../sweep/no-results.ts";
import { asRunResult, refuseOtherVersion } from "../sweep/stored-shapes.ts";
import { taskLogFile } from "../sweep/task-watch.ts";

/** Where things are in a results folder (`docs/results.md`). */
export function runFiles(resultsDir: string, runId: string) {
  const raw = join(resultsDir, "raw", runId);
  return {
    raw,
    record: join(raw, "run.json"),
    observations: join(raw, "observations.bin"),
    engineLatency: join(raw, "engine-latency.bin"),
    resources: join(raw, "resources.jsonl"),
    runtime: runtimeFile(raw),
    machine: machineFile(raw),
    sampler: join(raw, "sampler.json"),
    unmatched: join(raw, "unmatched.jsonl"),
    planted: join(raw, "planted.json"),
    faults: join(raw, "faults.jsonl"),
    checkpoints: join(raw, "checkpoints.jsonl"),
    jobStates: join(raw, "job-states.jsonl"),
    tasks: taskLogFile(raw),
    losses: join(raw, "replica-losses.jsonl"),
  };
}

/** What the feeders of the main stream left, in their order. */
export function feederFiles(raw: string, feeders: number): { readonly sent: string[]; readonly lagLogs: string[] } {
  const parts = Array.from({ length: feeders }, (_, part) => partSuffix(part, feeders));
  return {
    sent: parts.map((suffix) => join(raw, `sent${suffix}.bin`)),
    lagLogs: parts.map((suffix) => join(raw, `generator-lag${suffix}.hlog`)),
  };
}

/** Throws `results-unreadable`. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "it is not valid JSON" : (systemCode(cause) ?? "");
    throw new FaultlineError("results-unreadable", `cannot read ${file}: ${why}`, {
      hint: "A results folder has a manifest.json and a raw/ folder with one run.json a run.",
      cause,
    });
  }
}

/** The manifest of a folder whose figures need little of it. Throws `results-unreadable`. */
export function readAnyManifest(resultsDir: string): unknown {
  const file = join(resultsDir, "manifest.json");
  if (!existsSync(file)) throw noResults(resultsDir);
  const manifest = readJson(file);
  refuseOtherVersion(manifest, file);
  return manifest;
}

export function readRunRecord(resultsDir: string, runId: string): RunRecord {
  const record = readJson(runFiles(resultsDir, runId).record) as Partial<RunRecord>;
  if (record.version !== 1 || record.run?.id !== runId) {
    throw new FaultlineError("results-unreadable", `raw/${runId}/run.json is not a version 1 record of that run`);
  }
  return record as RunRecord;
}

/** Lines of a JSON-lines file, [] when it does not exist. A torn last line (its writer was killed) is left out. */
export function readJsonLines<T>(file: string): T[] {
  if (!existsSync(file)) return [];
  const lines = readText(file).split("\n");
  lines.pop(); // behind the last line feed: empty, or torn
  return lines.map((line, i) => {
    try {
      return JSON.parse(line) as T;
    } catch (cause) {
      throw new FaultlineError("results-unreadable", `${file}: line ${i + 1} is no JSON`, {
        hint: "The file was cut or edited after it was written.",
        cause,
      });
    }
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const code = systemCode(cause);
    const why =
      code === "EISDIR" ? "it is a folder" : code === "EACCES" ? "this user may not" : asFaultlineError(cause).message;
    throw new FaultlineError("results-unreadable", `cannot read ${file}: ${why}`, { cause });
  }
}

/** `runs.jsonl`: the last line of every run, in the order of their first lines. Throws `results-unreadable`. */
export function readRunResults(resultsDir: string): RunResult[] {
  const file = join(resultsDir, "runs.jsonl");
  const lines = readJsonLines<unknown>(file);
  const results = lines.map((line, i) => asRunResult(line, `${file}: line ${i + 1}`, resultsDir));
  return [...new Map(results.map((result) => [result.run.id, result])).values()];
}

/** Records of all runs that ended, in the order of execution. */
export function readAllRecords(resultsDir: string): RunRecord[] {
  const raw = join(resultsDir, "raw");
  if (!existsSync(raw)) {
    throw new FaultlineError("results-unreadable", `${resultsDir} has no raw/ folder`, {
      hint: `Raw data were left out, or never here: ${benchLine`plot`}, compare and serve show what is stored without them.`,
    });
  }
  return readdirSync(raw)
    .filter((id) => existsSync(runFiles(resultsDir, id).record))
    .map((id) => readRunRecord(resultsDir, id))
    .sort((a, b) => a.run.order - b.run.order || (a.run.id < b.run.id ? -1 : 1));
}
