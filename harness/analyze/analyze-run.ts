import { existsSync } from "node:fs";
import { asFaultlineError } from "../../base/errors.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { findQuery } from "../../queries/registry.ts";
import { readEngineStamps } from "../measure/engine-latency-log.ts";
import type { IntervalHistogram } from "../measure/interval-histograms.ts";
import { type FrozenHistogram, MIN_SAMPLES, NO_LATENCY } from "../measure/latency-histogram.ts";
import type { SamplerCost } from "../measure/sampler.ts";
import type { LatencySummary, Reason, ResourceSample, RunRecord, RunResult } from "../sweep/model.ts";
import { comparisonOf, finalRowsNote } from "../verify/comparison.ts";
import type { Example } from "../verify/examples.ts";
import { checkRun, type FetchUnmatched } from "./check-run.ts";
import type { FaultSeries } from "./faults/fault-recorder.ts";
import { RunFaults } from "./faults/run-faults.ts";
import { type LagInterval, lagInWindow, readLagLogs, sentBetween } from "./lag-log.ts";
import { plantedReason, readPlanted } from "./planted.ts";
import { type RoleSecond, resourceSeries, resourceUsage } from "./resource-usage.ts";
import { feederFiles, readJson, readJsonLines, readRunRecord, runFiles } from "./results-folder.ts";
import { type RunConfig, runConfig } from "./run-config.ts";
import { RunRecorder, type StampedOutput, TAGS, type Tag } from "./run-recorder.ts";
import { readMainSentTimes } from "./sent-times.ts";
import { judge } from "./verdict.ts";
import { type MeasuredWindow, measuredWindow } from "./window.ts";

export interface AnalyzeOptions {
  /** Fetches records that matched nothing, while the output topic still exists; they are kept in `raw/<run>/unmatched.jsonl`. */
  readonly fetchUnmatched?: FetchUnmatched;
  /** For tests and users' own queries. Default: the registry. */
  readonly findQuery?: (id: string) => QueryDefinition<NexmarkEvent>;
}

/** Everything that comes of one run: the result line and what series, histograms and report need besides. */
export interface RunAnalysis {
  readonly result: RunResult;
  readonly record: RunRecord;
  readonly query: QueryDefinition<NexmarkEvent> | null;
  readonly examples: readonly Example[];
  /** Whole histograms per second from the first due time. */
  readonly intervals: Readonly<Record<Tag, readonly IntervalHistogram[]>>;
  /** The feeder's own lag histograms; [] when it left none. */
  readonly lagLog: readonly LagInterval[];
  /** Per second from the first due time; null = not known. */
  readonly offered: readonly number[];
  readonly inputs: readonly number[] | null;
  readonly outputs: readonly number[];
  readonly roles: ReadonlyMap<string, readonly (RoleSecond | null)[]>;
  /** What sampling CPU and memory took itself; null when it is not known. */
  readonly samplerCost: SamplerCost | null;
  /** What happened around each fault, for its figure; [] without faults. */
  readonly faultSeries: readonly (FaultSeries | null)[];
  /** Latencies of the measured window. */
  readonly measured: FrozenHistogram;
  /** Every matched output with the engine's stamps; [] for queries whose rows do not tell. */
  readonly stamped: readonly StampedOutput[];
}

/**
 * Judges one stored run from `raw/<run>/` alone. Reads no clock and writes nothing, except `unmatched.jsonl` when
 * `fetchUnmatched` is given. Throws `results-unreadable` when the run's record cannot be read; a checker that breaks makes the
 * run `failed(checker-failed)`.
 */
export async function analyzeRunFully(
  resultsDir: string,
  runId: string,
  options: AnalyzeOptions = {},
): Promise<RunAnalysis> {
  const record = readRunRecord(resultsDir, runId);
  const config = runConfig(record);
  const files = runFiles(resultsDir, runId);
  const fed = feederFiles(files.raw, config.feeders);
  const window = measuredWindow(record, config);
  const query = (options.findQuery ?? findQuery)(config.query);
  const dueUs = (index: number) => record.startUs + Math.floor(config.input.schedule.dueNs(index) / 1000);
  const windowed = query.trigger.kind === "endOfWindow";
  const sent = readMainSentTimes(fed.sent, config);
  const recorder = new RunRecorder(record, window, dueUs, sent, windowed, readEngineStamps(files.engineLatency));
  const faults = RunFaults.read(files.faults, record, config);
  try {
    recorder.readSentTimes();
    sent?.forEach((first, end, sentUs) => {
      faults?.recorder.onSent(end - first, sentUs);
    });
    const check = await checkRun({
      record,
      config,
      query,
      files,
      recorder,
      dueUs,
      fetch: options.fetchUnmatched,
      faults: faults?.recorder ?? null,
    });
    const lastDueSeconds = config.schedule.dueNs(Math.max(0, config.mainEvents - 1)) / 1e9;
    const lagLog = readLagLogs(fed.lagLogs, lastDueSeconds);
    return collect({ record, config, query, window, recorder, check, files, lagLog, faults });
  } finally {
    faults?.recorder.destroy();
    recorder.destroy();
  }
}

/** The result line of one stored run; see `analyzeRunFully`. A run that cannot be analysed at all is `failed(checker-failed)`. */
export async function analyzeRun(resultsDir: string, runId: string, options: AnalyzeOptions = {}): Promise<RunResult> {
  return (await analyzeRunFully(resultsDir, runId, options)).result;
}

interface Collected {
  readonly record: RunRecord;
  readonly config: RunConfig;
  readonly query: QueryDefinition<NexmarkEvent>;
  readonly window: MeasuredWindow | null;
  readonly recorder: RunRecorder;
  readonly check: Awaited<ReturnType<typeof checkRun>>;
  readonly files: ReturnType<typeof runFiles>;
  readonly lagLog: readonly LagInterval[];
  readonly faults: RunFaults | null;
}

function collect(c: Collected): RunAnalysis {
  const { record, config, query, window, recorder, check } = c;
  const { samples, problem } = readSamples(c.files.resources);
  const offered = offeredPerSecond(config);
  const seconds = Math.max(offered.length, recorder.outputs.length, recorder.inputs.length);
  const measures = measure(c);
  const comparison = comparisonOf(query, config.data);
  const claimsLatency = query.trigger.kind !== "none" && comparison === "everyRow";
  const planted =
    config.plant === "" ? null : plantedReason(config.plant, readPlanted(c.files.planted), check.verified);
  const { state, reasons } = judge({
    record: problem === null ? record : { ...record, problems: [...record.problems, problem] },
    config,
    verified: check.verified,
    checkerProblem: check.problem,
    claimsLatency,
    planted,
    faults: c.faults?.verdict() ?? null,
    ...measures,
  });
  const finished = TAGS.map((tag) => [tag, recorder.intervals[tag].finish(MIN_SAMPLES)]);
  const intervals = Object.fromEntries(finished) as Record<Tag, readonly IntervalHistogram[]>;
  const result: RunResult = {
    version: 1,
    run: record.run,
    state,
    reasons,
    ...(comparison === "everyRow" ? {} : { notes: [finalRowsNote(query)] }),
    ...(planted === null ? {} : { planted: config.plant }),
    query: config.query,
    system: config.system,
    dataFormat: config.dataFormat,
    ...measures,
    engineLatencyUs: query.engineLatency === undefined ? null : recorder.engine.summary(),
    residenceUs: query.trigger.kind === "endOfWindow" ? recorder.residence.summary() : null,
    negativeLatencies: recorder.latency.negative,
    verified: check.verified,
    resources: window === null ? {} : resourceUsage(samples, window.fromUs, window.toUs),
    warmupCutMs: config.warmupMs,
    measuredMs: window === null ? null : window.seconds * 1000,
    events: record.events,
    ...(c.faults === null
      ? {}
      : { faults: c.faults.results(intervals["e2e-intended"], claimsLatency && check.verified !== null) }),
  };
  return {
    result,
    record,
    query,
    examples: check.examples,
    intervals,
    faultSeries: c.faults?.series() ?? [],
    offered,
    lagLog: c.lagLog,
    inputs: inputsPerSecond(c),
    outputs: recorder.outputs,
    roles: resourceSeries(samples, record.startUs, seconds),
    samplerCost: existsSync(c.files.sampler) ? (readJson(c.files.sampler) as SamplerCost) : null,
    measured: recorder.latency.freeze(),
    stamped: recorder.stamped,
  };
}

function measure(c: Collected) {
  const { window, recorder } = c;
  return {
    offeredPerSecond: window === null ? null : (window.endEvent - window.firstEvent) / window.seconds,
    achievedInputPerSecond: achievedInput(c),
    achievedOutputPerSecond: window === null ? null : recorder.outputsInWindow / window.seconds,
    latencyUs: recorder.latency.summary(),
    uncorrectedLatencyUs: recorder.uncorrected.summary(),
    generatorLagUs: generatorLag(c),
    observerLagUs: recorder.observerLag.summary(),
  };
}

/** Events a second that were really sent in the measured window; where the feeder left no times, over the whole load. */
function achievedInput({ record, config, window, recorder, lagLog }: Collected): number | null {
  if (window !== null && recorder.inputsInWindow !== null) return recorder.inputsInWindow / window.seconds;
  if (window !== null && lagLog.length > 0) {
    const fromSeconds = (window.fromUs - record.startUs) / 1e6;
    return sentBetween(lagLog, fromSeconds, fromSeconds + window.seconds) / window.seconds;
  }
  const feeder = record.feeder;
  if (feeder === null) return null;
  const lateUs = Math.max(0, feeder.finishedUs - feeder.lastDueUs);
  return feeder.acked / ((config.loadMs * 1000 + lateUs) / 1e6);
}

/** From the times of sending, else from the feeder's histograms in the measured window, else its summary of the whole load. */
function generatorLag({ record, window, recorder, lagLog }: Collected): LatencySummary {
  if (recorder.inputsInWindow !== null) return recorder.generatorLag.summary();
  if (window !== null && lagLog.length > 0) return lagInWindow(lagLog, record.startUs, window);
  return feederLag(record);
}

function inputsPerSecond({ recorder, lagLog }: Collected): readonly number[] | null {
  if (recorder.inputsInWindow !== null) return recorder.inputs;
  if (lagLog.length === 0) return null;
  const seconds = Math.ceil(Math.max(...lagLog.map(({ endSeconds }) => endSeconds)));
  return Array.from({ length: seconds }, (_, second) => Math.round(sentBetween(lagLog, second, second + 1)));
}

function feederLag(record: RunRecord): LatencySummary {
  const lag = record.feeder?.lagUs;
  if (lag === undefined || lag.n === 0) return NO_LATENCY;
  const guarded = (value: number, least: number) => (lag.n < least ? null : value);
  return {
    p50: guarded(lag.p50, MIN_SAMPLES.p50),
    p90: null,
    p99: guarded(lag.p99, MIN_SAMPLES.p99),
    p999: guarded(lag.p999, MIN_SAMPLES.p999),
    max: lag.max,
    n: lag.n,
  };
}

/** Events due in each second of the load. */
function offeredPerSecond(config: RunConfig): number[] {
  const dueBefore = (second: number) => Math.min(config.mainEvents, config.schedule.countBefore(second * 1e9 - 1));
  const seconds = Math.ceil(config.loadMs / 1000);
  return Array.from({ length: seconds }, (_, second) => dueBefore(second + 1) - dueBefore(second));
}

function readSamples(file: string): { readonly samples: readonly ResourceSample[]; readonly problem: Reason | null } {
  try {
    return { samples: readJsonLines<ResourceSample>(file), problem: null };
  } catch (error) {
    return { samples: [], problem: { code: "internal", message: asFaultlineError(error).message } };
  }
}
