import { benchLine } from "../../base/command-line.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { ResolvedSweep } from "../config/resolve.ts";
import { eventCount } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import { systemName } from "../systems/command/settings.ts";
import { needsElection } from "./deploy-config.ts";
import type { SweepEvents } from "./events.ts";
import { executeRun } from "./execute.ts";
import { failedResult } from "./failed-result.ts";
import type { PlannedRun, RunRecord, RunResult } from "./model.ts";
import { planSweep } from "./plan.ts";
import { Services } from "./services.ts";
import type { Manifest, ResultsStore } from "./store.ts";
import type { KafkaService, Toolbox } from "./toolbox.ts";

export interface SweepOptions {
  readonly sweep: ResolvedSweep;
  readonly store: ResultsStore;
  readonly manifest: Manifest;
  readonly toolbox: Toolbox;
  readonly events: SweepEvents;
  /** Aborted when the user wants to stop: the run at hand is dropped, finished runs stay, the report is written. */
  readonly signal: AbortSignal;
  /** Runs that are found one after the other, in place of those that the manifest plans. */
  readonly source?: RunSource;
}

/** Which run comes next, knowing how all before it ended. */
export interface RunSource {
  /** Null: no further one. */
  next(): NextRun | null;
  ended(result: RunResult): void;
}

export interface NextRun {
  readonly run: PlannedRun;
  readonly config: Config;
}

export interface SweepOutcome {
  readonly results: readonly RunResult[];
  readonly planned: number;
  readonly reused: number;
  readonly interrupted: boolean;
}

/**
 * Runs every planned run that the results folder does not hold yet, in the manifest's order, and judges each as it ends; at the
 * end everything derived is rebuilt. A run that fails is a result; only what keeps all runs from starting is thrown.
 */
export async function runSweep(options: SweepOptions): Promise<SweepOutcome> {
  const { sweep, store, manifest, events, signal } = options;
  const finished = await store.results();
  if (options.source !== undefined) return runSource(options, options.source, finished.size);
  const pending = manifest.order.filter((run) => !isFinished(finished.get(run.id)));
  const reused = manifest.order.length - pending.length;
  const left = planSweep(sweep).estimatedMs * (pending.length / Math.max(1, manifest.order.length));
  events.planned({ directory: store.directory, runs: manifest.order, reused, estimatedMs: Math.round(left) });
  const results = await runAndReport(options, plannedRuns(sweep, pending));
  return { results, planned: manifest.order.length, reused, interrupted: signal.aborted };
}

async function runSource(options: SweepOptions, source: RunSource, reused: number): Promise<SweepOutcome> {
  const results = await runAndReport(options, source);
  return { results, planned: results.length, reused, interrupted: options.signal.aborted };
}

async function runAndReport(options: SweepOptions, source: RunSource): Promise<readonly RunResult[]> {
  const { toolbox, store, events } = options;
  const failure = await runAll(options, source);
  if (failure !== null) {
    await reportDespite(toolbox, store, events);
    throw failure;
  }
  return rebuild(toolbox, store, events);
}

function plannedRuns(sweep: ResolvedSweep, pending: readonly PlannedRun[]): RunSource {
  const configs = new Map(sweep.cells.map(({ cell, config }) => [cell.id, config]));
  let at = 0;
  return {
    next: () => {
      const run = pending[at++];
      return run === undefined ? null : { run, config: configs.get(run.cell.id)! };
    },
    ended: () => undefined,
  };
}

/** Interrupted runs are repeated; valid, invalid and failed ones are results. */
function isFinished(result: RunResult | undefined): boolean {
  return result !== undefined && !result.reasons.some((reason) => reason.code === "interrupted");
}

/** Null, or what kept the rest from running. An interruption is not an error: what is done gets its report. */
async function runAll(options: SweepOptions, source: RunSource): Promise<FaultlineError | null> {
  const { sweep, store, toolbox, events, signal } = options;
  const services = new Services({
    toolbox,
    config: sweep.config,
    needsZooKeeper: sweep.cells.some(({ config }) => needsElection(config)),
    directory: store.directory,
    signal,
    notice: (text) => events.notice(text),
  });
  try {
    while (!signal.aborted) {
      const next = source.next();
      if (next === null) return null;
      const result = await runOne(options, services, next.run, next.config);
      if (result === null) return null;
      await store.appendResult(result);
      events.runEnded(result);
      source.ended(result);
    }
    return null;
  } catch (error) {
    return signal.aborted ? null : asFaultlineError(error);
  } finally {
    for (const problem of await services.stop()) events.notice(problem);
  }
}

/** The report of what was done before the sweep broke; the break itself matters more than a report that fails too. */
async function reportDespite(toolbox: Toolbox, store: ResultsStore, events: SweepEvents): Promise<void> {
  try {
    const results = await rebuild(toolbox, store, events);
    if (results.length > 0)
      events.notice(`${results.length} finished runs are kept and reported in ${store.directory}`);
  } catch (error) {
    events.notice(asFaultlineError(error).message);
  }
}

/** The judged run; null when it was interrupted, and then nothing of it is kept. */
async function runOne(
  { store, toolbox, events, signal, manifest }: SweepOptions,
  services: Services,
  run: PlannedRun,
  config: Config,
): Promise<RunResult | null> {
  const { guard, kafka, zookeeper } = await services.ready();
  events.runStarted(run, config);
  const directories = await store.beginRun(run.id);
  const { sweepId } = manifest;
  const context = { run, config, sweepId, directories, kafka, zookeeper, guard, signal, events };
  const { record, deleteTopics } = await executeRun(context, toolbox);
  try {
    if (record.problems.some((problem) => problem.code === "interrupted")) {
      await store.discardRun(run.id);
      return null;
    }
    await store.writeRecord(record);
    events.phase("analyze");
    return await judge({ toolbox, store, record, config, kafka });
  } finally {
    for (const error of await deleteTopics()) events.notice(error.message);
  }
}

interface Judged {
  readonly toolbox: Toolbox;
  readonly store: ResultsStore;
  readonly record: RunRecord;
  readonly config: Config;
  readonly kafka: KafkaService;
}

/** A checker that crashes makes the run failed; it does not end the sweep. */
async function judge({ toolbox, store, record, config, kafka }: Judged): Promise<RunResult> {
  try {
    return await toolbox.analyzeRun({
      directory: store.directory,
      runId: record.run.id,
      config,
      brokers: kafka.brokers,
      outputTopic: record.outputTopic,
    });
  } catch (error) {
    const { message } = asFaultlineError(error);
    const reasons = [...record.problems, { code: "checker-failed" as const, message }];
    return failedResult(
      record.run,
      { query: config.query, system: systemName(config.system), events: eventCount(config) },
      reasons,
    );
  }
}

async function rebuild(toolbox: Toolbox, store: ResultsStore, events: SweepEvents): Promise<readonly RunResult[]> {
  const own = [...(await store.results()).values()];
  if (own.length === 0) return own;
  events.notice("writing the report");
  try {
    return await toolbox.analyzeSweep(store.directory);
  } catch (error) {
    const { code, message } = asFaultlineError(error);
    throw new FaultlineError(code, `the report could not be made: ${message}`, {
      hint: `The measurements are kept; try again with: ${benchLine`analyze ${store.directory}`}`,
      cause: error,
    });
  }
}
