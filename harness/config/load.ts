import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import { findQuery, generatorOf, queryIds } from "../../queries/registry.ts";
import type { QueryCatalog } from "./cross-checks.ts";
import { parseConfigDocument } from "./document.ts";
import { nearest } from "./nearest.ts";
import { parseOverrides } from "./overrides.ts";
import { type ResolvedSweep, resolveSweep } from "./resolve.ts";
import type { Config } from "./schema.ts";
import { parseTrace, type ReadTrace } from "./trace.ts";

/** The queries of this repository. */
const catalog: QueryCatalog = {
  ids: queryIds(),
  undefinedOn: (id, { generator, mode }) => {
    const query = findQuery(id);
    const own = generatorOf(query);
    return own === generator ? query.undefinedOn({ mode }) : `it reads events of data.generator ${own}`;
  },
};

const MOST_TRACE_BYTES = 2 ** 20;
const READY_CONFIGS = new URL("../../configs/", import.meta.url);

/** Reads a config file, applies `--set` overrides, checks everything. Throws `config-unreadable`, `config-invalid` or `usage`. */
export async function loadSweep(file: string, sets: readonly string[], cwd: string): Promise<ResolvedSweep> {
  const path = resolve(cwd, file);
  return resolveText(await readConfig(path, file), file, sets, (trace) => readTraceFile(resolve(dirname(path), trace)));
}

/** Refuses bytes that are no UTF-8 instead of replacing them. */
export function decodeConfig(bytes: Uint8Array, shown: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FaultlineError("config-invalid", `${shown}:1:1: the file is not UTF-8 text`, {
      hint: "Save it as UTF-8.",
      cause,
    });
  }
}

/** The same from text that was read before; `file` only names it. Its traces come from `readTrace`. */
export function resolveText(text: string, file: string, sets: readonly string[], readTrace?: ReadTrace): ResolvedSweep {
  return resolveSweep(parseConfigDocument(text, file), parseOverrides(sets), catalog, readTrace);
}

/** The traces that resolved configs have in them, as a results folder keeps them. */
export function recordedTraces(configs: readonly Config[]): ReadTrace {
  return (file) => {
    for (const { load } of configs) {
      if (load.shape === "trace" && load.file === file && load.points !== undefined) return load.points;
    }
    return "the results folder does not have it";
  };
}

function readTraceFile(path: string): ReturnType<ReadTrace> {
  try {
    if (statSync(path).size > MOST_TRACE_BYTES) return `it is larger than ${MOST_TRACE_BYTES / 2 ** 20} MiB`;
    return parseTrace(readFileSync(path, "utf8"));
  } catch (error) {
    return `cannot be read: ${systemCode(error) ?? String(error)}`;
  }
}

/** The file below the caller's directory, or else the ready one of that name: an installed package has its configs elsewhere. */
export async function readConfig(path: string, shown: string): Promise<string> {
  try {
    return decodeConfig(await readFile(path), shown);
  } catch (error) {
    if (error instanceof FaultlineError) throw error;
    const why = systemCode(error) ?? String(error);
    const ready = new URL(shown.replace(/^configs\//, ""), READY_CONFIGS);
    const isOfOurs = ["configs", "configs/demo"].includes(dirname(shown));
    if (why === "ENOENT" && isOfOurs && existsSync(ready)) return readFile(ready, "utf8");
    throw unreadable(path, shown, why, error);
  }
}

function unreadable(path: string, shown: string, why: string, cause: unknown): FaultlineError {
  if (why === "EISDIR") {
    const hint = "Give a YAML file in it, for example configs/smoke.yaml.";
    return new FaultlineError("config-unreadable", `${shown} is a directory, not a config`, { hint, cause });
  }
  const what = why === "ENOENT" ? `there is no config ${shown}` : `cannot read the config ${shown}: ${why}`;
  const meant = why === "ENOENT" ? nearest(basename(path), namesBeside(path)) : null;
  const hint =
    meant === null
      ? `Paths count from the current directory; the ready configs lie in ${fileURLToPath(READY_CONFIGS)}.`
      : `Did you mean ${join(dirname(shown), meant)}?`;
  return new FaultlineError("config-unreadable", what, { hint, cause });
}

/** The configs in the directory where one was looked for. */
function namesBeside(path: string): string[] {
  const directory = dirname(path);
  return existsSync(directory) ? readdirSync(directory).filter((name) => /\.(ya?ml|json)$/.test(name)) : [];
}
