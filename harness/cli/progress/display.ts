import { offeredRatePerSecond } from "../../config/schedule.ts";
import type { Config } from "../../config/schema.ts";
import { promisedView } from "../../report/format.ts";
import { crossedThresholds, thresholdLine } from "../../report/threshold-lines.ts";
import { verifiedLines } from "../../report/verified-lines.ts";
import type { SweepEvents, SweepStart } from "../../sweep/events.ts";
import type { PlannedRun, RunResult } from "../../sweep/model.ts";
import { estimateRunMs } from "../../sweep/plan.ts";
import type { FeederProgress, ObserverProgress } from "../../sweep/toolbox.ts";
import type { Sink } from "../io.ts";
import { formatLatency, formatPerSecond, formatSpan } from "./format.ts";
import { paintState, type Style } from "./style.ts";

/** Least time between two redraws of the live line, and between two plain progress lines, µs. */
const REDRAW_US = 100_000;
const PLAIN_LINE_US = 5_000_000;

/** What is known of the run at hand. */
interface Current {
  readonly run: PlannedRun;
  readonly config: Config;
  readonly startedUs: number;
  phase: string;
  achievedPerSecond: number | null;
  lagUs: number | null;
  p50Us: number | null;
  p99Us: number | null;
  last: { readonly atUs: number; readonly sent: number } | null;
}

/** Progress for people, on stderr: one live line on a terminal, plain lines otherwise. */
export class ProgressDisplay implements SweepEvents {
  readonly #sink: Sink;
  readonly #clockUs: () => number;
  readonly #style: Style;
  #start: SweepStart | null = null;
  #remainingMs = 0;
  #done = 0;
  #current: Current | null = null;
  #drawnUs = Number.NEGATIVE_INFINITY;
  #isLineOpen = false;

  constructor(options: { readonly sink: Sink; readonly clockUs: () => number; readonly style: Style }) {
    this.#sink = options.sink;
    this.#clockUs = options.clockUs;
    this.#style = options.style;
  }

  planned(start: SweepStart): void {
    this.#start = start;
    this.#done = start.reused;
    this.#remainingMs = start.estimatedMs;
    const total = start.runs.length;
    const reused = start.reused === 0 ? "" : `, ${start.reused} of them reused from ${start.directory}`;
    this.#line(`${total} ${total === 1 ? "run" : "runs"}${reused}, about ${formatSpan(start.estimatedMs)}`);
  }

  notice(text: string): void {
    this.#line(this.#style.dim(text));
  }

  runStarted(run: PlannedRun, config: Config): void {
    this.#current = {
      run,
      config,
      startedUs: this.#clockUs(),
      phase: "start",
      achievedPerSecond: null,
      lagUs: null,
      p50Us: null,
      p99Us: null,
      last: null,
    };
    this.#drawnUs = Number.NEGATIVE_INFINITY;
    if (!this.#sink.isTTY) this.#line(this.#describe(this.#current));
    this.#drawnUs = this.#sink.isTTY ? this.#drawnUs : this.#clockUs();
  }

  phase(name: string): void {
    if (this.#current === null) return;
    this.#current.phase = name;
    if (this.#sink.isTTY) this.#draw(true);
  }

  fed(progress: FeederProgress): void {
    const current = this.#current;
    if (current === null) return;
    const atUs = this.#clockUs();
    if (current.last !== null && atUs > current.last.atUs) {
      current.achievedPerSecond = ((progress.sent - current.last.sent) / (atUs - current.last.atUs)) * 1e6;
    }
    current.last = { atUs, sent: progress.sent };
    current.lagUs = progress.lagP99Us;
    this.#draw(false);
  }

  observed(progress: ObserverProgress): void {
    if (this.#current === null) return;
    this.#current.p50Us = progress.p50Us;
    this.#current.p99Us = progress.p99Us;
    this.#draw(false);
  }

  runEnded(result: RunResult): void {
    if (this.#current !== null) this.#remainingMs -= estimateRunMs(this.#current.config);
    this.#current = null;
    this.#done += 1;
    const { p50, p99 } = result.latencyUs;
    const latency = `p50 ${formatLatency(p50)}  p99 ${formatLatency(p99)}`;
    const rate = `${formatPerSecond(result.achievedInputPerSecond)} of ${formatPerSecond(result.offeredPerSecond)}`;
    const verified = promisedView(result) === null ? "" : `  ${verifiedLines([result]).join("")}`;
    const state = paintState(result.state, this.#style);
    this.#line(`${this.#position(this.#done)} ${result.run.id}  ${state}  ${rate}  ${latency}${verified}`);
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
    return this.#start === null ? `[${number}]` : `[${number}/${this.#start.runs.length}]`;
  }

  #describe(current: Current): string {
    const { run, config, phase } = current;
    const parts = [`${this.#position(this.#done + 1)} ${run.id}  ${phase}`];
    parts.push(`offered ${formatPerSecond(offeredRatePerSecond(config))}`);
    if (current.achievedPerSecond !== null) parts.push(`achieved ${formatPerSecond(current.achievedPerSecond)}`);
    if (current.lagUs !== null) parts.push(`lag ${formatLatency(current.lagUs)}`);
    if (current.p50Us !== null) parts.push(`≈p50 ${formatLatency(current.p50Us)}`);
    if (current.p99Us !== null) parts.push(`≈p99 ${formatLatency(current.p99Us)}`);
    if (this.#start !== null) parts.push(`ETA ${formatSpan(this.#etaMs(current))}`);
    return parts.join("  ");
  }

  #etaMs({ config, startedUs }: Current): number {
    const spentMs = Math.min((this.#clockUs() - startedUs) / 1000, estimateRunMs(config));
    return Math.max(0, this.#remainingMs - spentMs);
  }

  #draw(now: boolean): void {
    const current = this.#current;
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
