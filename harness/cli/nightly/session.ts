import { resolve } from "node:path";
import { wallClockMs } from "../../../base/clock.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { EXIT, type ExitCode } from "../../../base/exit-codes.ts";
import { readCampaign } from "../../analyze/compare/campaign.ts";
import { loadSweep } from "../../config/load.ts";
import type { ResolvedSweep } from "../../config/resolve.ts";
import { acceptedRows } from "../../nightly/accept.ts";
import { refuseResults } from "../../nightly/git-runner.ts";
import { appendHistory, readHistory } from "../../nightly/history-file.ts";
import { judgeNight } from "../../nightly/judge-night.ts";
import { conductNight } from "../../nightly/night.ts";
import { proveAlarm } from "../../nightly/proof.ts";
import { HERE } from "../../nightly/runner.ts";
import { tonightOf } from "../../nightly/tonight.ts";
import { makeDirectory, writeAtomically } from "../../sweep/files.ts";
import { resultsFolderName } from "../../sweep/manifest.ts";
import { estimateRunMs, SERVICES_MS } from "../../sweep/plan.ts";
import { comparisonMarkdown } from "../comparison/markdown.ts";
import { type Io, useColor } from "../io.ts";
import { formatSpan } from "../progress/format.ts";
import { makeStyle } from "../progress/style.ts";
import { executeSweep } from "../sweep-session.ts";
import { nightJson, proofJson } from "./json.ts";
import type { NightlyOptions } from "./options.ts";
import { nightText, proofText } from "./text.ts";
import { withRunner } from "./with-runner.ts";

/** Runs the lane, judges it by its history, looks into what is suspect, and adds tonight to the history. */
export async function runNight(options: NightlyOptions, io: Io): Promise<ExitCode> {
  const { config, dryRun, noColor, gates } = options;
  const sweep = await loadSweep(config, [], io.cwd);
  const { out, historyFile } = placesOf(sweep, options);
  // Before half an hour of measuring: a history that cannot be read.
  const history = await readHistory(resolve(io.cwd, historyFile));
  const lane = `${out}/lane`;
  if (!dryRun) refuseResults(resolve(io.cwd, lane), lane);
  const code = await executeSweep(sweep, { out: lane, dryRun, json: dryRun && options.json, noColor }, io);
  if (dryRun && !options.json) io.stdout.write(turnsText(sweep, options));
  if (dryRun || code === EXIT.interrupted || code === EXIT.terminated) return code;

  const campaign = await readCampaign(resolve(io.cwd, lane));
  return withRunner(options.limitMs, io, async ({ runner, isOver, notice }) => {
    const folderOf = (cell: string) => `${out}/turns/${cell}`;
    const markdown = comparisonMarkdown;
    let night: Awaited<ReturnType<typeof conductNight>>;
    try {
      night = await conductNight(campaign, history, runner, { ...options, folderOf, isOver, notice, markdown });
    } catch (error) {
      // The lane has ended, so its numbers are kept; what was suspect stays unclear.
      const rows = judgeNight(history, tonightOf(campaign, gates)).map(({ row }) => row);
      await appendHistory(resolve(io.cwd, historyFile), rows);
      throw error;
    }
    await appendHistory(resolve(io.cwd, historyFile), night.rows);
    const json = `${JSON.stringify(nightJson(night))}\n`;
    await writeAtomically(resolve(io.cwd, out, "night.json"), json);
    if (night.issue !== null) await writeAtomically(resolve(io.cwd, out, "issue.md"), night.issue);
    io.stdout.write(options.json ? json : nightText(night, styleOf(options, io)));
    const issue = night.issue === null ? "" : `, issue: ${out}/issue.md`;
    notice(`history: ${historyFile}${issue}`);
    return night.exitCode;
  });
}

/** Quiet on equal sides, loud on a slow one? The proof goes into the history, too. */
export async function runProof(options: NightlyOptions, io: Io): Promise<ExitCode> {
  const { config, blocks, seed, gates } = options;
  const sweep = await loadSweep(config, [], io.cwd);
  const { out, historyFile } = placesOf(sweep, options);
  if (options.dryRun) {
    const ms = blocks * 2 * turnMs(sweep);
    io.stdout.write(
      `${blocks} blocks of two turns, about ${formatSpan(ms)}; at most ${formatSpan(options.limitMs)} and one block\n`,
    );
    return EXIT.ok;
  }
  const history = await readHistory(resolve(io.cwd, historyFile));
  return withRunner(options.limitMs, io, async ({ runner, isOver, notice }) => {
    await makeDirectory(resolve(io.cwd, out, "proof"));
    const checkout = await runner.checkout(HERE);
    const run = (side: string, block: number) => {
      notice(`block ${block + 1} of ${blocks}, ${side === "old" ? "one" : "the other"} side`);
      return runner.run(checkout, { config, cell: null, folder: `${out}/proof/${side}-${block + 1}` });
    };
    const proof = await proveAlarm({ blocks, seed, gates, configHash: sweep.hash, run, isOver, history });
    if (proof === null) throw new FaultlineError("run-invalid", "not one block came to its end");
    await appendHistory(resolve(io.cwd, historyFile), proof.rows);
    const json = `${JSON.stringify(proofJson(proof))}\n`;
    await writeAtomically(resolve(io.cwd, out, "proof.json"), json);
    io.stdout.write(options.json ? json : proofText(proof, styleOf(options, io)));
    return proof.isProven ? EXIT.ok : EXIT.runInvalid;
  });
}

/** Takes a confirmed regression as meant. */
export async function acceptRegression(what: string, options: NightlyOptions, io: Io): Promise<ExitCode> {
  const sweep = await loadSweep(options.config, [], io.cwd);
  const path = resolve(io.cwd, placesOf(sweep, options).historyFile);
  const now = new Date(wallClockMs()).toISOString();
  await appendHistory(path, acceptedRows(await readHistory(path), sweep.config.name, what, now));
  io.stderr.write(`${what}: its new level is the norm from now on\n`);
  return EXIT.ok;
}

function placesOf(sweep: ResolvedSweep, { out, history }: NightlyOptions) {
  const { name } = sweep.config;
  return {
    out: out ?? `reports/${resultsFolderName(name, wallClockMs())}`,
    historyFile: history ?? `reports/history/${name}.csv`,
  };
}

/** One turn of all cells. */
function turnMs({ cells }: ResolvedSweep): number {
  return SERVICES_MS + cells.reduce((sum, { config }) => sum + estimateRunMs(config), 0);
}

function turnsText({ cells }: ResolvedSweep, { blocks, limitMs }: NightlyOptions): string {
  const longest = Math.max(...cells.map(({ config }) => estimateRunMs(config)));
  const ms = 2 * blocks * (SERVICES_MS + longest);
  return (
    `\nwhere something is suspect: old and new commit in ${blocks} blocks, up to ${formatSpan(ms)} a cell ` +
    `(installation not counted), at most ${formatSpan(limitMs)} and one block for all\n`
  );
}

function styleOf({ noColor }: NightlyOptions, io: Io) {
  return makeStyle(useColor(io.stdout, io.env, noColor));
}
