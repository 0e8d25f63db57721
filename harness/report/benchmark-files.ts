import { cellMetrics } from "../analyze/cell-metrics.ts";
import type { RunResult } from "../sweep/model.ts";
import type { Manifest } from "../sweep/store.ts";
import { bencherJson } from "./bencher.ts";
import { githubBenchmarkJson } from "./github-benchmark.ts";
import { historyCsv } from "./history.ts";

/** Name → content of the files that other tools keep histories of benchmarks from. Of valid runs only. */
export function benchmarkFiles(
  manifest: Partial<Manifest>,
  results: readonly RunResult[],
): ReadonlyMap<string, string> {
  const metrics = cellMetrics(results);
  const name = manifest.name ?? "campaign";
  return new Map([
    ["github-benchmark.json", githubBenchmarkJson(name, metrics)],
    ["bencher.json", bencherJson(name, metrics)],
    ["history.csv", historyCsv(manifest, metrics)],
  ]);
}
