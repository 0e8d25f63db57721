/**
 * `npm test`: unit tests, then the integration tests (real broker, real processes), as many files at a time as there are cores; then those
 * that assert measured times, or use all cores themselves (`*.alone.test.ts`), one file after the other. `npm test -- unit|integration|alone` runs one part,
 * `npm test -- integration/soak` the files of one folder.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const COMPILED = fileURLToPath(new URL("../node_modules/.cache/compiled", import.meta.url));
const only = process.argv[2];
const all = globSync("test/**/*.test.ts", { cwd: root }).sort();
const isAlone = (file: string) => file.endsWith(".alone.test.ts");
const isIntegration = (file: string) => file.startsWith("test/integration/");
const parts: Readonly<Record<string, readonly string[]>> = {
  unit: all.filter((file) => !isIntegration(file) && !isAlone(file)),
  integration: all.filter((file) => isIntegration(file) && !isAlone(file)),
  alone: all.filter(isAlone),
};

function chosen(): Readonly<Record<string, readonly string[]>> {
  if (only === undefined) return parts;
  if (parts[only] !== undefined) return { [only]: parts[only] };
  return { [only]: all.filter((file) => file.startsWith(`test/${only}/`)) };
}

for (const [name, files] of Object.entries(chosen())) {
  if (files.length === 0) {
    console.error(`no tests in ${name}; parts are ${Object.keys(parts).join(", ")} and the folders of test/`);
    process.exitCode = 2;
    break;
  }
  const concurrency = name === "alone" ? 1 : availableParallelism();
  console.error(`${name} tests: ${files.length} files, ${concurrency} at a time`);
  const flags = ["--test", "--test-reporter=spec", `--test-concurrency=${concurrency}`];
  const result = spawnSync(process.execPath, [...flags, ...files], {
    cwd: root,
    stdio: "inherit",
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
  });
  if (result.status !== 0) {
    process.exitCode = result.status ?? 1;
    break;
  }
}
