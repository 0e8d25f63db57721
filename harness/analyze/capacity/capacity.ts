import { FaultlineError } from "../../../base/errors.ts";
import type { Config } from "../../config/schema.ts";
import { parseRate } from "../../config/units.ts";
import type { RunResult } from "../../sweep/model.ts";
import type { Manifest } from "../../sweep/store.ts";
import { type CapacityAnswer, capacityAnswer } from "./answer.ts";
import { type Probe, type Purpose, type SearchOutcome, type SearchSettings, type Step, searchState } from "./search.ts";
import { sloThresholds, voteOf } from "./vote.ts";

/** One probe as the trace tells it. */
export interface CapacityStep extends Probe {
  /** From 1, over all searches. */
  readonly step: number;
  readonly run: string;
  readonly purpose: Purpose;
  readonly why: string;
  readonly result: RunResult;
}

/** All that follows from the probes that have ended: derived, so that a stored search resumes and is drawn from its runs alone. */
export interface CapacityState {
  readonly settings: SearchSettings;
  /** What a rate must hold, as text. */
  readonly slo: readonly string[];
  readonly steps: readonly CapacityStep[];
  readonly outcomes: readonly SearchOutcome[];
  readonly next: Step;
  readonly answer: CapacityAnswer;
}

/** The search that a config asks for. `load` must be constant (the command checks it). */
function searchSettings({ capacity, load }: Config): SearchSettings {
  const { least, most, precision, searches, probes } = capacity;
  const wanted = load.shape === "constant" ? load.rate : least;
  return {
    startPerSecond: Math.min(most, Math.max(least, wanted)),
    leastPerSecond: least,
    mostPerSecond: most,
    precision,
    searches,
    mostProbes: probes,
  };
}

/** The state of the search after these runs, in any order. Throws `results-unreadable` for runs that are no probes. */
export function capacityState(config: Config, results: readonly RunResult[]): CapacityState {
  const settings = searchSettings(config);
  const ordered = [...results].sort((a, b) => a.run.order - b.run.order);
  const steps: CapacityStep[] = [];
  for (const result of ordered) {
    const { vote, why } = voteOf(result, config.capacity);
    const { next } = searchState(settings, steps);
    const purpose = next.kind === "probe" ? next.purpose : "confirm";
    const { id, block } = result.run;
    const probe = { step: steps.length + 1, run: id, purpose, search: block, ratePerSecond: rateOf(result), vote, why };
    steps.push({ ...probe, result });
  }
  const { outcomes, next } = searchState(settings, steps);
  const slo = [...sloThresholds(config.capacity), ...config.thresholds].map(({ text }) => text);
  return { settings, slo, steps, outcomes, next, answer: capacityAnswer(outcomes) };
}

/** The search that a results folder holds; null for a folder of `bench sweep`. `manifest`: as stored. */
export function storedCapacity(manifest: unknown, results: readonly RunResult[]): CapacityState | null {
  const { kind, config } = manifest as Partial<Manifest>;
  return kind === "capacity" ? capacityState(config as Config, results) : null;
}

function rateOf({ run }: RunResult): number {
  const parsed = parseRate(run.cell.axes["load.rate"]);
  if (parsed.ok) return parsed.value;
  throw new FaultlineError("results-unreadable", `run ${run.id} is no probe of a capacity search: it has no load.rate`);
}
