import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import { findQuery, queryIds } from "../../queries/registry.ts";
import type { QueryCatalog } from "./cross-checks.ts";
import { parseConfigDocument } from "./document.ts";
import { parseOverrides } from "./overrides.ts";
import { type ResolvedSweep, resolveSweep } from "./resolve.ts";

/** The queries of this repository. */
const catalog: QueryCatalog = {
  ids: queryIds(),
  undefinedOn: (id, data) => findQuery(id).undefinedOn(data),
};

/** Reads a config file, applies `--set` overrides, checks everything. Throws `config-unreadable`, `config-invalid` or `usage`. */
export async function loadSweep(file: string, sets: readonly string[], cwd: string): Promise<ResolvedSweep> {
  return resolveText(await readConfig(resolve(cwd, file), file), file, sets);
}

/** The same from text that was read before; `file` only names it. */
export function resolveText(text: string, file: string, sets: readonly string[]): ResolvedSweep {
  return resolveSweep(parseConfigDocument(text, file), parseOverrides(sets), catalog);
}

async function readConfig(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = systemCode(error) ?? String(error);
    throw new FaultlineError("config-unreadable", `cannot read the config ${shown}: ${why}`, {
      hint: "Give the path of a YAML file, for example configs/smoke.yaml.",
      cause: error,
    });
  }
}
