import { type Censored, type FaultEffect, type FaultResult, type SloOutcome, wentOn } from "../../faults/result.ts";
import type { RunResult } from "../../sweep/model.ts";
import { FAULT_WORDS } from "../fault-words.ts";
import { integer, length, moment, verifiedText } from "../format.ts";
import { lateness } from "./lateness.ts";
import { html, type Markup } from "./markup.ts";
import { redundancyLost } from "./replication.ts";

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
      : [
          ...silence(fault, effect, endOf(fault, result)),
          ...recovery(fault, effect, endOf(fault, result)),
          ...copies(effect, result),
          ...committed(fault, result),
        ];
  const detectionMs = detectedMs === null ? null : detectedMs - observedMs;
  const sentences = [
    ...struck(fault),
    ...phase(fault),
    ...noticed(fault, observedMs, detectionMs),
    ...healed(fault, observedMs),
    ...redundancyLost(result, fault, nextFaultMs(fault, result)),
    ...followed,
  ];
  return html`<ul class="story">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
}

function nextFaultMs({ injectedMs }: FaultResult, { faults = [] }: RunResult): number {
  const later = faults.flatMap((other) =>
    other.injectedMs !== null && other.injectedMs > (injectedMs ?? 0) ? [other.injectedMs] : [],
  );
  return Math.min(Number.POSITIVE_INFINITY, ...later);
}

function struck({ kind, requestedMs, injectedMs, ...fault }: FaultResult): string[] {
  const { observedMs, observedResolutionMs: resolution, victim, effect } = fault;
  const exact = resolution === null ? "" : ` (to within ${length(resolution)})`;
  const sentences = [
    `${subjectOf({ kind, ...fault })} ${FAULT_WORDS[kind].struck}: asked for at ${moment(requestedMs)} into the load, done at ${moment(injectedMs ?? requestedMs)}, ${FAULT_WORDS[kind].seen} at ${moment(observedMs!)}${exact}.`,
  ];
  if (victim !== null) {
    sentences.push(
      `${FAULT_WORDS[kind].subject === "process" ? "It" : fault.role} ran ${victim.tasks.join(", ")} and had taken in ${integer(victim.recordsIn)} records, ${integer(victim.recordsJustBefore)} of them in a span of ${integer(victim.overMs)} ms just before.`,
    );
  }
  if (effect !== null && effect.eventsInFlight !== null) {
    sentences.push(
      `In flight: ${counted(effect.eventsInFlight, "input event")} whose results were not all out yet, and ${counted(effect.inFlight, "output")} already overdue.`,
    );
  }
  return sentences;
}

function subjectOf({
  kind,
  target,
  role,
  pid,
  found,
}: Pick<FaultResult, "kind" | "target" | "role" | "pid" | "found">): string {
  const { subject } = FAULT_WORDS[kind];
  if (subject === "store") return "The checkpoint store";
  if (subject === "link") return `The link ${target}`;
  const whom = found === null ? "" : `, meant by ${found},`;
  return `${role ?? target}${pid === null ? "" : ` (process ${pid})`}${whom}`;
}

/** Where in the checkpoints it struck. */
function phase({ phase, evidence }: FaultResult): string[] {
  if (phase === null) return [];
  const share = phase.ofInterval === null ? "" : `, ${Math.round(phase.ofInterval * 100)} % of the interval`;
  return [
    `It struck ${length(phase.sinceTriggeredMs)} after checkpoint ${phase.checkpointId} had been triggered${share}; that one was ${CHECKPOINT_WAS[phase.state]} by then.`,
    ...evidence.filter((seen) => seen.startsWith("missed ")).map((seen) => `It ${seen}.`),
  ];
}

const CHECKPOINT_WAS = {
  triggered: "under way",
  acknowledged: "acknowledged by all tasks but not complete",
  completed: "complete",
  aborted: "given up",
} as const;

function healed({ healedMs }: FaultResult, observedMs: number): string[] {
  return healedMs === null ? [] : [`It was undone ${length(healedMs - observedMs)} after it was seen.`];
}

function noticed(fault: FaultResult, observedMs: number, detectionMs: number | null): string[] {
  const { kind, recoveredMs, deployingMs, restored, detectedMs } = fault;
  if (detectionMs === null) {
    return [
      FAULT_WORDS[kind].mustBeNoticed
        ? "The system did not notice."
        : "The system did not take it for a failure: its query went on running.",
    ];
  }
  const detection =
    detectionMs < 0
      ? `The system noticed ${length(-detectionMs)} before the harness saw ${FAULT_WORDS[kind].seen === "seen gone" ? "the process gone: its connections broke first" : "it"}.`
      : `The system noticed after ${length(detectionMs)}.`;
  if (wentOn(detectedMs, recoveredMs))
    return [detection, "Its query did not stop: the replicas of what was lost went on."];
  const again =
    recoveredMs === null
      ? "Its query did not run again."
      : `Its query ran again after ${length(recoveredMs - observedMs)}${from(restored)}.`;
  const deployed =
    deployingMs === null || detectedMs === null
      ? []
      : [`${length(deployingMs - detectedMs)} after that the tasks had ended and the next attempt was deployed.`];
  return [detection, ...deployed, again];
}

function from(restored: FaultResult["restored"]): string {
  if (restored === null) return "";
  const age = restored.ageMs === null ? "" : `, which was ${length(restored.ageMs)} old when the fault struck`;
  return `, from checkpoint ${restored.checkpointId}${age}`;
}

function silence(
  { recoveredMs, observedMs, detectedMs }: FaultResult,
  { firstOutput, gap, eventsReplayed }: FaultEffect,
  end: string,
): string[] {
  if (gap === null) return [];
  if (detectedMs === null || wentOn(detectedMs, recoveredMs)) {
    if (gap.censored) return [`No new output came for ${span(gap)}: that was not over when ${end}.`];
    const lasted = gap.fromMs + gap.ms - observedMs!;
    return [
      `The longest time without a new output was ${span(gap)}; it ended ${length(lasted)} after the fault was seen.`,
    ];
  }
  if (recoveredMs === null) return [`No new output came for ${span(gap)}; none came any more.`];
  if (firstOutput === null || firstOutput.censored) return [`No new output came for ${span(gap)}.`];
  const restMs = firstOutput.ms - (recoveredMs - observedMs!);
  const replay = (eventsReplayed ?? 0) > 0 ? "; in between it read again what it had read before" : "";
  const rest = restMs > 0 ? `, ${length(restMs)} after its query ran again${replay}` : "";
  return [`No new output came for ${span(gap)}. The first one came ${span(firstOutput)} after the fault${rest}.`];
}

/** What cuts off what is still under way. */
function endOf({ fault, strike }: FaultResult, { faults = [] }: RunResult): string {
  const isAlone = faults.every((other) => other.fault === fault && other.strike === strike);
  return isAlone ? "the load ended" : "the load ended or another fault struck";
}

function recovery({ recoveredMs, detectedMs }: FaultResult, effect: FaultEffect, end: string): string[] {
  const { after, before, catchUp, slo } = effect;
  if (recoveredMs === null && detectedMs !== null) return [];
  const sentences: string[] = [];
  if (after.maxUs !== null) {
    sentences.push(
      `The latest one was ${lateness(after.maxUs)} late (${before.p50Us === null ? "too few outputs before the fault for a median" : `median before the fault ${lateness(before.p50Us)}`}).`,
    );
  }
  if (catchUp?.censored) sentences.push(`When ${end}, ${length(catchUp.ms)} after the fault, it had not caught up.`);
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
    eventsReplayed === null || eventsReplayed === 0
      ? ""
      : ` At least ${counted(eventsReplayed, "input event")} were read a second time.`;
  const outputs =
    replayed > 0
      ? `${counted(replayed, "output")} that were out already came again (replayed).`
      : "No output came twice.";
  return [lost(verified, state, reasons), `${outputs}${input}`];
}

/** The same as readers of committed data saw it. */
function committed({ committed: effect }: FaultResult, { committed: view }: RunResult): string[] {
  if (view === undefined || view.verified === null || effect == null) return [];
  const { gap, catchUp } = effect;
  const times = [
    ...(gap === null ? [] : [`no new output for ${span(gap)}`]),
    ...(catchUp === null
      ? []
      : [catchUp.censored ? `not caught up within ${length(catchUp.ms)}` : `caught up after ${length(catchUp.ms)}`]),
  ];
  return [`Readers of committed data: ${[...times, verifiedText(view.verified)].join("; ")}.`];
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
