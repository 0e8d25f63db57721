import { Random } from "../../base/random.ts";
import type { CheckpointSettings, RestartStrategy } from "../../engine/cluster/job-spec.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { generatorOf } from "../../queries/registry.ts";
import { drawFaults } from "./draw-faults.ts";
import { type DrawnRun, drawRun } from "./draw-run.ts";
import { type DrawnSavepoint, FAULT_KINDS, type FaultKind, type PassiveProtection } from "./protection.ts";

export interface PassiveOptions {
  /** null: drawn. */
  readonly guarantee: PassiveProtection["guarantee"] | null;
  /** Kinds of faults; null: all. */
  readonly faults: readonly FaultKind[] | null;
}

/** More than any run of a few hundred events needs, however often its faults throw it back. */
export const MANY_RESTARTS = 500;

/** Time limits of transactions: longer than all faults, and shorter than some. */
export const LONG_MS = 300_000;
export const SHORT_MS = 400;

/** What seed `seed` does with the query: a job that recovers from checkpoints, and faults. */
export function drawPassive(query: QueryDefinition, seed: number, options: PassiveOptions): DrawnRun {
  const random = new Random(seed ^ 0xfa017);
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const run = drawRun(query, seed);
  // Its events come after four seconds: checkpoints all the while would take long.
  const isSlow = generatorOf(query) === "bettercloud";
  const faults = drawFaults(random, options.faults ?? FAULT_KINDS);
  const isTorn = faults.some(({ kind, store }) => kind === "store" && store === "tears");
  const guarantee = options.guarantee ?? pick("exactly-once", "exactly-once", "exactly-once", "at-least-once");
  return {
    ...run,
    // More than one worker: else there is nobody to be parted from.
    workers: pick(1, 2, 2, 3, 4),
    protection: {
      kind: "passive",
      guarantee,
      checkpoints: {
        ...drawCheckpoints(random, guarantee, isSlow),
        // An older checkpoint to go back to, or none.
        ...(isTorn ? { retain: pick(1, 4, 4) } : {}),
      },
      restart: drawRestart(random),
      spareWorkers: pick(0, 0, 1, 2),
      replaceAfterUs: pick(1_000, 50_000, 500_000),
      faults,
      savepoint: drawSavepoint(new Random(seed ^ 0x5afe)),
      ...drawDrain(new Random(seed ^ 0xd4a1)),
    },
  };
}

/** Of a random sequence of its own: what else a seed draws does not depend on it. */
function drawSavepoint(random: Random): DrawnSavepoint | null {
  const kind = random.below(4);
  return kind > 1 ? null : { delayUs: random.below(30_000), stop: kind === 1 };
}

/** Of a sequence of its own as well. */
function drawDrain(random: Random): Pick<PassiveProtection, "drainAfterUs"> {
  return random.below(4) === 0 ? { drainAfterUs: random.below(40_000) } : {};
}

function drawCheckpoints(
  random: Random,
  guarantee: PassiveProtection["guarantee"],
  isSlow: boolean,
): CheckpointSettings {
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const mode =
    guarantee === "exactly-once" ? pick("aligned", "aligned", "stop-the-world") : pick("aligned", "at-least-once");
  return {
    mode,
    intervalUs: isSlow ? pick(200_000, 1_000_000) : pick(2_000, 5_000, 20_000, 100_000),
    // Longer than what a severe world may do to a checkpoint without any fault: else none is ever complete.
    timeoutUs: pick(400_000, 1_000_000, 2_000_000),
    // Sources that stand still at every checkpoint need time to read in between.
    minPauseUs: mode === "stop-the-world" ? pick(10_000, 50_000) : pick(0, 0, 1_000, 20_000),
    toleratedFailures: pick(0, 1, 3, 10),
    retain: pick(1, 2, 3),
    keepAtEnd: pick(true, false),
    localCopies: pick(true, true, false),
    transactionTimeoutMs: isSlow ? LONG_MS : pick(LONG_MS, LONG_MS, LONG_MS, LONG_MS, LONG_MS, LONG_MS, SHORT_MS),
  };
}

function drawRestart(random: Random): RestartStrategy {
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const patient: RestartStrategy = { kind: "fixed-delay", attempts: MANY_RESTARTS, delayUs: pick(0, 1_000, 50_000) };
  return pick<RestartStrategy>(
    patient,
    patient,
    patient,
    patient,
    patient,
    { kind: "exponential-delay", initialUs: 1_000, maxUs: 100_000, multiplier: 2, resetUs: 300_000, jitter: 0.1 },
    { kind: "exponential-delay", initialUs: 10_000, maxUs: 500_000, multiplier: 1.5, resetUs: 1_000_000, jitter: 0.5 },
    { kind: "failure-rate", maxFailures: MANY_RESTARTS, intervalUs: 10_000_000, delayUs: pick(0, 10_000) },
    { kind: "fixed-delay", attempts: 1, delayUs: 0 },
    pick<RestartStrategy>({ kind: "none" }, { kind: "failure-rate", maxFailures: 1, intervalUs: 1e7, delayUs: 0 }),
  );
}
