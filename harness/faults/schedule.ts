import { Random } from "../../base/random.ts";
import type { SystemState } from "../systems/system.ts";
import { CheckpointLog } from "./checkpoint-log.ts";
import { type Draft, detectionOf, newDraft, type SystemLog, settle, spansOf } from "./draft.ts";
import type { FaultRecord } from "./model.ts";
import { aimsOf, type FaultSpec } from "./schema.ts";
import { Strike } from "./strike.ts";
import type { StrikeParts, StrikeRun } from "./strike-run.ts";
import { type LoadFacts, momentsOf } from "./triggers.ts";

/** How long the system may take to notice before the fault counts as unnoticed. */
const DETECTION_LIMIT_MS = 30_000;
/** What a stopping schedule still waits for: that faults are undone, a broker that starts included; then a sighting on its way. */
const HEAL_LIMIT_MS = 15_000;
const STOP_GRACE_MS = 1_000;
const POLL_MS = 2;

export interface FaultScheduleParts extends StrikeParts {
  readonly faults: readonly FaultSpec[];
  readonly load: LoadFacts;
  /** Decides what is left to chance: moments, workers. */
  readonly seed: number;
  /** Takes all records, once, at the end. */
  write(records: readonly FaultRecord[]): Promise<void>;
}

/**
 * Inflicts the faults of one run at their moments and records what became of them. Nothing here throws into the run: a fault that did
 * not happen is a record that says why.
 */
export class FaultSchedule {
  readonly #parts: FaultScheduleParts;
  readonly #states: SystemState[] = [];
  readonly #checkpoints = new CheckpointLog();
  readonly #stopping = new AbortController();
  #strikes: readonly Strike[] = [];
  /** Of faults that chance gave no moment. */
  #without: readonly Draft[] = [];
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: FaultScheduleParts) {
    this.#parts = parts;
    parts.surface?.onState((state) => this.#states.push(state));
    parts.surface?.onCheckpoint((event) => this.#checkpoints.add(event));
  }

  /** Event 0 is due at `startUs`, monotonic. Once. */
  start(startUs: number): void {
    const { faults, load, seed } = this.#parts;
    const run = this.#runFrom(startUs);
    const strikes = faults.map((fault, position) => {
      const moments = momentsOf(fault, load, new Random(seedOf(seed, position, 0)));
      return moments.map((moment, n) => {
        return new Strike(run, fault, position, n + 1, moment, seedOf(seed, position, n + 1));
      });
    });
    this.#strikes = strikes.flat();
    this.#without = faults.flatMap((fault, position) => {
      return strikes[position]!.length === 0 ? [neverStruck(fault, position, run.loadEndUs)] : [];
    });
    this.#running = Promise.all(this.#strikes.map((strike) => strike.carryOut()));
  }

  /** Heals what lasts, gives sightings that are on their way a moment, and writes the records. Faults still to come do not come. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#within(HEAL_LIMIT_MS, Promise.all(this.#strikes.map((strike) => strike.healed())));
    await this.#within(STOP_GRACE_MS, this.#running);
    const drafts = this.#drafts();
    const log = this.#log(drafts);
    for (const draft of drafts) settle(draft, log);
    for (const [index, { record }] of drafts.entries()) record.index = index;
    await this.#parts.write(drafts.map(({ record }) => record));
  }

  /** Waits for `work`, or so long. */
  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    await Promise.race([work, this.#parts.sleep(ms, over.signal)]);
    over.abort();
  }

  #runFrom(startUs: number): StrikeRun {
    const { load } = this.#parts;
    return {
      parts: this.#parts,
      checkpoints: this.#checkpoints,
      startUs,
      warmUs: startUs + load.warmupMs * 1000,
      loadEndUs: startUs + load.endMs * 1000,
      stopping: this.#stopping.signal,
      detected: (draft) => this.#detected(draft),
    };
  }

  /** In the order of the config, and of time within a fault. */
  #drafts(): readonly Draft[] {
    const drafts = [...this.#strikes.flatMap((strike) => strike.drafts), ...this.#without];
    return drafts.sort((a, b) => (a.record.fault ?? 0) - (b.record.fault ?? 0));
  }

  #log(drafts: readonly Draft[]): SystemLog {
    return { states: this.#states, faults: spansOf(drafts), checkpoints: this.#checkpoints };
  }

  /** Waits until the system has noticed; `stop` ends the waiting. */
  async #detected(draft: Draft): Promise<void> {
    const { monotonicUs, sleep } = this.#parts;
    const limitUs = monotonicUs() + DETECTION_LIMIT_MS * 1000;
    const isOpen = () => detectionOf(draft, this.#log([])) === undefined && !this.#stopping.signal.aborted;
    while (isOpen() && monotonicUs() < limitUs) await sleep(POLL_MS);
  }
}

/** Different for every strike, the same in every run with the same seed. */
function seedOf(seed: number, position: number, nth: number): number {
  return (seed + Math.imul(position + 1, 0x9e3779b1) + Math.imul(nth, 0x85ebca77)) >>> 0;
}

function neverStruck(fault: FaultSpec, position: number, loadEndUs: number): Draft {
  const targets = aimsOf(fault).map(({ written }) => written);
  const draft = newDraft(fault, position, 1, targets.join(", "), loadEndUs);
  draft.record.problem = "none of its random moments fell into the load";
  return draft;
}
