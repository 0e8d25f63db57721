import { Random } from "../../base/random.ts";
import { runEnd, type StrikeRun, sleepUntil } from "./strike-run.ts";
import type { Moment } from "./triggers.ts";
import { type Looks, type Reading, readCounters } from "./victim.ts";

/** Before a fault the victim's counters are read so long before, and this long apart: two readings are needed, of a busy system one may fail. */
const LOOKS_BEFORE_MS = [1_000, 600, 200] as const;
const LOOK_AGAIN_MS = 400;
/** Counters that take longer come too late: a worker may be standing still already, or the next look is due. */
const LOOK_LIMIT_MS = 150;
const EARLY_LOOK_LIMIT_MS = 350;
/** Readings of the time before an unforeseen moment may be so old. */
const STALE_US = 1_200_000;
/** Checkpoints that may be over too soon before one is struck all the same. */
const MAX_ATTEMPTS = 5;

/** The moment has come. */
export interface Come {
  /** When exactly it was. */
  readonly requestedUs: number;
  /** The looks just before. */
  readonly looks: Looks;
}

/** Waits for a moment, and looks at the system's counters just before; null: the run, or its load, ended before. */
export function untilMoment(run: StrikeRun, moment: Moment, seed: number): Promise<Come | null> {
  if (moment.kind === "time") return untilTime(run, run.startUs + Math.round(moment.atMs * 1000));
  return untilCheckpoint(run, moment, seed);
}

async function untilTime(run: StrikeRun, requestedUs: number): Promise<Come | null> {
  let looks: Looks = { before: null, after: null };
  for (const beforeMs of LOOKS_BEFORE_MS) {
    if (!(await sleepUntil(run, requestedUs - beforeMs * 1000))) return null;
    const reading = await readCounters(run.parts, beforeMs > LOOK_AGAIN_MS ? EARLY_LOOK_LIMIT_MS : LOOK_LIMIT_MS);
    if (reading !== null) looks = { before: looks.after, after: reading };
  }
  return (await sleepUntil(run, requestedUs)) ? { requestedUs, looks } : null;
}

async function untilCheckpoint(
  run: StrikeRun,
  moment: Extract<Moment, { readonly kind: "checkpoint" }>,
  seed: number,
): Promise<Come | null> {
  const looker = new Looker(run);
  looker.start();
  try {
    const requestedUs = await untilPhase(run, moment, new Random(seed));
    return requestedUs === null ? null : { requestedUs, looks: looker.looks };
  } finally {
    looker.stop();
  }
}

/** Where a checkpoint was quicker than the drawn time, the next one is tried. */
async function untilPhase(
  run: StrikeRun,
  { phase, nth }: Extract<Moment, { readonly kind: "checkpoint" }>,
  random: Random,
): Promise<number | null> {
  const { checkpoints, warmUs, loadEndUs, stopping } = run;
  let fromUs = warmUs;
  for (let attempt = 1; ; attempt++) {
    const event = await Promise.race([checkpoints.reached(phase, attempt === 1 ? nth : 1, fromUs), runEnd(run)]);
    if (event === null || event.atUs >= loadEndUs) return null;
    if (phase !== "inAlignment") return event.atUs;
    const requestedUs = Math.round(event.atUs + checkpoints.alignmentDelayUs(random));
    await sleepUntil(run, requestedUs);
    if (stopping.aborted) return null;
    if (!checkpoints.isPast(event.checkpointId) || attempt === MAX_ATTEMPTS) return requestedUs;
    fromUs = event.atUs + 1;
  }
}

/** Reads the counters all the time, where nobody knows when they will be asked for. */
class Looker {
  readonly #run: StrikeRun;
  readonly #over = new AbortController();
  #before: Reading | null = null;
  #after: Reading | null = null;

  constructor(run: StrikeRun) {
    this.#run = run;
  }

  /** What is older tells nothing of the moment before. */
  get looks(): Looks {
    const sinceUs = this.#run.parts.monotonicUs() - STALE_US;
    const fresh = (reading: Reading | null) => (reading !== null && reading.atUs >= sinceUs ? reading : null);
    return { before: fresh(this.#before), after: fresh(this.#after) };
  }

  start(): void {
    void this.#look(); // it does not reject, and ends with `stop` or the run
  }

  stop(): void {
    this.#over.abort();
  }

  async #look(): Promise<void> {
    const { parts, stopping } = this.#run;
    const over = AbortSignal.any([this.#over.signal, stopping]);
    while (!over.aborted) {
      const reading = await readCounters(parts, EARLY_LOOK_LIMIT_MS);
      if (over.aborted) return;
      if (reading !== null) {
        this.#before = this.#after;
        this.#after = reading;
      }
      await parts.sleep(LOOK_AGAIN_MS, over);
    }
  }
}
