/**
 * `npm test`: unit tests first, several files at a time; then the integration tests (real broker, real processes) one file
 * after the other, because they share two cores with what they measure. `npm test -- unit|integration` runs one part.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const only = process.argv[2];
const all = globSync("test/**/*.test.ts", { cwd: root }).sort();
const parts = {
  unit: all.filter((file) => !file.startsWith("test/integration/")),
  integration: all.filter((file) => file.startsWith("test/integration/")),
};

for (const [name, files] of Object.entries(parts)) {
  if (only !== undefined && only !== name) continue;
  const concurrency = name === "integration" ? ["--test-concurrency=1"] : [];
  console.error(`${name} tests: ${files.length} files`);
  const result = spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...concurrency, ...files], {
    cwd: root,
    stdio: "inherit",
  });
  if (result.status !== 0) {
    process.exitCode = result.status ?? 1;
    break;
  }
}
