import { FaultlineError } from "../../base/errors.ts";
import { findQuery, generatorOf } from "../../queries/registry.ts";
import { drawPassive, type PassiveOptions } from "./draw-passive.ts";
import { drawReplicated, type ReplicationOptions, SIMULATED_MERGES, type SimulatedMerge } from "./draw-replicated.ts";
import { type DrawnRun, drawRun } from "./draw-run.ts";
import { FAULT_KINDS, type FaultKind } from "./protection.ts";

/** What the runs of a campaign are: plain data. `all`: one after the other. */
export type RunMode =
  | { readonly kind: "plain" | "all" }
  | ({ readonly kind: "replicated" } & ReplicationOptions)
  | ({ readonly kind: "passive" } & PassiveOptions);

export const PLAIN: RunMode = { kind: "plain" };

const DEFAULT_FACTOR = 2;
const MAX_FACTOR = 4;
const HINT =
  "recovery=passive|active|none|all, guarantee=exactly-once|at-least-once, replication.factor=1…4, replication.sources=true or replication.merge=kaZoo";

/** What `--set` and `--fault` say: `recovery=passive`, `guarantee=exactly-once`, `replication.factor=2` …; `usage` for anything else. */
export function readMode(settings: readonly string[], faults: readonly string[]): RunMode {
  const given = new Map<string, string>();
  for (const setting of settings) {
    const [, path, value] = /^([^=]+)=(.*)$/.exec(setting) ?? [];
    if (path === undefined || !isKnown(path, value!)) throw unknownSetting(setting);
    given.set(path, value!);
  }
  const isReplicated = [...given.keys()].some((path) => path.startsWith("replication."));
  const implied = isReplicated ? "active" : given.has("guarantee") || faults.length > 0 ? "passive" : "none";
  const recovery = given.get("recovery") ?? implied;
  switch (recovery) {
    case "active":
      return replicatedMode(given, faults);
    case "passive":
      return passiveMode(given, faults);
    default:
      if (given.size > 1 || faults.length > 0) throw new FaultlineError("usage", `recovery=${recovery} stands alone`);
      return recovery === "all" ? { kind: "all" } : PLAIN;
  }
}

/** Which of the queries a seed runs: all of them in plain runs, else one, because there is more to draw than data. */
export function queriesOfSeed(mode: RunMode, ids: readonly string[], seed: number): readonly string[] {
  if (mode.kind === "plain") return ids;
  const concrete = modeOfSeed(mode, seed);
  const able = concrete.kind === "replicated" ? ids.filter(canBeReplicated) : ids;
  const turn = mode.kind === "all" ? Math.floor(seed / 4) : seed;
  return able.length === 0 ? [] : [able[turn % able.length]!];
}

/** What seed `seed` does with the query. */
export function drawMode(mode: RunMode, id: string, seed: number): DrawnRun {
  const query = findQuery(id);
  const concrete = modeOfSeed(mode, seed);
  switch (concrete.kind) {
    case "replicated":
      return drawReplicated(query, seed, concrete);
    case "passive":
      return drawPassive(query, seed, concrete);
    default:
      return drawRun(query, seed);
  }
}

/** BetterCloud's rows tell the clock: replicas would not agree. */
export function canBeReplicated(id: string): boolean {
  return generatorOf(findQuery(id)) !== "bettercloud";
}

/** As options of `bench simulate`. */
export function modeText(mode: RunMode): string {
  switch (mode.kind) {
    case "plain":
      return "";
    case "all":
      return " --set recovery=all";
    case "replicated":
      return ` --set replication.factor=${mode.factor} --set replication.sources=${mode.sources}${mode.merge === undefined ? "" : ` --set replication.merge=${mode.merge}`}${mode.kill ? "" : " --fault none"}`;
    case "passive": {
      const guarantee = mode.guarantee === null ? "" : ` --set guarantee=${mode.guarantee}`;
      const faults = mode.faults?.length === 0 ? ["none"] : (mode.faults ?? []);
      return ` --set recovery=passive${guarantee}${faults.map((fault) => ` --fault ${fault}`).join("")}`;
    }
  }
}

function modeOfSeed(mode: RunMode, seed: number): RunMode {
  if (mode.kind === "replicated") return { merge: mergeOfTurn(seed), ...mode };
  if (mode.kind !== "all") return mode;
  if (seed % 4 === 0) return PLAIN;
  if (seed % 4 === 1) {
    const merge = mergeOfTurn(Math.floor(seed / 4));
    return { kind: "replicated", factor: DEFAULT_FACTOR, sources: seed % 8 === 1, kill: true, merge };
  }
  return { kind: "passive", guarantee: null, faults: null };
}

/** One after the other. */
function mergeOfTurn(turn: number): SimulatedMerge {
  return SIMULATED_MERGES[turn % SIMULATED_MERGES.length]!;
}

function isKnown(path: string, value: string): boolean {
  switch (path) {
    case "recovery":
      return ["passive", "active", "none", "all"].includes(value);
    case "guarantee":
      return ["exactly-once", "at-least-once"].includes(value);
    case "replication.factor":
      return Number.isInteger(Number(value)) && Number(value) >= 1 && Number(value) <= MAX_FACTOR;
    case "replication.merge":
      return SIMULATED_MERGES.some((merge) => merge === value);
    case "replication.sources":
      return value === "true" || value === "false";
    default:
      return false;
  }
}

function unknownSetting(setting: string): FaultlineError {
  return new FaultlineError("usage", `--set ${setting}: a simulation has no such setting`, { hint: HINT });
}

function replicatedMode(given: ReadonlyMap<string, string>, faults: readonly string[]): RunMode {
  if (given.has("guarantee")) throw new FaultlineError("usage", "replicas have no guarantee to choose");
  const unknown = faults.find((fault) => fault !== "kill" && fault !== "none");
  if (unknown !== undefined || faults.length > 1) {
    throw new FaultlineError(
      "usage",
      `--fault ${unknown ?? "none"}: a simulation of replicas knows only kill, or none`,
    );
  }
  const factor = Number(given.get("replication.factor") ?? DEFAULT_FACTOR);
  const merge = given.get("replication.merge") as SimulatedMerge | undefined;
  return {
    kind: "replicated",
    factor,
    sources: given.get("replication.sources") === "true",
    kill: faults[0] !== "none",
    ...(merge === undefined ? {} : { merge }),
  };
}

function passiveMode(given: ReadonlyMap<string, string>, faults: readonly string[]): RunMode {
  if ([...given.keys()].some((path) => path.startsWith("replication."))) {
    throw new FaultlineError("usage", "replicas have recovery=active");
  }
  const unknown = faults.find((fault) => fault !== "none" && !FAULT_KINDS.some((kind) => kind === fault));
  if (unknown !== undefined || (faults.includes("none") && faults.length > 1)) {
    throw new FaultlineError("usage", `--fault ${unknown ?? "none"}: not here`, {
      hint: `${FAULT_KINDS.join(", ")} or none`,
    });
  }
  const guarantee = (given.get("guarantee") as PassiveOptions["guarantee"] | undefined) ?? null;
  const kinds = faults.length === 0 ? null : (faults.filter((fault) => fault !== "none") as FaultKind[]);
  return { kind: "passive", guarantee, faults: kinds };
}
