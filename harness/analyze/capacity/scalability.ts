import type { Config } from "../../config/schema.ts";
import type { RunResult } from "../../sweep/model.ts";
import type { Manifest } from "../../sweep/store.ts";
import { ABSENT, differingPaths } from "../compare/differences.ts";
import type { CapacityState } from "./capacity.ts";
import type { Vote } from "./search.ts";
import { voteOf } from "./vote.ts";

/** The capacity at one parallelism, of one repetition. */
export interface ScalePoint {
  readonly query: string;
  readonly system: string;
  /** All axes but rate and parallelism, by which points belong together. */
  readonly others: Readonly<Record<string, unknown>>;
  readonly parallelism: number;
  /** Processes that share the instances: unequal resources are no scaling. */
  readonly workers: number;
  /** Search, or block of a sweep, from 1. */
  readonly repetition: number;
  /** Greatest rate sustained, events per second; null: none of those tried. */
  readonly capacityPerSecond: number | null;
  /** Nothing above was tried, or the instrument gave in first: the system may do more. */
  readonly isAtLeast: boolean;
}

interface Source {
  readonly manifest: Partial<Manifest>;
  readonly results: readonly RunResult[];
  readonly capacity: CapacityState | null;
}

/** Of a capacity search one point a search; of a sweep over parallelism and rate one a block, from its own runs. */
export function scalePoints(source: Source): readonly ScalePoint[] {
  return source.capacity === null ? ofSweep(source) : ofSearch(source, source.capacity);
}

/** Besides size and first rate, and what does not matter: how often, in which order, how called. */
const MAY_DIFFER = /^(parallelism|engine\.workers|load\.rate|query|system|name|description|repetitions|seed)(\.|$)/;

/**
 * Settings and machines in which folders are not alike, so that their capacities are no scaling of each other. A setting that only one has
 * counts if the same version wrote both: else it is a default that the later one added.
 */
export function unlikeFolders(sources: readonly Pick<Source, "manifest">[]): readonly string[] {
  const [first, ...others] = sources;
  if (first === undefined) return [];
  const machine = ({ manifest }: Pick<Source, "manifest">) => ({
    CPU: manifest.provenance?.cpuModel,
    cores: manifest.provenance?.cores,
  });
  const found = others.flatMap((other) => [
    ...differingPaths(first.manifest.config, other.manifest.config)
      .filter(({ what }) => !MAY_DIFFER.test(what))
      .filter(({ a, b }) => (a !== ABSENT && b !== ABSENT) || isSameVersion(first, other)),
    ...differingPaths(machine(first), machine(other)),
  ]);
  return [...new Set(found.map(({ what }) => what))];
}

function isSameVersion(a: Pick<Source, "manifest">, b: Pick<Source, "manifest">): boolean {
  const [x, y] = [a.manifest.provenance, b.manifest.provenance];
  return x?.commit === y?.commit && x?.faultline === y?.faultline;
}

function ofSearch({ manifest, results }: Source, { outcomes }: CapacityState): readonly ScalePoint[] {
  const [first] = results;
  if (first === undefined) return [];
  const known = { query: first.query, system: first.system, others: othersOf(first), ...sizeOf(manifest.config) };
  return outcomes.map(({ search, sustainedPerSecond, limitedBy }) => ({
    ...known,
    repetition: search + 1,
    capacityPerSecond: sustainedPerSecond,
    isAtLeast: limitedBy !== "system",
  }));
}

function ofSweep({ manifest, results }: Source): readonly ScalePoint[] {
  const judged = results.flatMap((result) => {
    const config = manifest.cells?.[result.run.cell.id] as Partial<Config> | undefined;
    // A manifest of an older version knows no service level.
    if (config?.capacity === undefined || result.offeredPerSecond === null) return [];
    return [{ result, rate: result.offeredPerSecond, vote: sustainedVote(result, config.capacity), ...sizeOf(config) }];
  });
  const ladders = Map.groupBy(judged, ({ result, parallelism, workers }) =>
    JSON.stringify([result.query, result.system, othersOf(result), parallelism, workers, result.run.block]),
  );
  return [...ladders.values()].flatMap((runs): ScalePoint[] => {
    const told = runs.filter(({ vote }) => vote !== "unclear");
    const [first] = told;
    if (first === undefined || new Set(told.map(({ rate }) => rate)).size < 2) return [];
    const { result, parallelism, workers } = first;
    const tooMuch = Math.min(...told.filter(({ vote }) => vote !== "sustained").map(({ rate }) => rate));
    const held = told.filter(({ vote, rate }) => vote === "sustained" && rate < tooMuch).map(({ rate }) => rate);
    const ended = told.find(({ rate }) => rate === tooMuch);
    return [
      {
        ...{ query: result.query, system: result.system, others: othersOf(result), parallelism, workers },
        repetition: result.run.block + 1,
        capacityPerSecond: held.length === 0 ? null : Math.max(...held),
        isAtLeast: ended === undefined || ended.vote === "instrument",
      },
    ];
  });
}

/** The service level of `capacity` held against a run of a sweep, whose own thresholds may be others. */
function sustainedVote(result: RunResult, slo: Config["capacity"]): Vote {
  const { vote } = voteOf(result, slo);
  if (vote !== "sustained") return vote;
  const { latencyUs, lagSlope, achievedInputPerSecond, offeredPerSecond } = result;
  // Without enough outputs for a p99 the other two must do: low rates of queries with few outputs are rarely too much.
  const isLate = latencyUs.p99 !== null && latencyUs.p99 > slo.p99 * 1000;
  const grows = lagSlope !== undefined && lagSlope !== null && lagSlope > slo.lagSlope;
  const isShort =
    achievedInputPerSecond !== null &&
    offeredPerSecond !== null &&
    achievedInputPerSecond < slo.achieved * offeredPerSecond;
  return isLate || grows || isShort ? "unsustained" : "sustained";
}

function othersOf({ run }: RunResult): Readonly<Record<string, unknown>> {
  const own = /^(query|system|parallelism|engine\.workers|load\.rate)$/;
  return Object.fromEntries(Object.entries(run.cell.axes).filter(([path]) => !own.test(path)));
}

function sizeOf(config: unknown): { readonly parallelism: number; readonly workers: number } {
  const { parallelism, engine } = config as Config;
  return { parallelism, workers: engine.workers };
}
