import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { monotonicUs, wallClockMs } from "../../base/clock.ts";
import { benchLine } from "../../base/command-line.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import { onlyCell } from "../config/only-cell.ts";
import type { ResolvedSweep } from "../config/resolve.ts";
import type { Config } from "../config/schema.ts";
import { gone, identify } from "../services/process-identity.ts";
import { needsElection } from "../sweep/deploy-config.ts";
import { tellAll } from "../sweep/events.ts";
import { LiveFile } from "../sweep/live-file.ts";
import { buildManifest, resultsFolderName, sweepIdentity } from "../sweep/manifest.ts";
import type { RunResult } from "../sweep/model.ts";
import { noResults } from "../sweep/no-results.ts";
import { type Plan, planSweep } from "../sweep/plan.ts";
import { readProvenance } from "../sweep/provenance.ts";
import { checkFolder, type Manifest, ResultsStore, readManifest } from "../sweep/store.ts";
import { type RunSource, runSweep, type SweepOutcome } from "../sweep/sweep.ts";
import { checkJobs } from "./check-jobs.ts";
import { exitCodeOf } from "./exit-code.ts";
import { Interruption } from "./interruption.ts";
import { type Io, useColor } from "./io.ts";
import { ProgressDisplay } from "./progress/display.ts";
import { printOutcome } from "./progress/outcome.ts";
import { planJson, planText } from "./progress/plan-text.ts";
import { makeStyle } from "./progress/style.ts";

/** The most that looking for cells with too few outputs may take. */
const FEW_SAMPLES_LIMIT_US = 500_000;

export interface SessionOptions {
  /** Results folder as typed; undefined: a new one below `reports/`. */
  readonly out: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly noColor: boolean;
}

/** Plans and runs a sweep, shows its progress and its end, and answers the exit code. */
export async function executeSweep(sweep: ResolvedSweep, options: SessionOptions, io: Io): Promise<ExitCode> {
  const plan = planSweep(sweep);
  const folder = options.out ?? `reports/${resultsFolderName(sweep.config.name, wallClockMs())}`;
  await checkJobs(sweep);
  await warnOfFewSamples(sweep, io);
  const directory = resolve(io.cwd, folder);
  if (options.dryRun) {
    await checkFolder(directory, sweepIdentity(sweep));
    io.stdout.write(options.json ? `${planJson(sweep, plan, folder)}\n` : planText(sweep, plan, folder));
    return EXIT.ok;
  }
  const { checkRoom } = await import("../doctor/preflight.ts");
  checkRoom(sweep, directory);
  const resumeLine = `continue with: ${benchLine`sweep --resume ${folder}`}\n`;
  // Before there is a manifest nothing can be resumed.
  const interruption = new Interruption(io, () => (existsSync(join(directory, "manifest.json")) ? resumeLine : ""));
  try {
    const outcome = await runInFolder(sweep, plan, directory, options, io, interruption.signal);
    printOutcome(outcome.results, folder, options, io);
    if (!outcome.interrupted) return exitCodeOf(outcome.results);
    const left = outcome.planned - outcome.results.length;
    io.stderr.write(
      `interrupted: ${outcome.results.length} of ${outcome.planned} runs are done and kept, ${left} left\n`,
    );
    if (left > 0) io.stderr.write(resumeLine);
    return interruption.exitCode;
  } finally {
    interruption.close();
  }
}

/** Before a broker starts: the data are fixed, so a run that cannot have enough outputs is known by a replay of the oracle. */
async function warnOfFewSamples(sweep: ResolvedSweep, io: Io): Promise<void> {
  const { fewSamplesWarnings } = await import("./expected-samples.ts");
  const endUs = monotonicUs() + FEW_SAMPLES_LIMIT_US;
  for (const line of fewSamplesWarnings(sweep.cells, () => monotonicUs() > endUs)) io.stderr.write(line);
}

/** A search in place of a plan: `finished` are the runs that the folder holds already. */
export type StartSearch = (finished: readonly RunResult[], notice: (text: string) => void) => RunSource;

/** Runs what the manifest plans, or what a search asks for, into a results folder that nobody else writes to. */
export async function runInFolder(
  sweep: ResolvedSweep,
  plan: Plan,
  directory: string,
  options: SessionOptions,
  io: Io,
  signal: AbortSignal,
  startSearch?: StartSearch,
): Promise<SweepOutcome> {
  const [{ realToolbox }, { KAFKA_VERSION }, { ZOOKEEPER_VERSION }] = await Promise.all([
    import("../sweep/real-toolbox.ts"),
    import("../services/kafka/install.ts"),
    import("../services/zookeeper/install.ts"),
  ]);
  const provenance = await readProvenance(
    sweep.config.kafka.brokers.length > 0 ? null : KAFKA_VERSION,
    sweep.cells.some(({ config }) => needsElection(config)) ? ZOOKEEPER_VERSION : null,
  );
  const facts = { provenance, createdMs: wallClockMs(), cwd: io.cwd, pid: process.pid };
  const kind = startSearch === undefined ? undefined : "capacity";
  const { store, manifest } = await ResultsStore.open(directory, buildManifest(sweep, plan, facts, kind));
  const style = makeStyle(useColor(io.stderr, io.env, options.noColor));
  const display = new ProgressDisplay({ sink: io.stderr, clockUs: monotonicUs, style });
  const live = liveFile(directory, (text) => display.notice(text));
  try {
    const begun = manifest.provenance;
    if (begun.faultline !== provenance.faultline || begun.commit !== provenance.commit) {
      const version = `${begun.faultline}${begun.commit === null ? "" : `, commit ${begun.commit.slice(0, 8)}`}`;
      display.notice(`this sweep was begun with another version (${version}); the runs that are left use this one`);
    }
    const search = startSearch?.([...(await store.results()).values()], (text) => display.notice(text));
    const source = search === undefined ? {} : { source: search };
    const events = tellAll([display, live]);
    return await runSweep({ sweep, store, manifest, toolbox: realToolbox, events, signal, ...source });
  } finally {
    display.close();
    try {
      await live.close();
    } finally {
      await store.close();
    }
  }
}

/** What `bench serve` shows of a sweep that runs. */
function liveFile(directory: string, notice: (text: string) => void): LiveFile {
  return new LiveFile({
    directory,
    process: identify(process.pid) ?? gone(process.pid),
    monotonicUs,
    wallClockMs,
    after: (ms, work) => {
      const timer = setTimeout(work, ms).unref();
      return () => clearTimeout(timer);
    },
    onFailure: (error) => notice(`bench serve cannot show this sweep: ${asFaultlineError(error).message}`),
  });
}

/** The sweep that a results folder began with, from its manifest. */
export async function resumedSweep(folder: string, io: Io, kind?: Manifest["kind"]): Promise<ResolvedSweep> {
  const { recordedTraces, resolveText } = await import("../config/load.ts");
  const manifest = await readManifest(resolve(io.cwd, folder));
  if (manifest === null) throw noResults(resolve(io.cwd, folder));
  if (manifest.kind !== kind) {
    const command = manifest.kind ?? "sweep";
    throw new FaultlineError("usage", `${folder} was not begun by bench ${kind ?? "sweep"}`, {
      hint: benchLine`${command} --resume ${folder}`,
    });
  }
  const sweep = resolveText(
    manifest.configText,
    manifest.configFile,
    manifest.overrides,
    recordedTraces(Object.values(manifest.cells) as Config[]),
  );
  const [only, ...others] = Object.keys(manifest.cells);
  return others.length === 0 && sweep.cells.length > 1 ? onlyCell(sweep, only) : sweep;
}
