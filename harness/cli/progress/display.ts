import type { Config } from "../../config/schema.ts";
import { promisedView } from "../../report/format.ts";
import { crossedThresholds, thresholdLine } from "../../report/threshold-lines.ts";
import { verifiedLines } from "../../report/verified-lines.ts";
import type { SweepEvents, SweepStart } from "../../sweep/events.ts";
import type { PlannedRun, RunResult } from "../../sweep/model.ts";
import { type RunProgress, SweepProgress } from "../../sweep/progress.ts";
import type { FeederProgress, ObserverProgress } from "../../sweep/toolbox.ts";
import type { Sink } from "../io.ts";
import { formatLatency, formatPerSecond, formatSpan } from "./format.ts";
import { paintState, type Style } from "./style.ts";

/** Least time between two redraws of the live line, and between two plain progress lines, µs. */
const REDRAW_US = 100_000;
const PLAIN_LINE_US = 5_000_000;

/** Progress for people, on stderr: one live line on a terminal, plain lines otherwise. */
export class ProgressDisplay implements SweepEvents {
  readonly #sink: Sink;
  readonly #clockUs: () => number;
  readonly #style: Style;
  readonly #progress: SweepProgress;
  #drawnUs = Number.NEGATIVE_INFINITY;
  #isLineOpen = false;

  constructor(options: { readonly sink: Sink; readonly clockUs: () => number; readonly style: Style }) {
    this.#sink = options.sink;
    this.#clockUs = options.clockUs;
    this.#style = options.style;
    this.#progress = new SweepProgress(options.clockUs);
  }

  planned(start: SweepStart): void {
    this.#progress.planned(start);
    const total = start.runs.length;
    const reused = start.reused === 0 ? "" : `, ${start.reused} of them reused from ${start.directory}`;
    this.#line(`${total} ${total === 1 ? "run" : "runs"}${reused}, about ${formatSpan(start.estimatedMs)}`);
  }

  notice(text: string): void {
    this.#line(this.#style.dim(text));
  }

  runStarted(run: PlannedRun, config: Config): void {
    this.#progress.runStarted(run, config);
    this.#drawnUs = Number.NEGATIVE_INFINITY;
    const current = this.#progress.current;
    if (current === null || this.#sink.isTTY) return;
    this.#line(this.#describe(current));
    this.#drawnUs = this.#clockUs();
  }

  phase(name: string): void {
    this.#progress.phase(name);
    if (this.#sink.isTTY) this.#draw(true);
  }

  fed(progress: FeederProgress): void {
    this.#progress.fed(progress);
    this.#draw(false);
  }

  observed(progress: ObserverProgress): void {
    this.#progress.observed(progress);
    this.#draw(false);
  }

  faultStruck(text: string): void {
    this.#progress.faultStruck(text);
    this.notice(text);
  }

  runEnded(result: RunResult): void {
    this.#progress.runEnded(result);
    const { p50, p99 } = result.latencyUs;
    const latency = `p50 ${formatLatency(p50)}  p99 ${formatLatency(p99)}`;
    const rate = `${formatPerSecond(result.achievedInputPerSecond)} of ${formatPerSecond(result.offeredPerSecond)}`;
    const verified = promisedView(result) === null ? "" : `  ${verifiedLines([result]).join("")}`;
    const state = paintState(result.state, this.#style);
    this.#line(`${this.#position(this.#progress.doneRuns)} ${result.run.id}  ${state}  ${rate}  ${latency}${verified}`);
    for (const threshold of crossedThresholds(result)) {
      this.#line(`    ${this.#style.bad("threshold")} ${thresholdLine(threshold)}`);
    }
    for (const reason of result.reasons) {
      const hint = reason.hint === undefined ? "" : ` (${reason.hint})`;
      this.#line(`    ${reason.code}: ${reason.message}${hint}`);
    }
  }

  /** Ends the live line, before something else is printed. */
  close(): void {
    this.#clear();
  }

  #position(number: number): string {
    // How many runs a search takes is known at its end.
    const { plannedRuns } = this.#progress;
    return plannedRuns === null ? `[${number}]` : `[${number}/${plannedRuns}]`;
  }

  #describe(current: RunProgress): string {
    const { run, offeredPerSecond, phase } = current;
    const parts = [`${this.#position(this.#progress.doneRuns + 1)} ${run.id}  ${phase}`];
    parts.push(`offered ${formatPerSecond(offeredPerSecond)}`);
    if (current.achievedPerSecond !== null) parts.push(`achieved ${formatPerSecond(current.achievedPerSecond)}`);
    if (current.lagUs !== null) parts.push(`lag ${formatLatency(current.lagUs)}`);
    if (current.p50Us !== null) parts.push(`≈p50 ${formatLatency(current.p50Us)}`);
    if (current.p99Us !== null) parts.push(`≈p99 ${formatLatency(current.p99Us)}`);
    const { etaMs } = this.#progress;
    if (etaMs !== null) parts.push(`ETA ${formatSpan(etaMs)}`);
    return parts.join("  ");
  }

  #draw(now: boolean): void {
    const { current } = this.#progress;
    if (current === null) return;
    const nowUs = this.#clockUs();
    const least = this.#sink.isTTY ? REDRAW_US : PLAIN_LINE_US;
    if (!now && nowUs - this.#drawnUs < least) return;
    this.#drawnUs = nowUs;
    const text = this.#describe(current);
    if (!this.#sink.isTTY) {
      this.#line(text);
      return;
    }
    const fitting = [...text].slice(0, Math.max(20, this.#sink.columns - 1)).join("");
    this.#sink.write(`\r\u001b[K${fitting}`);
    this.#isLineOpen = true;
  }

  #line(text: string): void {
    this.#clear();
    this.#sink.write(`${text}\n`);
  }

  #clear(): void {
    if (!this.#isLineOpen) return;
    this.#sink.write("\r\u001b[K");
    this.#isLineOpen = false;
  }
}
