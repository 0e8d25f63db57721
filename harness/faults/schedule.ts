import { asFaultlineError } from "../../base/errors.ts";
import type { TaskCounters } from "../../engine/cluster/messages.ts";
import type { FaultProcess, FaultSurface, SystemState } from "../systems/system.ts";
import type { FaultDriver } from "./driver.ts";
import type { FaultRecord, FaultVictim } from "./model.ts";
import { type FaultKind, type FaultSpec, targetParts } from "./schema.ts";

/** Before a fault the victim's counters are read twice: so long before, and again this long after the first reading. */
const LOOK_BEFORE_MS = 600;
const LOOK_AGAIN_MS = 400;
/** How long the system may take to notice before the fault counts as unnoticed. */
const DETECTION_LIMIT_MS = 30_000;
/** What a stopping schedule still waits for: a sighting that is on its way. */
const STOP_GRACE_MS = 1_000;
const POLL_MS = 2;

export interface FaultScheduleParts {
  readonly faults: readonly FaultSpec[];
  /** null: the system under test lets nobody break it. */
  readonly surface: FaultSurface | null;
  counters(): Promise<readonly TaskCounters[]>;
  /** Vertices of the query that read its input. */
  readonly sources: readonly string[];
  driver(kind: FaultKind): FaultDriver;
  monotonicUs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  notice(text: string): void;
  /** Takes all records, once, at the end. */
  write(records: readonly FaultRecord[]): Promise<void>;
}

type Draft = { -readonly [K in keyof FaultRecord]: FaultRecord[K] } & { evidence: string[] };

/**
 * Inflicts the faults of one run at their times and records what became of them. A fault counts as observed when the process is gone
 * and the system has noticed. Nothing here throws into the run: a fault that did not happen is a record that says why.
 */
export class FaultSchedule {
  readonly #parts: FaultScheduleParts;
  readonly #states: SystemState[] = [];
  readonly #stopping = new AbortController();
  readonly #injected: { readonly driver: FaultDriver; readonly target: FaultProcess }[] = [];
  #drafts: readonly Draft[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(parts: FaultScheduleParts) {
    this.#parts = parts;
    parts.surface?.onState((state) => this.#states.push(state));
  }

  /** Event 0 is due at `startUs`, monotonic. Once. */
  start(startUs: number): void {
    const { faults } = this.#parts;
    this.#drafts = faults.map((fault, index) => draftOf(fault, index, startUs + Math.round(fault.at * 1000)));
    this.#running = Promise.all(faults.map((fault, index) => this.#inflict(fault, this.#drafts[index]!))).then(
      () => {},
    );
  }

  /** Heals what lasts, gives sightings that are on their way a moment, and writes the records. Faults still to come do not come. */
  async stop(): Promise<void> {
    const { sleep, write } = this.#parts;
    this.#stopping.abort();
    for (const { driver, target } of this.#injected) driver.heal(target);
    const over = new AbortController();
    await Promise.race([this.#running, sleep(STOP_GRACE_MS, over.signal)]);
    over.abort();
    for (const draft of this.#drafts) this.#settle(draft);
    await write(this.#drafts);
  }

  async #inflict(fault: FaultSpec, draft: Draft): Promise<void> {
    try {
      await this.#inflictOn(fault, draft);
    } catch (error) {
      draft.problem = `the fault could not be carried out: ${asFaultlineError(error).message}`;
    }
  }

  async #inflictOn(fault: FaultSpec, draft: Draft): Promise<void> {
    const { surface, notice, monotonicUs } = this.#parts;
    const { role, number } = targetParts(fault.target);
    const find = () => surface?.target(role, number) ?? null;
    if (!(await this.#sleepUntil(draft.requestedUs - LOOK_BEFORE_MS * 1000))) return;
    const before = await this.#look();
    if (!(await this.#sleepUntil(draft.requestedUs - (LOOK_BEFORE_MS - LOOK_AGAIN_MS) * 1000))) return;
    const after = await this.#look();
    if (!(await this.#sleepUntil(draft.requestedUs))) return;

    const target = find();
    if (target === null) {
      draft.problem = surface === null ? "this system gives no process to strike" : `there is no ${fault.target}`;
      return;
    }
    draft.role = target.role;
    draft.pid = target.pid;
    draft.victim = before === null || after === null ? null : victimOf(before, after, target.name);
    draft.inputRead = after === null ? null : inputRead(after, this.#parts.sources, draft.requestedUs);
    const driver = this.#parts.driver(fault.kind);
    draft.problem = driver.precondition(target);
    if (draft.problem !== null) return;
    surface?.expectEnd(target.pid);
    this.#injected.push({ driver, target });
    draft.injectedUs = monotonicUs();
    driver.inject(target);
    notice(`fault ${draft.index + 1}: ${fault.kind} ${fault.target} (pid ${target.pid})`);
    const sighting = await driver.observe(target);
    if (sighting === null) return;
    draft.observedUs = sighting.atUs;
    draft.observedResolutionUs = sighting.resolutionUs;
    draft.evidence.push(sighting.what);
    await this.#awaitDetection(draft);
  }

  /** Waits until the system has noticed and runs again, as far as it does; `stop` ends the waiting. */
  async #awaitDetection(draft: Draft): Promise<void> {
    const { monotonicUs, sleep } = this.#parts;
    const limitUs = monotonicUs() + DETECTION_LIMIT_MS * 1000;
    while (!this.#detection(draft) && !this.#stopping.signal.aborted && monotonicUs() < limitUs) await sleep(POLL_MS);
  }

  #detection({ injectedUs }: Draft): SystemState | undefined {
    return this.#states.find(({ atUs, troubled }) => troubled && injectedUs !== null && atUs >= injectedUs);
  }

  /** Fills in what the system said, and why the fault does not count if it does not. */
  #settle(draft: Draft): void {
    const detection = this.#detection(draft);
    if (detection !== undefined) {
      draft.detectedUs = detection.atUs;
      draft.evidence.push(`${detection.state}: ${detection.cause ?? "no cause given"}`);
      const again = this.#states.find(({ atUs, running }) => running && atUs >= detection.atUs);
      draft.recoveredUs = again?.atUs ?? null;
      if (again !== undefined) draft.evidence.push(`${again.state}, attempt ${again.attempt}`);
    }
    draft.problem ??= problemOf(draft);
  }

  /** false: the run ends before. */
  async #sleepUntil(atUs: number): Promise<boolean> {
    const { signal } = this.#stopping;
    const ms = Math.ceil((atUs - this.#parts.monotonicUs()) / 1000);
    if (ms > 0) await this.#parts.sleep(ms, signal);
    return !signal.aborted;
  }

  async #look(): Promise<Reading | null> {
    const atUs = this.#parts.monotonicUs();
    try {
      return { atUs, tasks: await this.#parts.counters() };
    } catch {
      return null; // a job that is just starting anew has no counters: then nothing is known of the victim
    }
  }
}

interface Reading {
  readonly atUs: number;
  readonly tasks: readonly TaskCounters[];
}

function victimOf(before: Reading, after: Reading, name: string): FaultVictim {
  const own = ({ tasks }: Reading) => tasks.filter(({ worker }) => worker === name);
  const records = (reading: Reading) => recordsOf(own(reading));
  return {
    tasks: own(after).map(({ vertex, subtask }) => `${vertex}/${subtask}`),
    recordsIn: records(after),
    recordsJustBefore: records(after) - records(before),
    overMs: Math.round((after.atUs - before.atUs) / 1000),
  };
}

function inputRead({ tasks, atUs }: Reading, sources: readonly string[], faultUs: number): FaultRecord["inputRead"] {
  const events = recordsOf(tasks.filter(({ vertex }) => sources.includes(vertex)));
  return { events, beforeMs: Math.round((faultUs - atUs) / 1000) };
}

function recordsOf(tasks: readonly TaskCounters[]): number {
  return tasks.reduce((sum, { recordsIn }) => sum + recordsIn, 0);
}

function problemOf({ injectedUs, observedUs, detectedUs, victim }: Draft): string | null {
  if (injectedUs === null) return "the run ended before it was due";
  if (observedUs === null) return "the process did not go";
  if (detectedUs === null) return "the system under test did not notice";
  if (victim === null || victim.recordsIn === 0)
    return "ineffective: the victim had processed nothing, so it held no state";
  if (victim.recordsJustBefore <= 0) return "ineffective: no record flowed through the victim just before";
  return null;
}

function draftOf({ kind, target }: FaultSpec, index: number, requestedUs: number): Draft {
  return {
    version: 1,
    index,
    kind,
    target,
    role: null,
    pid: null,
    requestedUs,
    injectedUs: null,
    observedUs: null,
    observedResolutionUs: null,
    detectedUs: null,
    recoveredUs: null,
    victim: null,
    inputRead: null,
    evidence: [],
    problem: null,
  };
}
