import { FaultlineError } from "../../base/errors.ts";
import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import { findQuery, generatorOf, queryIds } from "../../queries/registry.ts";
import type { Io } from "../cli/io.ts";
import { drawReplicated, type ReplicatedResult, runReplicated } from "./run-replicated.ts";

export interface ReplicatedSimulation {
  /** Ids; [] means all that can be replicated. */
  readonly queries: readonly string[];
  readonly from: number;
  readonly seeds: number;
  readonly factor: number;
  /** Sources have replicas too. */
  readonly sources: boolean;
  /** Workers that host replicas die. */
  readonly kill: boolean;
  /** Print the hash of every trace. */
  readonly trace: boolean;
}

const DEFAULT_FACTOR = 2;
const MAX_FACTOR = 4;

/** `--set replication.factor=2`, `--set replication.sources=true`, `--fault kill`; null when none is given. `usage` for anything else. */
export function readReplication(
  settings: readonly string[],
  faults: readonly string[],
): Pick<ReplicatedSimulation, "factor" | "sources" | "kill"> | null {
  if (settings.length === 0 && faults.length === 0) return null;
  let factor = DEFAULT_FACTOR;
  let sources = false;
  for (const setting of settings) {
    const [, path, value] = /^([^=]+)=(.*)$/.exec(setting) ?? [];
    if (path === "replication.factor" && Number.isInteger(Number(value))) factor = Number(value);
    else if (path === "replication.sources" && (value === "true" || value === "false")) sources = value === "true";
    else {
      throw new FaultlineError("usage", `--set ${setting}: a simulation has no such setting`, {
        hint: "replication.factor=1…4 or replication.sources=true",
      });
    }
  }
  if (factor < 1 || factor > MAX_FACTOR) {
    throw new FaultlineError("usage", `replication.factor must be 1 to ${MAX_FACTOR}, not ${factor}`);
  }
  const unknown = faults.find((fault) => fault !== "kill");
  if (unknown !== undefined) throw new FaultlineError("usage", `--fault ${unknown}: a simulation knows only kill`);
  return { factor, sources, kill: faults.length > 0 };
}

/** What `bench simulate` does with replicas: one run after another. Exit code 4 when a seed fails. */
export async function simulateReplicated(options: ReplicatedSimulation, io: Io): Promise<ExitCode> {
  const queries = (options.queries.length === 0 ? queryIds() : options.queries).map(findQuery);
  const able = queries.filter((query) => generatorOf(query) === "nexmark");
  if (able.length < queries.length && options.queries.length > 0) {
    throw new FaultlineError("usage", "BetterCloud's rows tell the clock: replicas would not agree");
  }
  let [runs, killed, rows, failed] = [0, 0, 0, 0];
  for (let seed = options.from; seed < options.from + options.seeds; seed++) {
    for (const query of able) {
      const result = await runReplicated(drawReplicated(query, seed, options));
      runs++;
      killed += result.killed;
      rows += result.rows;
      if (options.trace) io.stdout.write(`${result.traceHash}  ${query.id} seed ${seed}\n`);
      if (result.problem === null) continue;
      failed++;
      io.stderr.write(failureText(query.id, seed, options, result));
    }
  }
  const { factor, sources } = options;
  const what = `${factor} replicas of ${sources ? "sources and inner" : "inner"} vertices`;
  io.stdout.write(`${runs} runs, ${what}, ${killed} workers killed, ${rows} rows compared, ${failed} runs failed\n`);
  return failed === 0 ? EXIT.ok : EXIT.runFailed;
}

function failureText(
  id: string,
  seed: number,
  { factor, sources, kill }: ReplicatedSimulation,
  { problem, traceTail }: ReplicatedResult,
): string {
  const fault = kill ? " --fault kill" : "";
  const settings = `--set replication.factor=${factor} --set replication.sources=${sources}${fault}`;
  const again = `bench simulate --job ${id} --from ${seed} --seeds 1 ${settings}`;
  return `${[...traceTail, `${id}, seed ${seed}: ${problem}`, `again: ${again}`].join("\n")}\n`;
}
