import { asFaultlineError } from "../../base/errors.ts";
import { Random } from "../../base/random.ts";
import type { FaultPlace, FaultProcess } from "../systems/system.ts";
import { type Draft, newDraft } from "./draft.ts";
import type { FaultDriver } from "./driver.ts";
import { KINDS } from "./kinds.ts";
import { isLinkFault } from "./link/link-faults.ts";
import { endsOfTarget } from "./link/link-target.ts";
import { aimsOf, durationOf, type FaultSpec } from "./schema.ts";
import { isStoreFault } from "./store/store-faults.ts";
import { type Come, untilMoment } from "./strike-moment.ts";
import { runEnd, type StrikeRun, sleepUntil } from "./strike-run.ts";
import { processesAt, resolveTargets, type Struck } from "./targets.ts";
import { parseTaskTarget } from "./task-target.ts";
import type { Moment } from "./triggers.ts";
import { inputReadAt, readCounters, victimOf } from "./victim.ts";
import { zoneOfTarget } from "./zone-target.ts";

/** A target that is not there yet, its replacement being on its way, is waited for so long. */
const TARGET_LIMIT_MS = 5_000;
const TARGET_POLL_MS = 20;
/** Counters that take longer are asked for again. */
const LOOK_LIMIT_MS = 150;
/** So long after a pause a process may find out that it was given up, and end. */
const LINGER_US = 10_000_000;

/** One fault striking once, at all its targets: waits for its moment, strikes, looks, heals, and keeps the records. */
export class Strike {
  /** One a process that was struck; before that, one for all of them. */
  drafts: readonly Draft[];
  readonly #run: StrikeRun;
  readonly #fault: FaultSpec;
  /** In the config's list, from 0. */
  readonly #position: number;
  /** Which strike of this fault, from 1. */
  readonly #nth: number;
  readonly #moment: Moment;
  readonly #seed: number;
  readonly #healing: Promise<void>[] = [];

  constructor(run: StrikeRun, fault: FaultSpec, position: number, nth: number, moment: Moment, seed: number) {
    this.#run = run;
    this.#fault = fault;
    this.#position = position;
    this.#nth = nth;
    this.#moment = moment;
    this.#seed = seed;
    // A moment that never comes could have come up to the end of the load.
    const requestedUs = moment.kind === "time" ? run.startUs + Math.round(moment.atMs * 1000) : run.loadEndUs;
    const written = aimsOf(fault).map((aim) => aim.written);
    this.drafts = [newDraft(fault, position, nth, written.join(", "), requestedUs)];
  }

  /** Resolves when the fault is over. Never rejects: one that did not happen is a record that says why. */
  async carryOut(): Promise<void> {
    try {
      const come = await untilMoment(this.#run, this.#moment, this.#seed);
      if (come === null) return;
      const struck = await this.#find(come);
      if (struck !== null) await this.#strikeAll(struck, come);
    } catch (error) {
      for (const { record } of this.drafts) record.problem ??= notCarriedOut(error);
    }
  }

  /** Resolves when everything that lasts is undone; at once when nothing was begun. */
  async healed(): Promise<void> {
    await Promise.all(this.#healing);
  }

  /** Who is to be struck; null, with the reason in the record: they were not there in time. */
  async #find({ requestedUs, looks }: Come): Promise<readonly Struck[] | null> {
    const { parts, stopping } = this.#run;
    const { record } = this.drafts[0]!;
    record.requestedUs = requestedUs;
    const limitUs = parts.monotonicUs() + TARGET_LIMIT_MS * 1000;
    let tasks = (looks.after ?? looks.before)?.tasks ?? [];
    // Leadership changes hands: who leads is asked at the last moment.
    if (this.#aimsAtLeadership) tasks = (await readCounters(parts, LOOK_LIMIT_MS))?.tasks ?? tasks;
    for (;;) {
      const { vertices = {} } = parts;
      const scene = { places: parts.surface?.places() ?? [], brokerPid: parts.brokerPid(), tasks, vertices };
      const found = resolveTargets(aimsOf(this.#fault), { ...scene, random: new Random(this.#seed) });
      if (typeof found !== "string") return found;
      record.problem = parts.surface === null ? "this system gives no process to strike" : found;
      if (parts.surface === null || stopping.aborted || parts.monotonicUs() >= limitUs) return null;
      await parts.sleep(TARGET_POLL_MS, stopping);
      tasks = (await readCounters(parts, LOOK_LIMIT_MS))?.tasks ?? tasks;
    }
  }

  get #aimsAtLeadership(): boolean {
    return aimsOf(this.#fault).some(({ target }) => (parseTaskTarget(target)?.role ?? null) !== null);
  }

  async #strikeAll(struck: readonly Struck[], come: Come): Promise<void> {
    const driver = this.#run.parts.driver(this.#fault, this.#seed);
    const strikes = struck.map((one) => ({ process: one.process, draft: this.#draftFor(one, come) }));
    this.drafts = strikes.map(({ draft }) => draft);
    for (const { draft, process } of strikes) draft.record.problem = await driver.precondition(process);
    const ready = strikes.filter(({ draft }) => draft.record.problem === null);
    this.#expectEnds(ready.map(({ process }) => process));
    await Promise.all(ready.map(({ draft, process }) => this.#strike(driver, draft, process)));
  }

  #draftFor({ target, process, isWorker, found }: Struck, { looks, requestedUs }: Come): Draft {
    const draft = newDraft(this.#fault, this.#position, this.#nth, target, requestedUs);
    const { record } = draft;
    draft.isWorker = isWorker;
    record.role = process.role;
    record.pid = process.pid;
    record.found = found;
    if (isWorker) record.victim = victimOf(looks, process.name, this.#run.parts.vertices);
    record.inputRead = inputReadAt(looks, this.#run.parts.sources, requestedUs);
    return draft;
  }

  async #strike(driver: FaultDriver, draft: Draft, process: FaultProcess): Promise<void> {
    const { parts, detected } = this.#run;
    const { record } = draft;
    const { ends } = KINDS[this.#fault.kind];
    record.injectedUs = parts.monotonicUs();
    const injected = (async () => driver.inject(process))();
    const sighted = injected.then(() => driver.observe(process));
    // A broker must have been seen gone before it comes back.
    this.#healing.push(this.#healInTime(driver, draft, process, ends === "broker" ? sighted : injected));
    const pid = isLinkFault(this.#fault) || isStoreFault(this.#fault) ? "" : ` (pid ${process.pid})`;
    parts.notice(`fault ${this.#position + 1}: ${record.kind} ${record.found ?? record.target}${pid}`);
    try {
      const sighting = await sighted;
      if (sighting !== null) {
        record.observedUs = sighting.atUs;
        record.observedResolutionUs = sighting.resolutionUs;
        record.evidence.push(sighting.what);
        if (ends === "system") await detected(draft);
      }
    } catch (error) {
      record.problem ??= notCarriedOut(error);
    }
    await this.healed();
  }

  /** Heals when its duration is over, or the run; whether `begun` came to a good end or not. Never rejects. */
  async #healInTime(driver: FaultDriver, draft: Draft, process: FaultProcess, begun: Promise<unknown>): Promise<void> {
    const { record } = draft;
    const { parts } = this.#run;
    const durationMs = durationOf(this.#fault);
    await begun.catch(() => {}); // `#strike` tells
    if (durationMs === null) await runEnd(this.#run);
    else await sleepUntil(this.#run, record.injectedUs! + durationMs * 1000);
    try {
      await driver.heal(process);
      if (durationMs !== null) record.healedUs = parts.monotonicUs();
    } catch (error) {
      record.problem ??= `it could not be healed: ${asFaultlineError(error).message}`;
    }
    if (KINDS[this.#fault.kind].ends === null) this.#expectEnds([process], parts.monotonicUs() + LINGER_US);
  }

  /** A process that stands still or is cut off may be given up by the system, and ends when it finds out. */
  #expectEnds(struck: readonly FaultProcess[], untilUs?: number): void {
    const { surface } = this.#run.parts;
    if (surface === null || struck.length === 0) return;
    const cutOff = isLinkFault(this.#fault) ? cutOffBy(this.#fault.target, surface.places()) : [];
    for (const pid of new Set([...struck.map((process) => process.pid), ...cutOff])) surface.expectEnd(pid, untilUs);
  }
}

/** Processes that a broken link may cut off from their coordinator: its ends; where no worker is named, everybody. */
function cutOffBy(link: string, places: readonly FaultPlace[]): readonly number[] {
  const ends = endsOfTarget(link);
  const named = ends.flatMap((end) => processesAt(end, places)).map(({ pid }) => pid);
  const all = places.flatMap(({ process }) => process?.pid ?? []);
  return ends.some((end) => end.startsWith("worker/") || zoneOfTarget(end) !== null) ? named : all;
}

function notCarriedOut(error: unknown): string {
  return `the fault could not be carried out: ${asFaultlineError(error).message}`;
}
