import { compareResults } from "../../analyze/cell-summary.ts";
import { promisedView } from "../../report/format.ts";
import { crossedThresholds, thresholdLine, thresholdsSummary } from "../../report/threshold-lines.ts";
import { verifiedLines } from "../../report/verified-lines.ts";
import type { RunResult, VerifySummary } from "../../sweep/model.ts";
import { type Io, useColor } from "../io.ts";
import { formatCount, formatLatency, formatPerSecond } from "./format.ts";
import { makeStyle, paintState, type Style } from "./style.ts";
import { renderTable } from "./table.ts";

export interface OutcomeOptions {
  readonly json: boolean;
  readonly noColor: boolean;
}

/** The end of a sweep: with `--json` one line per run on stdout, for people the table, the verdict and the report's path on stderr. */
export function printOutcome(results: readonly RunResult[], directory: string, options: OutcomeOptions, io: Io): void {
  if (options.json) for (const result of results) io.stdout.write(`${jsonLine(result)}\n`);
  io.stderr.write(outcomeText(results, directory, makeStyle(useColor(io.stderr, io.env, options.noColor))));
}

/** Table (by query, then rate), verdict and where the report is. */
export function outcomeText(executed: readonly RunResult[], directory: string, style: Style): string {
  const results = [...executed].sort(compareResults);
  if (results.length === 0) return `no run has ended; nothing to report in ${directory}\n`;
  const heading = ["run", "state", "offered", "achieved", "p50", "p90", "p99", "p99.9", "max", "n", "verified"];
  const rows = results.map((result) => {
    const { p50, p90, p99, p999, max, n } = result.latencyUs;
    return [
      result.run.id,
      paintState(result.state, style),
      formatPerSecond(result.offeredPerSecond),
      formatPerSecond(result.achievedInputPerSecond),
      ...[p50, p90, p99, p999, max].map(formatLatency),
      formatCount(n),
      matchedText(promisedView(result)),
    ];
  });
  return [
    "\n",
    renderTable([heading, ...rows], new Set([0, 1])),
    "\n",
    ...results.flatMap((result) => reasonLines(result, style)),
    ...results.flatMap((result) =>
      crossedThresholds(result).map(
        (one) => `${result.run.id} ${style.bad(`threshold ${CROSSED[one.state]}`)}: ${thresholdLine(one)}\n`,
      ),
    ),
    ...results.flatMap(({ run, notes = [] }) => notes.map((note) => `${run.id}: ${note}\n`)),
    results.some(({ planted }) => planted !== undefined) ? `${style.bad(PLANTED)}\n` : "",
    `${verdict(results, style)}\n`,
    `report: ${directory}/report.html\n`,
  ].join("");
}

const CROSSED = { crossed: "crossed", noData: "without data", passed: "", notJudged: "" } as const;

const PLANTED = "PLANTED: verify.plant put errors into these runs on purpose; they test the verifier, not the system";

/** The first reason of a run that is not valid; all of them are in the report and were told when it ended. */
function reasonLines(result: RunResult, style: Style): string[] {
  const [first, ...others] = result.reasons;
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return [`${result.run.id} ${paintState(result.state, style)}: ${first.code}: ${first.message}${more}\n`];
}

function verdict(results: readonly RunResult[], style: Style): string {
  const count = (state: RunResult["state"]) => results.filter((result) => result.state === state).length;
  const states = `${count("valid")} valid, ${count("invalid")} invalid, ${count("failed")} failed`;
  // Outputs can all be right in a run whose numbers cannot be trusted: red is for what failed.
  const tone = count("failed") > 0 ? style.bad : count("invalid") > 0 ? style.warn : style.good;
  const lines = verifiedLines(results).map(tone);
  const thresholds = thresholdsSummary(results);
  const judged =
    thresholds === null
      ? []
      : [results.some((one) => crossedThresholds(one).length > 0) ? style.bad(thresholds) : thresholds];
  return [...lines, ...judged, `runs: ${states}`].join("\n");
}

/** How many outputs came as expected, to the reader that the guarantee speaks of. */
function matchedText(verified: VerifySummary | null): string {
  return verified === null ? "–" : `${formatCount(verified.matched)} of ${formatCount(verified.expected)}`;
}

/** What `--json` prints per run. `verified` is what readers of uncommitted data saw. */
function jsonLine(result: RunResult): string {
  const { run, state, reasons, latencyUs, resources } = result;
  return JSON.stringify({
    run: run.id,
    cell: run.cell.id,
    repetition: run.repetition,
    state,
    reasons,
    ...(result.planted === undefined ? {} : { planted: result.planted }),
    query: result.query,
    system: result.system,
    offeredPerSecond: result.offeredPerSecond,
    achievedPerSecond: result.achievedInputPerSecond,
    latencyUs,
    ...(result.thresholds === undefined ? {} : { thresholds: result.thresholds }),
    verified: jsonCounts(result.verified),
    ...(result.committed === undefined ? {} : { verifiedCommitted: jsonCounts(result.committed.verified) }),
    cpu: Object.fromEntries(
      Object.entries(resources).map(([role, use]) => [role, { seconds: use.cpuSeconds, percent: use.cpuPercent }]),
    ),
  });
}

function jsonCounts(verified: VerifySummary | null) {
  if (verified === null) return null;
  const { expected, lost, duplicate, wrong, unexpected, premature, outOfOrder } = verified;
  return { expected, lost, duplicate, wrong, unexpected, premature, outOfOrder };
}
