import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { monotonicUs, wallClockMs } from "../../base/clock.ts";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError } from "../../base/errors.ts";
import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import { type CapacityState, capacityState } from "../analyze/capacity/capacity.ts";
import type { ResolvedSweep } from "../config/resolve.ts";
import { formatRate } from "../config/units.ts";
import { answerText, endText } from "../report/capacity-text.ts";
import { CapacitySource } from "../sweep/capacity-source.ts";
import { resultsFolderName, sweepIdentity } from "../sweep/manifest.ts";
import { estimateRunMs } from "../sweep/plan.ts";
import { checkFolder } from "../sweep/store.ts";
import { Interruption } from "./interruption.ts";
import type { Io } from "./io.ts";
import { formatSpan } from "./progress/format.ts";
import { runInFolder, type SessionOptions } from "./sweep-session.ts";

/** Searches the capacity of the one cell of `sweep`, shows the way there and the answer, and tells the exit code. */
export async function executeCapacity(sweep: ResolvedSweep, options: SessionOptions, io: Io): Promise<ExitCode> {
  const cell = sweep.cells[0]!;
  refuseOtherLoads(sweep);
  const folder = options.out ?? `reports/${resultsFolderName(`${sweep.config.name}-capacity`, wallClockMs())}`;
  const begin = capacityState(cell.config, []);
  const directory = resolve(io.cwd, folder);
  if (options.dryRun) {
    await checkFolder(directory, sweepIdentity(sweep, "capacity"));
    const { settings, slo } = begin;
    const plan = { cell: cell.cell.id, slo, ...settings, results: folder };
    io.stdout.write(options.json ? `${JSON.stringify(plan)}\n` : planText(sweep, begin, folder));
    return EXIT.ok;
  }
  io.stderr.write(planText(sweep, begin, folder));
  const { checkRoom } = await import("../doctor/preflight.ts");
  checkRoom(sweep, directory);
  const resumeLine = `continue with: ${benchLine`capacity --resume ${folder}`}\n`;
  const interruption = new Interruption(io, () => (existsSync(join(directory, "manifest.json")) ? resumeLine : ""));
  try {
    let source: CapacitySource | null = null;
    const { interrupted } = await runInFolder(
      sweep,
      { runs: [], estimatedMs: 0 },
      directory,
      options,
      io,
      interruption.signal,
      (finished, notice) => {
        if (finished.length > 0) notice(`${finished.length} probes are reused from ${folder}`);
        source = new CapacitySource({ cell, finished, clockUs: monotonicUs, notice });
        return source;
      },
    );
    const search = source as CapacitySource | null;
    if (search === null) throw new FaultlineError("internal", "the search was never started");
    const { state, isOutOfTime } = search;
    if (options.json) io.stdout.write(`${JSON.stringify(jsonAnswer(state, isOutOfTime))}\n`);
    io.stderr.write(`\n${answerText(state)}\n${endText(state, isOutOfTime)}report: ${folder}/report.html\n`);
    if (state.next.kind === "probe") io.stderr.write(resumeLine);
    return interrupted ? interruption.exitCode : capacityExitCode(state);
  } finally {
    interruption.close();
  }
}

function refuseOtherLoads({ config }: ResolvedSweep): void {
  const { load, data } = config;
  if (load.shape !== "constant") {
    throw new FaultlineError("usage", `a capacity is searched over constant rates, and load.shape is ${load.shape}`, {
      hint: "Give a constant load: --set 'load={rate: 10k/s, duration: 20s}'.",
    });
  }
  if (data.events !== undefined) {
    throw new FaultlineError(
      "usage",
      "data.events fixes the number of events, so that probes at high rates would be short",
      {
        hint: "Leave it out and set load.duration.",
      },
    );
  }
}

/** What will be searched, and how long it may take. */
function planText(sweep: ResolvedSweep, { settings, slo }: CapacityState, folder: string): string {
  const { config } = sweep.cells[0]!;
  const { startPerSecond, leastPerSecond, mostPerSecond, precision, searches, mostProbes } = settings;
  const mostMs = Math.min(config.capacity.timeLimit, mostProbes * estimateRunMs(config));
  return [
    `capacity of ${sweep.cells[0]!.cell.id}: the greatest rate with ${slo.join(", ")}\n`,
    `from ${formatRate(startPerSecond)} on, ${formatRate(leastPerSecond)} to ${formatRate(mostPerSecond)}, `,
    `to ${Number((precision * 100).toPrecision(3))} %, ${searches} ${searches === 1 ? "search" : "searches"}; `,
    `a probe takes about ${formatSpan(estimateRunMs(config))}, all together at most ${formatSpan(mostMs)}\n`,
    `results: ${folder}\n`,
  ].join("");
}

/**
 * 0: every search came to an end, and a rate is sustained. 6: none is. 4: runs failed so that nothing can be told; 5: nothing can be
 * told, or fewer searches ended than were asked for.
 */
export function capacityExitCode({ next, answer, steps }: CapacityState): ExitCode {
  if (next.kind === "done" && next.why === "complete")
    return answer.capacityPerSecond === null ? EXIT.threshold : EXIT.ok;
  const isFailed = next.kind === "done" && next.why === "unclear" && steps.at(-1)?.result.state === "failed";
  return isFailed ? EXIT.runFailed : EXIT.runInvalid;
}

function jsonAnswer(state: CapacityState, isOutOfTime: boolean) {
  const { answer, outcomes, slo, next } = state;
  const ended = isOutOfTime ? "timeLimit" : next.kind === "done" ? next.why : "interrupted";
  return { slo, ended, ...answer, outcomes, probes: state.steps.length };
}
