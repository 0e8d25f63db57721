/**
 * `npm run build`: the installable form of Faultline in dist/, which mirrors the tree with `.js` for `.ts`. `npm pack` runs it first.
 * Entry points named by `new URL("x.ts", import.meta.url)` get the new extension too, and files that programs read are copied.
 */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");

/** What the programs read beside themselves, besides TypeScript. */
const ASSETS = [
  "{base,generators,queries,engine,kafka,harness}/**/*.{xml,sha256,sql,json,csv,txt,html,css}",
  "configs/**",
  "harness/report/html/client/*.js",
];
const ENTRY_POINT = /(new URL\(\s*["'][^"']+)\.ts(["']\s*,\s*import\.meta\.url)/g;

function run(command: string, args: readonly string[]): { readonly ok: boolean; readonly output: string } {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return {
    ok: result.status === 0,
    output: `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`,
  };
}

function renameEntryPoints(): void {
  for (const file of globSync("**/*.js", { cwd: dist })) {
    const text = readFileSync(join(dist, file), "utf8");
    const renamed = text.replace(ENTRY_POINT, "$1.js$2");
    if (renamed !== text) writeFileSync(join(dist, file), renamed);
  }
}

function copyAssets(): void {
  for (const pattern of ASSETS) {
    for (const path of globSync(pattern, { cwd: root })) {
      cpSync(join(root, path), join(dist, path), { recursive: true });
    }
  }
}

/** The package's own description for the programs in dist/: its version, and the commit that it was built from. */
function describePackage(): void {
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
  const head = run("git", ["rev-parse", "HEAD"]);
  const status = run("git", ["status", "--porcelain"]);
  const builtFrom = {
    commit: head.ok ? head.output.trim() : null,
    dirty: status.ok ? status.output.trim() !== "" : null,
  };
  const description = { name, version, type: "module", private: true, builtFrom };
  writeFileSync(join(dist, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
}

rmSync(dist, { recursive: true, force: true });
const compiled = run(process.execPath, [
  join(root, "node_modules/typescript/bin/tsc"),
  "-p",
  join(root, "tsconfig.build.json"),
]);
if (compiled.ok) {
  renameEntryPoints();
  copyAssets();
  describePackage();
} else {
  console.error(compiled.output);
  process.exitCode = 1;
}
