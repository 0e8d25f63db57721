import { Ladder } from "./ladder.ts";

/** What one probe says of its rate. `instrument`: feeder or observer gave in before the system did. `unclear`: the run tells nothing. */
export type Vote = "sustained" | "unsustained" | "instrument" | "unclear";

/** One probe that has ended. */
export interface Probe {
  /** Which of the searches it belongs to, from 0. */
  readonly search: number;
  readonly ratePerSecond: number;
  readonly vote: Vote;
}

export interface SearchSettings {
  readonly startPerSecond: number;
  readonly leastPerSecond: number;
  readonly mostPerSecond: number;
  /** Share by which neighbouring rates differ: what a search can tell apart. */
  readonly precision: number;
  /** Searches, each with probes of its own: their spread is the interval. */
  readonly searches: number;
  readonly mostProbes: number;
}

export type Purpose = "bracket" | "bisect" | "confirm";

/** How one search ended. */
export interface SearchOutcome {
  readonly search: number;
  /** Greatest rate that was sustained; null: none, down to the least. */
  readonly sustainedPerSecond: number | null;
  /** The next rate of the ladder, which was not; null: the greatest allowed rate was sustained. */
  readonly unsustainedPerSecond: number | null;
  /** What ended it from above: the system, the instrument (the system may do more), or the greatest rate allowed. */
  readonly limitedBy: "system" | "instrument" | "mostRate";
  readonly probes: number;
}

export type Step =
  | { readonly kind: "probe"; readonly search: number; readonly ratePerSecond: number; readonly purpose: Purpose }
  | { readonly kind: "done"; readonly why: "complete" | "mostProbes" | "unclear" };

export interface SearchState {
  readonly outcomes: readonly SearchOutcome[];
  readonly next: Step;
}

/** A hiccup of the machine makes the instrument late at any rate: so many of those votes make one against the rate. */
const INSTRUMENT_VOTES = 2;
/** A rate is settled by two votes that agree, or by the majority of three. */
const ENOUGH_VOTES = 3;
const ENOUGH_LEAD = 2;
/** Runs of one rate in one search that may tell nothing before the search gives up. */
const MOST_UNCLEAR = 3;

/**
 * What to do next after these probes: a pure function of the trace, so that a stored trace is also the way to resume a search.
 *
 * Each search brackets the capacity geometrically (the first one by doubling from the first rate, later ones by growing steps from
 * the capacity of the one before), bisects on the logarithmic ladder, and then confirms both sides: a single probe near the edge is a
 * coin toss, so neither side is believed before it has two votes that agree or the majority of three. A side that turns over reopens the
 * bracket. Assumed and not checked: a rate above one that is too much is too much as well.
 */
export function searchState(settings: SearchSettings, trace: readonly Probe[]): SearchState {
  const ladder = new Ladder({
    start: settings.startPerSecond,
    least: settings.leastPerSecond,
    most: settings.mostPerSecond,
    precision: settings.precision,
  });
  const outcomes: SearchOutcome[] = [];
  let [from, stride] = [0, ladder.doubling];
  for (let search = 0; search < settings.searches; search++) {
    const probes = trace.filter((probe) => probe.search === search);
    const move = nextMove(ladder, probes, from, stride);
    if (move.kind === "unclear") return { outcomes, next: { kind: "done", why: "unclear" } };
    if (move.kind === "try") {
      if (trace.length >= settings.mostProbes) return { outcomes, next: { kind: "done", why: "mostProbes" } };
      const { rung, purpose } = move;
      return { outcomes, next: { kind: "probe", search, ratePerSecond: ladder.rateOf(rung), purpose } };
    }
    outcomes.push(outcomeOf(ladder, search, probes, move));
    from = ladder.clamp(move.low ?? ladder.lowest);
    stride = 1;
  }
  return { outcomes, next: { kind: "done", why: "complete" } };
}

/** Votes of one rung. */
interface Tally {
  yes: number;
  /** Those where the system did not hold, and half of those where the instrument gave in. */
  no: number;
  instrument: number;
  unclear: number;
}

type Move =
  | { readonly kind: "try"; readonly rung: number; readonly purpose: Purpose }
  | { readonly kind: "unclear" }
  | {
      readonly kind: "end";
      readonly low: number | null;
      readonly high: number | null;
      readonly byInstrument: boolean;
    };

function nextMove(ladder: Ladder, probes: readonly Probe[], from: number, stride: number): Move {
  const tallies = tally(ladder, probes);
  const last = probes.at(-1);
  if (last === undefined) return { kind: "try", rung: from, purpose: "bracket" };
  const rungOfLast = ladder.rungOf(last.ratePerSecond);
  const ofLast = tallies.get(rungOfLast)!;
  if (last.vote === "unclear") {
    if (ofLast.unclear >= MOST_UNCLEAR) return { kind: "unclear" };
    return { kind: "try", rung: rungOfLast, purpose: ofLast.yes + ofLast.no > 0 ? "confirm" : "bracket" };
  }
  const isHiccup = last.vote === "instrument" && ofLast.instrument % INSTRUMENT_VOTES !== 0;
  if (isHiccup && !isSettled(ofLast)) return { kind: "try", rung: rungOfLast, purpose: "confirm" };
  if (ofLast.yes === ofLast.no) return { kind: "try", rung: rungOfLast, purpose: "confirm" };

  const failing = [...tallies].filter(([, { yes, no }]) => no > yes).map(([rung]) => rung);
  const high = failing.length === 0 ? null : Math.min(...failing);
  const holding = [...tallies].filter(([rung, { yes, no }]) => yes > no && (high === null || rung < high));
  const low = holding.length === 0 ? null : Math.max(...holding.map(([rung]) => rung));
  const unsettled = (rung: number | null) => rung !== null && !isSettled(tallies.get(rung)!);

  if (high === null && low! < ladder.highest) {
    const grown = Math.min(ladder.doubling, stride * 2 ** (holding.length - 1));
    return { kind: "try", rung: Math.min(ladder.highest, low! + grown), purpose: "bracket" };
  }
  if (low === null && high! > ladder.lowest) {
    const grown = Math.min(ladder.doubling, stride * 2 ** (failing.length - 1));
    return { kind: "try", rung: Math.max(ladder.lowest, high! - grown), purpose: "bracket" };
  }
  if (low !== null && high !== null && high - low > 1) {
    return { kind: "try", rung: Math.floor((low + high) / 2), purpose: "bisect" };
  }
  if (unsettled(low)) return { kind: "try", rung: low!, purpose: "confirm" };
  if (unsettled(high)) return { kind: "try", rung: high!, purpose: "confirm" };
  const above = high === null ? null : tallies.get(high)!;
  const byInstrument = above !== null && noesOfInstrument(above) * 2 > above.no;
  return { kind: "end", low, high, byInstrument };
}

function tally(ladder: Ladder, probes: readonly Probe[]): Map<number, Tally> {
  const tallies = new Map<number, Tally>();
  for (const { ratePerSecond, vote } of probes) {
    const rung = ladder.rungOf(ratePerSecond);
    const of = tallies.get(rung) ?? { yes: 0, no: 0, instrument: 0, unclear: 0 };
    tallies.set(rung, of);
    if (vote === "sustained") of.yes++;
    else if (vote === "unsustained") of.no++;
    else of[vote]++;
  }
  for (const of of tallies.values()) of.no += noesOfInstrument(of);
  return tallies;
}

function noesOfInstrument({ instrument }: Tally): number {
  return Math.floor(instrument / INSTRUMENT_VOTES);
}

function isSettled({ yes, no }: Tally): boolean {
  return yes + no >= ENOUGH_VOTES || Math.abs(yes - no) >= ENOUGH_LEAD;
}

function outcomeOf(
  ladder: Ladder,
  search: number,
  probes: readonly Probe[],
  { low, high, byInstrument }: Extract<Move, { kind: "end" }>,
): SearchOutcome {
  return {
    search,
    sustainedPerSecond: low === null ? null : ladder.rateOf(low),
    unsustainedPerSecond: high === null ? null : ladder.rateOf(high),
    limitedBy: high === null ? "mostRate" : byInstrument ? "instrument" : "system",
    probes: probes.length,
  };
}
