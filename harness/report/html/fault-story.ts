import type { Censored, FaultEffect, FaultResult, SloOutcome } from "../../faults/result.ts";
import type { RunResult } from "../../sweep/model.ts";
import { integer, length, moment } from "../format.ts";
import { lateness } from "./lateness.ts";
import { html, type Markup } from "./markup.ts";

const STRUCK: Readonly<Partial<Record<FaultResult["kind"], string>>> = { kill: "was killed (SIGKILL)" };
const BOUND_FROM: Readonly<Record<SloOutcome["boundFrom"], string>> = {
  config: "as the config asks",
  p99Before: "twice the p99 before the fault",
  maxBefore: "twice the maximum before the fault; n is too small for its p99",
};
const NOT_FOLLOWED =
  "What followed for the outputs is not known: they were not compared one by one, so none was charged to its event.";

/** One fault in short sentences: who was struck when, who noticed when, how long nothing came, what was late, lost, or came twice. */
export function story(fault: FaultResult, result: RunResult): Markup {
  const { kind, target, effect } = fault;
  if (fault.problem !== null) {
    return html`<p><strong>This fault does not count</strong>: ${kind} ${target}, asked for ${moment(fault.requestedMs)} into the load: ${fault.problem}.</p>`;
  }
  const { observedMs, detectedMs } = fault;
  if (observedMs === null) return html`<p>${kind} ${target} was not observed.</p>`;
  const followed =
    effect === null
      ? [NOT_FOLLOWED]
      : [...silence(fault, effect), ...recovery(fault, effect), ...copies(effect, result)];
  const detectionMs = detectedMs === null ? null : detectedMs - observedMs;
  const sentences = [...struck(fault), ...noticed(fault, observedMs, detectionMs), ...followed];
  return html`<ul class="story">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
}

function struck({ role, target, pid, kind, requestedMs, injectedMs, ...fault }: FaultResult): string[] {
  const { observedMs, observedResolutionMs: resolution, victim, effect } = fault;
  const exact = resolution === null ? "" : ` (to within ${length(resolution)})`;
  const sentences = [
    `${role ?? target} (process ${pid ?? "?"}) ${STRUCK[kind]}: asked for at ${moment(requestedMs)} into the load, done at ${moment(injectedMs!)}, seen gone at ${moment(observedMs!)}${exact}.`,
  ];
  if (victim !== null) {
    sentences.push(
      `It ran ${victim.tasks.join(", ")} and had taken in ${integer(victim.recordsIn)} records, ${integer(victim.recordsJustBefore)} of them in a span of ${integer(victim.overMs)} ms just before.`,
    );
  }
  if (effect !== null && effect.eventsInFlight !== null) {
    sentences.push(
      `In flight: ${counted(effect.eventsInFlight, "input event")} whose results were not all out yet, and ${counted(effect.inFlight, "output")} already overdue.`,
    );
  }
  return sentences;
}

function noticed({ recoveredMs }: FaultResult, observedMs: number, detectionMs: number | null): string[] {
  if (detectionMs === null) return ["The system did not notice."];
  const detection =
    detectionMs < 0
      ? `The system noticed ${length(-detectionMs)} before the harness saw the process gone: its connections broke first.`
      : `The system noticed after ${length(detectionMs)}.`;
  const again =
    recoveredMs === null
      ? "Its query did not run again."
      : `Its query ran again after ${length(recoveredMs - observedMs)}.`;
  return [detection, again];
}

function silence(
  { recoveredMs, observedMs }: FaultResult,
  { firstOutput, gap, eventsReplayed }: FaultEffect,
): string[] {
  if (gap === null) return [];
  if (recoveredMs === null) return [`No new output came for ${span(gap)}; none came any more.`];
  if (firstOutput === null || firstOutput.censored) return [`No new output came for ${span(gap)}.`];
  const restMs = firstOutput.ms - (recoveredMs - observedMs!);
  const replay = (eventsReplayed ?? 0) > 0 ? "; in between it read again what it had read before" : "";
  const rest = restMs > 0 ? `, ${length(restMs)} after its query ran again${replay}` : "";
  return [`No new output came for ${span(gap)}. The first one came ${span(firstOutput)} after the fault${rest}.`];
}

function recovery({ recoveredMs }: FaultResult, { after, before, catchUp, slo }: FaultEffect): string[] {
  if (recoveredMs === null) return [];
  const sentences: string[] = [];
  if (after.maxUs !== null) {
    sentences.push(
      `The latest one was ${lateness(after.maxUs)} late (median before the fault ${lateness(before.p50Us)}).`,
    );
  }
  if (catchUp?.censored)
    sentences.push(`When the load ended, ${length(catchUp.ms)} after the fault, it had not caught up.`);
  else if (catchUp) sentences.push(`It had caught up ${length(catchUp.ms)} after the fault.`);
  if (slo !== null) sentences.push(restored(slo));
  return sentences;
}

function restored({ restored: { ms, censored }, boundUs, boundFrom, intervals, intervalMs }: SloOutcome): string {
  const bound = `p99 at most ${lateness(boundUs)} (${BOUND_FROM[boundFrom]}) in ${integer(intervals)} intervals of ${integer(intervalMs)} ms in a row`;
  if (censored) return `Service was not restored within ${length(ms)}: never ${bound}.`;
  if (ms === 0) return `Service kept its bound from the fault on: ${bound}.`;
  return `Service was restored for what was due from ${length(ms)} after the fault on: ${bound}.`;
}

function copies({ replayed, eventsReplayed }: FaultEffect, { verified, state, reasons }: RunResult): string[] {
  const input =
    eventsReplayed === null ? "" : ` At least ${counted(eventsReplayed, "input event")} were read a second time.`;
  const outputs =
    replayed > 0
      ? `${counted(replayed, "output")} that were out already came again (replayed).`
      : "No output came twice.";
  return [lost(verified, state, reasons), `${outputs}${input}`];
}

function lost(verified: RunResult["verified"], state: RunResult["state"], reasons: RunResult["reasons"]): string {
  if (verified === null) return "Nothing could be verified.";
  if (verified.lost === 0) return "Nothing was lost.";
  const broke = state === "failed" && !reasons.some(({ code }) => code === "guarantee-violated");
  return `${counted(verified.lost, "output")} of the run never came${broke ? ": it broke off" : ""}.`;
}

function counted(count: number, noun: string): string {
  return `${integer(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `more than 1.5 s` where it was not over when the load ended. */
function span(value: Censored): string {
  return `${value.censored ? "more than " : ""}${length(value.ms)}`;
}
