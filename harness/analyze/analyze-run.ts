import { existsSync } from "node:fs";
import type { CheckpointReport } from "../../engine/cluster/checkpoint-facts.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import { SOURCE_ID } from "../../queries/job-ids.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { findQuery } from "../../queries/registry.ts";
import { readEngineStamps } from "../measure/engine-latency-log.ts";
import type { IntervalHistogram } from "../measure/interval-histograms.ts";
import { MIN_SAMPLES } from "../measure/latency-histogram.ts";
import type { SamplerCost } from "../measure/sampler.ts";
import type { RunRecord, RunResult } from "../sweep/model.ts";
import type { JobStateRecord } from "../systems/system.ts";
import { afterLossOf } from "../verify/after-loss.ts";
import { comparisonOf } from "../verify/comparison.ts";
import { checkRun, committedView, EXACTLY_ONCE, type FetchUnmatched } from "./check-run.ts";
import { readCheckpoints, summarizeCheckpoints } from "./checkpoints.ts";
import { RunFaults } from "./faults/run-faults.ts";
import { firstRestartUs, readJobStates, unplannedRestarts } from "./job-states.ts";
import { readLagLogs } from "./lag-log.ts";
import { machineLoad } from "./machine-load.ts";
import { plantedReason, readPlanted } from "./planted.ts";
import { type ReplicationAnalysis, readReplication } from "./replication/replication.ts";
import { readSamples } from "./resource-samples.ts";
import { resourceSeries, resourceUsage } from "./resource-usage.ts";
import { feederFiles, readJson, readRunRecord, runFiles } from "./results-folder.ts";
import type { RunAnalysis } from "./run-analysis.ts";
import { type RunConfig, runConfig } from "./run-config.ts";
import { inputsPerSecond, judgedLags, type Measured, measuresOf, offeredPerSecond } from "./run-measures.ts";
import { runNotes } from "./run-notes.ts";
import { RunRecorder, TAGS, type Tag } from "./run-recorder.ts";
import { runThresholds } from "./run-thresholds.ts";
import { readMainSentTimes, type SentTimes } from "./sent-times.ts";
import { stampsByOrdinal } from "./stamps-of-view.ts";
import { consumerLag } from "./tasks/consumer-lag.ts";
import { readTaskLog, type TaskLog } from "./tasks/task-log.ts";
import { operatorLoads, taskSteps } from "./tasks/task-series.ts";
import { type Evidence, endedEarly, judge } from "./verdict.ts";
import { warmUpOf } from "./warm-up.ts";
import { measuredWindow } from "./window.ts";

export type { RunAnalysis };

export interface AnalyzeOptions {
  /** Fetches records that matched nothing, while the output topic still exists; they are kept in `raw/<run>/unmatched.jsonl`. */
  readonly fetchUnmatched?: FetchUnmatched;
  /** For tests and users' own queries. Default: the registry. */
  readonly findQuery?: (id: string) => QueryDefinition<NexmarkEvent>;
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
  const first = await analyzeOnce(record, config, files, options);
  const { cutMs } = first.warmUp;
  if (cutMs === config.warmupMs) return first;
  return analyzeOnce(record, { ...config, warmupMs: cutMs }, files, { ...options, fetchUnmatched: undefined });
}

/** With the warm-up that `config` says. */
async function analyzeOnce(
  record: RunRecord,
  config: RunConfig,
  files: ReturnType<typeof runFiles>,
  options: { readonly [K in keyof AnalyzeOptions]: AnalyzeOptions[K] | undefined },
): Promise<RunAnalysis> {
  const fed = feederFiles(files.raw, config.feeders);
  const window = measuredWindow(record, config);
  const query = (options.findQuery ?? findQuery)(config.query);
  const dueUs = (index: number) => record.startUs + Math.floor(config.input.schedule.dueNs(index) / 1000);
  const windowed = query.trigger.kind === "endOfWindow";
  const sent = readMainSentTimes(fed.sent, config);
  const checkpoints = readCheckpoints(files.checkpoints);
  const states = readJobStates(files.jobStates);
  const tasks = readTaskLog(files.tasks);
  const replication = readReplication(tasks, files.losses, states, { startUs: record.startUs, loadMs: config.loadMs });
  const faults = RunFaults.read(files.faults, record, config, { states, checkpoints });
  const isExactlyOnce = config.guarantee === EXACTLY_ONCE;
  const stamps = stampsByOrdinal(readEngineStamps(files.engineLatency), files.observations, isExactlyOnce);
  const recorder = new RunRecorder(record, window, dueUs, sent, windowed, stamps, faults?.brokerAway());
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
      committedFaults: faults?.committed ?? null,
    });
    const lastDueSeconds = config.schedule.dueNs(Math.max(0, config.mainEvents - 1)) / 1e9;
    const lagLog = readLagLogs(fed.lagLogs, lastDueSeconds);
    return collect({
      record,
      config,
      query,
      window,
      recorder,
      check,
      files,
      lagLog,
      faults,
      checkpoints,
      states,
      replication,
      tasks,
      sent,
    });
  } finally {
    faults?.destroy();
    recorder.destroy();
  }
}

/** The result line of one stored run; see `analyzeRunFully`. A run that cannot be analysed at all is `failed(checker-failed)`. */
export async function analyzeRun(resultsDir: string, runId: string, options: AnalyzeOptions = {}): Promise<RunResult> {
  return (await analyzeRunFully(resultsDir, runId, options)).result;
}

interface Collected extends Measured {
  readonly query: QueryDefinition<NexmarkEvent>;
  readonly check: Awaited<ReturnType<typeof checkRun>>;
  readonly files: ReturnType<typeof runFiles>;
  readonly faults: RunFaults | null;
  readonly checkpoints: readonly CheckpointReport[];
  readonly states: readonly JobStateRecord[];
  readonly replication: ReplicationAnalysis | null;
  readonly tasks: TaskLog | null;
  readonly sent: SentTimes | null;
}

function consumerLagOf({ record, tasks, sent, states }: Collected, seconds: number): readonly (number | null)[] {
  if (tasks === null || sent === null) return [];
  return consumerLag(tasks, SOURCE_ID, sent, { startUs: record.startUs, seconds, restartUs: firstRestartUs(states) });
}

function collect(c: Collected): RunAnalysis {
  const { record, config, query, window, recorder, check } = c;
  const { samples, runtime, machine, problem } = readSamples(c.files);
  const resources = window === null ? {} : resourceUsage(samples, runtime, window.fromUs, window.toUs);
  const load = machineLoad(machine, resources, window);
  const offered = offeredPerSecond(config);
  const seconds = Math.max(offered.length, recorder.outputs.length, recorder.inputs.length);
  const measures = measuresOf(c);
  const finished = TAGS.map((tag) => [tag, recorder.intervals[tag].finish(MIN_SAMPLES)]);
  const intervals = Object.fromEntries(finished) as Record<Tag, readonly IntervalHistogram[]>;
  const checkpoints = summarizeCheckpoints(c.checkpoints);
  const steps = c.tasks === null ? [] : taskSteps(c.tasks, record.startUs);
  const comparison = comparisonOf(query, config.data);
  const claimsLatency = query.trigger.kind !== "none" && comparison === "everyRow";
  const isJudged = claimsLatency && !endedEarly(record);
  const warmUp = warmUpOf(config, isJudged ? intervals["e2e-intended"] : [], c.faults?.firstMs() ?? null);
  const planted =
    config.plant === "" ? null : plantedReason(config.plant, readPlanted(c.files.planted), check.verified);
  const evidence: Evidence = {
    record: problem === null ? record : { ...record, problems: [...record.problems, problem] },
    config,
    verified: check.verified,
    committed: check.committed?.verified ?? null,
    checkerProblem: check.problem,
    claimsLatency,
    warmsUp: warmUp.verdict === "unstable",
    ...load,
    planted,
    faults: c.faults?.verdict() ?? null,
    countsTwice: config.countsTwice,
    afterLoss: afterLossOf(query),
    unplanned: unplannedRestarts(c.states, c.faults?.spans() ?? []),
    ...measures,
    ...judgedLags(c, (c.faults?.brokerAway().length ?? 0) > 0),
  };
  const { state, reasons } = judge(evidence);
  const faults = c.faults?.results(
    { intended: intervals["e2e-intended"], followed: claimsLatency && check.verified !== null },
    { intended: intervals["committed-intended"], followed: claimsLatency && check.committed !== null },
  );
  const result: RunResult = {
    version: 1,
    run: record.run,
    state,
    reasons,
    ...runNotes(config, query, comparison, check.verified, evidence),
    ...(planted === null ? {} : { planted: config.plant }),
    ...(config.unordered ? { costBaseline: true as const } : {}),
    query: config.query,
    system: config.system,
    guarantee: config.guarantee,
    recovery: config.recovery,
    ...(config.checkpointIntervalMs === null ? {} : { checkpointIntervalMs: config.checkpointIntervalMs }),
    ...(checkpoints === null ? {} : { checkpoints }),
    ...(c.replication === null ? {} : { replication: c.replication.summary }),
    dataFormat: config.dataFormat,
    ...measures,
    engineLatencyUs: query.engineLatency === undefined ? null : recorder.engine.summary(),
    residenceUs: query.trigger.kind === "endOfWindow" ? recorder.residence.summary() : null,
    negativeLatencies: recorder.latency.negative,
    verified: check.verified,
    ...committedView(c),
    resources,
    ...load,
    warmupCutMs: config.warmupMs,
    measuredMs: window === null ? null : window.seconds * 1000,
    events: record.events,
    ...runThresholds(c, { ...measures, claimsLatency, intervals: intervals["e2e-intended"], faults }),
    ...(faults === undefined ? {} : { faults }),
  };
  return {
    result,
    record,
    query,
    examples: check.examples,
    committedExamples: check.committed?.examples ?? [],
    checkpoints: c.checkpoints,
    jobStates: c.states,
    replication: c.replication,
    taskSteps: steps,
    operators: operatorLoads(steps, window),
    intervals,
    faultSeries: c.faults?.series() ?? [],
    offered,
    lagLog: c.lagLog,
    inputs: inputsPerSecond(c),
    outputs: recorder.outputs,
    consumerLag: consumerLagOf(c, seconds),
    committedOutputs: config.guarantee === EXACTLY_ONCE ? recorder.committedOutputs : null,
    roles: resourceSeries(samples, runtime, record.startUs, seconds),
    samplerCost: existsSync(c.files.sampler) ? (readJson(c.files.sampler) as SamplerCost) : null,
    warmUp,
    measured: recorder.latency.freeze(),
    stamped: recorder.stamped,
  };
}
