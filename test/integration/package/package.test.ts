import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "faultline-package-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, [...args], { cwd, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, stdout, stderr: `${stderr}${error === null ? "" : error.message}` });
    });
  });
}

async function succeed(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const outcome = await run(command, args, cwd);
  assert.equal(outcome.code, 0, `${command} ${args.join(" ")}:\n${outcome.stderr}\n${outcome.stdout.slice(-2000)}`);
  return outcome;
}

let packed: readonly { readonly path: string }[] = [];

before(async () => {
  const { stdout } = await succeed("npm", ["pack", "--json", "--pack-destination", scratch], ROOT);
  // Lifecycle scripts may print before it.
  const [result] = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as [{ files: { path: string }[]; filename: string }];
  packed = result.files;
  writeFileSync(join(scratch, "package.json"), '{"name": "somebody-elses-project", "private": true}\n');
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund", join(scratch, result.filename)];
  await succeed("npm", install, scratch);
});

const installed = (path: string) => join(scratch, "node_modules/faultline", path);
const faultline = (...args: string[]) => run("npx", ["--no-install", "faultline", ...args], scratch);

test("the package holds compiled programs and their files, and nothing else", () => {
  const paths = packed.map(({ path }) => path);
  const strange = paths.filter((path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$)/.test(path));
  assert.deepEqual(strange, []);
  assert.deepEqual(
    paths.filter((path) => path.endsWith(".ts")),
    [],
  );
  for (const path of [
    "harness/services/kafka/pom.xml",
    "harness/services/kafka/artifacts.sha256",
    "configs/smoke.yaml",
  ]) {
    assert.ok(paths.includes(`dist/${path}`), path);
  }
  // A file that a program names with its source's extension does not exist here.
  const programs = paths.filter((path) => path.endsWith(".js"));
  const stale = programs.filter((path) => /new URL\([^)]*\.ts["'`]/.test(readFileSync(installed(path), "utf8")));
  assert.deepEqual(stale, []);
});

test("npx faultline generate nexmark writes the golden bytes", async () => {
  for (const mode of ["classic", "head"]) {
    const { code, stdout, stderr } = await faultline(
      "generate",
      "nexmark",
      "--set",
      "events=10",
      "--set",
      `mode=${mode}`,
    );
    assert.equal(code, 0, stderr);
    const golden = readFileSync(join(ROOT, `test/golden/nexmark/${mode}-events-0-1999.jsonl`), "utf8");
    assert.equal(stdout, golden.split("\n").slice(0, 10).join("\n").concat("\n"));
  }
});

test("errors come with their exit codes", async () => {
  const { code, stderr } = await faultline("swep");
  assert.equal(code, 2);
  assert.match(stderr, /Did you mean "npx faultline sweep"/);
});

test("npx faultline sweep runs a ready config with real workers and says what it was built from", async () => {
  const tiny = ["load.duration=3s", "warmup=1s", "limits.minSamples=1", "sweep={query: [q5]}", "load.rate=1k/s"];
  const sets = tiny.flatMap((text) => ["--set", text]);
  const { code, stderr } = await faultline("sweep", "configs/smoke.yaml", "--out", "out", ...sets);
  // A busy machine can make so short a run invalid; its outputs must be right all the same.
  assert.ok(code === 0 || code === 5, `exit code ${code}:\n${stderr}`);
  const { verified } = JSON.parse(readFileSync(join(scratch, "out/runs.jsonl"), "utf8").trim()) as {
    verified: { expected: number; matched: number };
  };
  assert.ok(verified.expected > 0);
  assert.equal(verified.matched, verified.expected);
  const raw = readdirSync(join(scratch, "out/raw"));
  const record = JSON.parse(readFileSync(join(scratch, "out/raw", raw[0]!, "run.json"), "utf8")) as {
    processes: { role: string }[];
  };
  assert.ok(record.processes.filter(({ role }) => role.startsWith("worker")).length >= 2);
  const { provenance } = JSON.parse(readFileSync(join(scratch, "out/manifest.json"), "utf8")) as {
    provenance: { commit: string | null };
  };
  const description = JSON.parse(readFileSync(installed("dist/package.json"), "utf8")) as {
    builtFrom: { commit: string | null };
  };
  assert.equal(provenance.commit, description.builtFrom.commit);
  assert.ok(existsSync(join(scratch, "out/report.html")));
});
