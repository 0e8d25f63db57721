import { availableParallelism } from "node:os";
import { monotonicUs } from "../../base/clock.ts";
import { FaultlineError } from "../../base/errors.ts";
import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { findQuery, queryIds } from "../../queries/registry.ts";
import type { Io } from "../cli/io.ts";
import { type CampaignProgress, runCampaign } from "./campaign.ts";
import { MIN_SEEDS_FOR_COVERAGE, missingCoverage } from "./coverage.ts";
import { ProgressLine } from "./progress-line.ts";
import { failureText, progressText, replayCommand, speedOf, summaryText } from "./report.ts";
import { canBeReplicated, drawMode, PLAIN, type RunMode } from "./run-mode.ts";
import { runSeed } from "./run-seed.ts";
import { campaignHash, type FailedSeed, type TracedSeed } from "./tally.ts";

export interface SimulateOptions {
  /** Default: plain. */
  readonly mode?: RunMode;
  /** Ids; [] means all. */
  readonly queries: readonly string[];
  readonly from: number;
  readonly seeds?: number;
  readonly forMs?: number;
  readonly threads?: number;
  readonly trace: boolean;
  readonly json: boolean;
}

const DEFAULT_SEEDS = 100;
/** Lines of a failed seed's trace that are printed. */
const TAIL_LINES = 60;
/** Hashes of single runs are printed up to so many. */
const MAX_HASHES = 200;

/** What `bench simulate` does. Exit code 4 when a seed fails or a situation is never met. `campaign`: who runs the seeds. */
export async function simulate(options: SimulateOptions, io: Io, campaign = runCampaign): Promise<ExitCode> {
  const { mode = PLAIN } = options;
  if (mode.kind === "replicated" && !options.queries.every(canBeReplicated)) {
    throw new FaultlineError("usage", "BetterCloud's rows tell the clock: replicas would not agree");
  }
  const queries = (options.queries.length === 0 ? queryIds() : options.queries).map(findQuery);
  const seeds = options.seeds ?? (options.forMs === undefined ? DEFAULT_SEEDS : Number.POSITIVE_INFINITY);
  if (options.trace && !options.json && seeds === 1 && queries.length === 1) {
    return traceOne(queries[0]!.id, options.from, mode, io);
  }
  const forMs = options.forMs ?? Number.POSITIVE_INFINITY;
  const line = new ProgressLine(io.stderr, monotonicUs);
  const stop = new AbortController();
  let interrupted: ExitCode | null = null;
  const unsubscribe = io.onSignal((signal) => {
    const code = signal === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
    if (interrupted !== null) io.exitNow(code);
    interrupted = code;
    stop.abort();
  });
  const cpuBefore = process.cpuUsage();
  try {
    const progress = await campaign({
      mode,
      queries: queries.map(({ id }) => id),
      from: options.from,
      seeds,
      forMs,
      threads: options.threads ?? availableParallelism(),
      clockUs: monotonicUs,
      signal: stop.signal,
      onProgress: (now) => line.show(() => progressText(now, { seeds, forMs })),
    });
    line.close();
    const { user, system } = process.cpuUsage(cpuBefore);
    const code = await report(progress, (user + system) / 1000, queries, options, io);
    return interrupted ?? code;
  } finally {
    line.close();
    unsubscribe();
  }
}

async function report(
  progress: CampaignProgress,
  cpuMs: number,
  queries: readonly QueryDefinition[],
  options: SimulateOptions,
  io: Io,
): Promise<ExitCode> {
  const { tally } = progress;
  const missing = progress.seeds < MIN_SEEDS_FOR_COVERAGE ? [] : await missingCoverage(queries, tally, options.mode);
  const ok = tally.failed.length === 0 && missing.length === 0;
  if (options.json) {
    const failed = tally.failed.map((one) => ({ ...one, replay: replayCommand(one, options.mode) }));
    const { traces, failed: _, hash: __, ...sums } = tally;
    const hashes = options.trace ? { traces: inOrder(traces) } : {};
    const facts = { ok, seeds: progress.seeds, elapsedMs: Math.round(progress.elapsedMs), cpuMs: Math.round(cpuMs) };
    const result = {
      ...facts,
      ...speedOf(progress, cpuMs),
      hash: campaignHash(tally),
      ...sums,
      missing,
      failed,
      ...hashes,
    };
    io.stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    if (options.trace) for (const one of inOrder(tally.traces).slice(0, MAX_HASHES)) io.stdout.write(hashLine(one));
    io.stdout.write(summaryText(progress, cpuMs));
  }
  if (tally.failed.length > 0) await explain(tally.failed, options.mode ?? PLAIN, io);
  if (missing.length > 0) io.stderr.write(`never met under ${progress.seeds} seeds: ${missing.join(", ")}\n`);
  return ok ? EXIT.ok : EXIT.runFailed;
}

function inOrder(traces: readonly TracedSeed[]): readonly TracedSeed[] {
  return traces.toSorted((a, b) => a.seed - b.seed);
}

/** Runs the first failed seed again, this time with a detailed trace, and names the others. */
async function explain(failed: readonly FailedSeed[], mode: RunMode, io: Io): Promise<void> {
  const [first, ...others] = failed;
  const run = drawMode(mode, first!.query, first!.seed);
  const again = await runSeed(run, { trace: { keep: TAIL_LINES, detailed: true } });
  for (const other of others)
    io.stderr.write(`seed ${other.seed} of ${other.query} failed too: ${replayCommand(other, mode)}\n`);
  io.stderr.write(failureText(run, again, mode));
}

/** One run, event by event on stdout. */
async function traceOne(query: string, seed: number, mode: RunMode, io: Io): Promise<ExitCode> {
  const lines: string[] = [];
  const run = drawMode(mode, query, seed);
  const result = await runSeed(run, {
    trace: { keep: TAIL_LINES, detailed: true, onLine: (line) => lines.push(line) },
  });
  const text = [...lines, hashLine(result)].join("\n");
  io.stdout.write(text);
  if (result.problem === null) return EXIT.ok;
  io.stderr.write(failureText(run, { ...result, traceTail: [] }, mode));
  return EXIT.runFailed;
}

function hashLine({ query, seed, traceHash }: { query: string; seed: number; traceHash: string }): string {
  return `${traceHash}  ${query} seed ${seed}\n`;
}
