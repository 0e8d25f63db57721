/** `npm run check`: types, lint and format, import rules, tidy rules, dead code. Prints what failed; exit 1 when anything did. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { formatViolation, sourceFiles } from "./rules/files.ts";
import { importViolations } from "./rules/imports.ts";
import { tidyViolations } from "./rules/tidy.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const bin = (name: string) => `${root}node_modules/.bin/${name}`;

function run(name: string, command: string, args: readonly string[]): boolean {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  const ok = result.status === 0;
  console.error(`${ok ? "ok  " : "FAIL"} ${name}`);
  if (!ok) console.error(`${result.stdout}${result.stderr}${result.error?.message ?? ""}`);
  return ok;
}

function rules(): boolean {
  const files = sourceFiles(root);
  const violations = [...importViolations(files), ...tidyViolations(files)];
  console.error(`${violations.length === 0 ? "ok  " : "FAIL"} import and tidy rules (${files.length} files)`);
  for (const violation of violations) console.error(formatViolation(violation));
  return violations.length === 0;
}

const results = [
  run("types", bin("tsc"), ["--noEmit", "-p", root]),
  run("lint and format", bin("biome"), ["ci", "--colors=off", "--error-on-warnings", root]),
  rules(),
  run("dead code", bin("knip"), ["--no-progress"]),
];
process.exitCode = results.every(Boolean) ? 0 : 1;
