import type { Censored, FaultResult } from "../../faults/result.ts";
import type { RunResult } from "../../sweep/model.ts";
import { integer, latencyMs, NOT_MEASURED, significant } from "../format.ts";
import { html, type Markup, table } from "./markup.ts";

/** What was broken on purpose, told fault by fault, with its figures; null when nothing was. `figure`: of the n-th fault of a run. */
export function faultsSection(
  results: readonly RunResult[],
  figure: (runId: string, index: number) => Markup | null,
): Markup | null {
  const told = results.flatMap((result) => (result.faults ?? []).map((fault) => ({ result, fault })));
  if (told.length === 0) return null;
  return html`<h2 id="faults">Faults</h2>
${told.map(
  ({ result, fault }) => html`<h3>${result.run.id}: ${fault.kind} ${fault.target}</h3>
${story(fault, result)}
${figure(result.run.id, fault.index)}`,
)}
${faultTable(told)}
<p class="soft">Detection counts from the moment the fault was observed from outside. First output: the first new one of the query that runs again. Gap: the longest time without a new output around the fault. Catch-up: until no more outputs are overdue than before the fault, for at least a second. Excess: the sum over all outputs after the fault of what their latency was above the median before. “&gt;” means: not over when the load ended. A second copy of a result is never a new output.</p>`;
}

interface Told {
  readonly result: RunResult;
  readonly fault: FaultResult;
}

/** One paragraph: what struck whom, who noticed when, how long nothing came, how late it then was, what came twice or not at all. */
export function story(fault: FaultResult, { verified, state, reasons }: RunResult): Markup {
  const { kind, target, role, pid, observedMs, victim, effect } = fault;
  if (fault.problem !== null) {
    return html`<p><strong>This fault does not count</strong>: ${kind} ${target}, asked for ${time(fault.requestedMs)} into the load: ${fault.problem}.</p>`;
  }
  if (observedMs === null || effect === null) return html`<p>${kind} ${target} was not observed.</p>`;
  const held =
    victim === null
      ? ""
      : ` It ran ${victim.tasks.join(", ")} and had taken in ${integer(victim.recordsIn)} records, ${integer(victim.recordsJustBefore)} of them in a span of ${integer(victim.overMs)} ms just before.`;
  const detected =
    effect.detectionMs === null
      ? "The system did not notice."
      : `The system noticed after ${length(effect.detectionMs)}${fault.recoveredMs === null ? " and did not run again." : ` and ran again after ${length(fault.recoveredMs - observedMs)}.`}`;
  const gap =
    effect.gap === null
      ? ""
      : ` No new output came for ${span(effect.gap)}; ${fault.recoveredMs === null ? "none came any more." : ""}`;
  const late =
    fault.recoveredMs === null
      ? ""
      : `${effect.after.maxUs === null ? "" : `the latest one was ${latencyMs(effect.after.maxUs)} late (median before the fault ${latencyMs(effect.before.p50Us)}).`} ${caughtUp(effect.catchUp)}`;
  const copies =
    effect.replayed > 0
      ? ` ${integer(effect.replayed)} outputs that were out already came again (replayed).`
      : " No output came twice.";
  return html`<p>${time(observedMs)} into the load ${role ?? target} (process ${pid ?? "?"}) was gone (${kind}).${held} ${detected}${gap} ${late}${copies}${losses(verified, state, reasons)}</p>`;
}

function caughtUp(catchUp: Censored | null): string {
  if (catchUp === null) return "";
  if (catchUp.censored) return `When the load ended, ${length(catchUp.ms)} after the fault, it had not caught up.`;
  return `It had caught up ${length(catchUp.ms)} after the fault.`;
}

function losses(verified: RunResult["verified"], state: RunResult["state"], reasons: RunResult["reasons"]): string {
  if (verified === null) return " Nothing could be verified.";
  if (verified.lost === 0) return " Nothing was lost.";
  const broke = state === "failed" && !reasons.some(({ code }) => code === "guarantee-violated");
  return ` ${integer(verified.lost)} outputs of the run never came${broke ? ": it broke off" : ""}.`;
}

function faultTable(told: readonly Told[]): Markup {
  const effect = (pick: (effect: NonNullable<FaultResult["effect"]>) => string) => (row: Told) =>
    row.fault.effect === null ? NOT_MEASURED : pick(row.fault.effect);
  const column = (title: string, cell: (row: Told) => string) => ({ title, cell, numeric: true });
  return table<Told>(
    [
      { title: "run", cell: ({ result }) => html`<a href="#run-${result.run.id}">${result.run.id}</a>` },
      { title: "fault", cell: ({ fault }) => `${fault.kind} ${fault.target}` },
      column("at", ({ fault }) => (fault.observedMs === null ? NOT_MEASURED : time(fault.observedMs))),
      column(
        "detection",
        effect(({ detectionMs }) => (detectionMs === null ? NOT_MEASURED : length(detectionMs))),
      ),
      column(
        "first output",
        effect(({ firstOutput }) => span(firstOutput)),
      ),
      column(
        "gap",
        effect(({ gap }) => span(gap)),
      ),
      column(
        "catch-up",
        effect(({ catchUp }) => span(catchUp)),
      ),
      column(
        "median before",
        effect(({ before }) => latencyMs(before.p50Us)),
      ),
      column(
        "p99 before",
        effect(({ before }) => latencyMs(before.p99Us)),
      ),
      column(
        "peak p99",
        effect(({ peakP99Us }) => latencyMs(peakP99Us)),
      ),
      column(
        "max after",
        effect(({ after }) => latencyMs(after.maxUs)),
      ),
      column(
        "excess, event·s",
        effect((e) => (e.excessEventSeconds === null ? NOT_MEASURED : significant(e.excessEventSeconds))),
      ),
      column(
        "in flight",
        effect(({ inFlight }) => integer(inFlight)),
      ),
      column(
        "replayed",
        effect(({ replayed }) => integer(replayed)),
      ),
      column("lost in the run", ({ result }) =>
        result.verified === null ? NOT_MEASURED : integer(result.verified.lost),
      ),
    ],
    told,
    "Faults, their observed times and their effects. Percentiles only with enough outputs.",
  );
}

function span(value: Censored | null): string {
  if (value === null) return NOT_MEASURED;
  return `${value.censored ? "> " : ""}${length(value.ms)}`;
}

/** Milliseconds below a second, seconds from there on; three digits. */
function length(ms: number): string {
  return Math.abs(ms) < 1000 ? `${significant(ms)} ms` : `${significant(ms / 1000)} s`;
}

function time(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
