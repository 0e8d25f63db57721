import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../../", import.meta.url);
/** Imports that are there when the program runs: types are erased. */
const RUNTIME_IMPORT = /^(?:import|export)\s(?!type\b)(?:[^"']*?\sfrom\s)?["'](\.[^"']+)["']/gm;

/** Paths, from the root, of all modules of ours that are loaded with `entry`. */
function loadedWith(entry: string): Set<string> {
  const seen = new Set<string>();
  const open = [new URL(entry, ROOT)];
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    const path = url.href.slice(ROOT.href.length);
    if (seen.has(path)) continue;
    seen.add(path);
    const text = readFileSync(fileURLToPath(url), "utf8");
    for (const match of text.matchAll(RUNTIME_IMPORT)) open.push(new URL(match[1]!, url));
  }
  return seen;
}

const core = (entries: readonly string[]) => {
  const modules = new Set(entries.flatMap((entry) => [...loadedWith(entry)]));
  return [...modules].filter((path) => /^engine\/(?!shell\/|simulation\/)/.test(path)).sort();
};

/** Behind the port `Log`, where a broker is otherwise: computed records, and a socket's lines. */
const CONTENTS_OF_LOGS: readonly string[] = [
  "engine/connectors/source-supplier.ts",
  "engine/connectors/socket/line-reader.ts",
  "engine/connectors/socket/line-splitter.ts",
];

test("a simulated cluster runs the very modules that real coordinators and workers run", () => {
  const real = core(["engine/shell/coordinator-main.ts", "engine/shell/worker-main.ts"]);
  const simulated = core(["engine/simulation/cluster.ts"]);
  for (const part of ["cluster/coordinator.ts", "cluster/worker.ts", "task/task.ts", "merge/arrival.ts"]) {
    assert.ok(real.includes(`engine/${part}`), `${part} is part of the real processes`);
  }
  const withoutContents = (modules: readonly string[]) => modules.filter((path) => !CONTENTS_OF_LOGS.includes(path));
  assert.deepEqual(withoutContents(simulated), withoutContents(real));
});
