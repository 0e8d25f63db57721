import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify } from "../../../harness/services/process-identity.ts";
import { LIVE_FILE, type LiveRun, type LiveSnapshot } from "../../../harness/sweep/live-file.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import type { Manifest } from "../../../harness/sweep/store.ts";
import { campaignWith, recordedRuns, resultOf } from "../analyze/compare/recorded.ts";

export interface FolderOptions {
  readonly manifest?: Partial<Manifest>;
  /** So many of its 12 runs have ended. */
  readonly ended?: number;
  /** Everything takes so much longer. */
  readonly slower?: number;
  readonly report?: string;
}

/** A results folder with recorded runs, as a sweep leaves it. */
export function writeCampaign(directory: string, options: FolderOptions = {}): void {
  const { ended = 12, slower = 0, report = "<!doctype html><title>r</title>" } = options;
  const runs = recordedRuns().filter(({ campaign }) => campaign === 7);
  const of = campaignWith(
    runs.map((run, i) => resultOf(run, i, slower)),
    {},
  );
  const { manifest } = of;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "manifest.json"), JSON.stringify({ ...manifest, ...options.manifest }));
  writeResults(directory, of.results.slice(0, ended));
  if (report !== "") writeFileSync(join(directory, "report.html"), report);
}

export function writeResults(directory: string, results: readonly RunResult[]): void {
  writeFileSync(join(directory, "runs.jsonl"), results.map((result) => `${JSON.stringify(result)}\n`).join(""));
}

const POINT = { achievedPerSecond: 9_990, outputPerSecond: 9_900, lagP99Us: 700, p50Us: 2_100, p99Us: 5_200 };

export const LIVE_RUN: LiveRun = {
  ...POINT,
  id: "q0-r13",
  query: "q0",
  system: "bundled",
  phase: "feed",
  startedMs: 1_000_000,
  atMs: 1_010_000,
  offeredPerSecond: 10_000,
  faults: [{ text: "fault 1: kill worker/1 (pid 7)", atMs: 1_004_000 }],
  history: [
    { ...POINT, atMs: 1_009_000, offeredPerSecond: 10_000, p99Us: null },
    { ...POINT, atMs: 1_010_000, offeredPerSecond: 10_000 },
  ],
};

/** The progress of a sweep that this process runs, unless told otherwise. */
export function snapshot(changes: Partial<LiveSnapshot> = {}): LiveSnapshot {
  return {
    version: 1,
    process: identify(process.pid)!,
    writtenMs: 1_010_000,
    plannedRuns: 12,
    doneRuns: 4,
    etaMs: 154_000,
    notice: "warming Kafka",
    run: LIVE_RUN,
    ...changes,
  };
}

export function writeLive(directory: string, changes: Partial<LiveSnapshot> = {}): void {
  writeFileSync(join(directory, LIVE_FILE), JSON.stringify(snapshot(changes)));
}
