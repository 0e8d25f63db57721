import type { SystemState } from "../systems/system.ts";
import { type CheckpointLog, hitPhase } from "./checkpoint-log.ts";
import { KINDS } from "./kinds.ts";
import type { FaultRecord } from "./model.ts";
import { durationOf, type FaultSpec } from "./schema.ts";
import { triggerText } from "./triggers.ts";

/** A record that is still being written, and what its judgement needs besides. */
export interface Draft {
  readonly spec: FaultSpec;
  /** The victim ran tasks: it must have held state, and records must have flowed. */
  isWorker: boolean;
  readonly record: { -readonly [K in keyof FaultRecord]: FaultRecord[K] } & { evidence: string[] };
}

export function newDraft(spec: FaultSpec, fault: number, strike: number, target: string, requestedUs: number): Draft {
  return {
    spec,
    isWorker: false,
    record: {
      version: 1,
      index: -1,
      fault,
      strike,
      kind: spec.kind,
      target,
      trigger: triggerText(spec),
      found: null,
      role: null,
      pid: null,
      requestedUs,
      injectedUs: null,
      observedUs: null,
      observedResolutionUs: null,
      durationMs: durationOf(spec),
      healedUs: null,
      detectedUs: null,
      recoveredUs: null,
      restoredFrom: null,
      phase: null,
      victim: null,
      inputRead: null,
      evidence: [],
      problem: null,
    },
  };
}

/** What the system said over the run, and when faults were in force. */
export interface SystemLog {
  readonly states: readonly SystemState[];
  readonly faults: readonly Span[];
  readonly checkpoints: CheckpointLog;
}

/** From injection to healing; of what does not last, its injection. Monotonic µs. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** So long after a fault, or a restart, a system is still busy with that. */
const SETTLING_US = 2_000_000;

/** Faults that were injected so far. */
export function spansOf(drafts: readonly Draft[]): readonly Span[] {
  return drafts.flatMap(({ record: { injectedUs, healedUs } }) => {
    return injectedUs === null ? [] : [{ fromUs: injectedUs, toUs: healedUs ?? injectedUs }];
  });
}

/** Another fault was in force, or the system was recovering or had just recovered: then its counters tell nothing of a victim. */
function isDisturbed(atUs: number, { states, faults }: SystemLog): boolean {
  const state = states.findLast((one) => one.atUs <= atUs);
  if (state !== undefined && (!state.running || atUs - state.atUs < SETTLING_US)) return true;
  return faults.some(({ fromUs, toUs }) => fromUs < atUs && atUs < toUs + SETTLING_US);
}

/**
 * The state in which the system shows that it noticed. Trouble after a fault that ends a process is that fault's; after one that may
 * pass unnoticed only up to the next fault.
 */
export function detectionOf({ record }: Draft, { states, faults }: SystemLog): SystemState | undefined {
  const fromUs = record.injectedUs;
  if (fromUs === null) return undefined;
  const isNoticed = KINDS[record.kind].ends === "system";
  const later = faults.flatMap((fault) => (fault.fromUs > fromUs ? [fault.fromUs] : []));
  const nextUs = isNoticed ? Number.POSITIVE_INFINITY : Math.min(...later);
  return states.find(({ atUs, troubled }) => troubled && atUs >= fromUs && atUs < nextUs);
}

/** The state in which the query runs again; the detection itself where siblings of what was lost go on, unless they soon do not. */
function runningAgain(detection: SystemState, { states }: SystemLog): SystemState | undefined {
  const later = states.filter(({ atUs }) => atUs >= detection.atUs);
  const broke = later.findIndex(({ atUs, running }) => !running && atUs <= detection.atUs + SETTLING_US);
  return later.slice(Math.max(0, broke)).find(({ running }) => running);
}

/** Fills in what the system said, and why the fault does not count if it does not. */
export function settle(draft: Draft, log: SystemLog): void {
  const { record, spec } = draft;
  const detection = detectionOf(draft, log);
  if (detection !== undefined) {
    record.detectedUs = detection.atUs;
    record.evidence.push(`${detection.state}: ${detection.cause ?? "no cause given"}`);
    const again = runningAgain(detection, log);
    record.recoveredUs = again?.atUs ?? null;
    record.restoredFrom = again?.restored ?? null;
    if (again !== undefined && again !== detection) record.evidence.push(`${again.state}, attempt ${again.attempt}`);
  }
  if (record.injectedUs !== null) record.phase = log.checkpoints.phaseAt(record.injectedUs);
  if (spec.checkpoint !== undefined && hitPhase(spec.checkpoint, record.phase ?? null) === false) {
    record.evidence.push(`missed ${spec.checkpoint}: the checkpoint was ${record.phase?.state} when it struck`);
  }
  record.problem ??= problemOf(draft, log);
}

function problemOf({ record, isWorker, spec }: Draft, log: SystemLog): string | null {
  const { injectedUs, observedUs, detectedUs, healedUs, durationMs, victim } = record;
  const { ends, unseen } = KINDS[record.kind];
  if (injectedUs === null) {
    return spec.checkpoint === undefined
      ? "the run ended before it was due"
      : `no checkpoint came to ${spec.checkpoint} before the load ended`;
  }
  if (observedUs === null) return unseen;
  if (durationMs !== null && healedUs === null) return "it was not undone when the run ended";
  if (ends === "system" && detectedUs === null) return "the system under test did not notice";
  if (!isWorker || isDisturbed(injectedUs, log)) return null;
  if (victim === null)
    return "nothing is known of what the victim was doing: the system's counters did not come in time";
  if (victim.tasks.length === 0) return "ineffective: the victim ran no task";
  if (victim.recordsIn === 0) return "ineffective: the victim had processed nothing, so it held no state";
  if (victim.recordsJustBefore <= 0) return "ineffective: no record flowed through the victim just before";
  return null;
}
