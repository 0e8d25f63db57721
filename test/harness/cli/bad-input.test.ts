import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runCli } from "../../../harness/cli/cli.ts";
import { writeCampaign } from "../serve/folders.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { fakeIo } from "./fake-io.ts";

const CONFIGS = fileURLToPath(new URL("../../../configs/", import.meta.url));
const SMOKE = join(CONFIGS, "smoke.yaml");
const NIGHTLY = join(CONFIGS, "nightly.yaml");

/** Results folders in every bad state, beside a good one. */
function places(t: TestContext): string {
  const root = temporaryFolder(t);
  writeCampaign(join(root, "good"));
  mkdirSync(join(root, "empty"));
  writeFileSync(join(root, "file"), "precious");
  const manifest = readFileSync(join(root, "good", "manifest.json"), "utf8");
  const lines = readFileSync(join(root, "good", "runs.jsonl"), "utf8").split("\n");
  const folder = (name: string, files: Readonly<Record<string, string>>) => {
    mkdirSync(join(root, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(root, name, file), text);
  };
  folder("old", { "manifest.json": '{"version": 0, "name": "old"}' });
  folder("cut", { "manifest.json": manifest.slice(0, 100) });
  folder("torn", { "manifest.json": manifest, "runs.jsonl": `${lines[0]}\n{"run"\n${lines[1]}\n` });
  folder("foreign", { "history.csv": "a,b,c\n1,2,3\n", "runs.jsonl": "{}\n", "manifest.json": manifest });
  return root;
}

test("bad input of every kind is told with what, where and a way out, and the exit code of the table", async (t) => {
  const cwd = places(t);
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ["compare god good", 2, /there is no folder \S+\/god\nhint: Did you mean \S+\/good\?/],
    ["compare good file", 2, /\/file is a file, and results are a folder\nhint: /],
    ["compare . good", 2, /has no manifest\.json\nhint: Results are in folders of it: cut, foreign, good, old, torn\./],
    ["compare good old", 2, /old\/manifest\.json is of version 0; 1 is known\nhint: /],
    ["compare good cut", 2, /cut\/manifest\.json is not valid JSON\nhint: /],
    ["compare good torn", 2, /torn\/runs\.jsonl: line 2 is no JSON\nhint: /],
    [
      "compare good foreign",
      2,
      /foreign\/runs\.jsonl: line 1 is no result of a run: version.*\nhint: .*\.\/bench analyze/,
    ],
    ["compare good good --seed -1", 2, /--seed must be .* at least 0, not -1\nhint: \.\/bench compare --help/],
    ["noise empty", 2, /empty has no manifest\.json\nhint: /],
    ["noise good old", 2, /is of version 0/],
    [`noise ${SMOKE} good`, 2, /noise runs one config, or reads results folders; .*smoke\.yaml is no folder\nhint: /],
    ["plot god", 2, /there is no folder \S+\/god\nhint: Did you mean/],
    ["plot old", 2, /is of version 0/],
    ["plot cut", 2, /cannot read \S+\/cut\/manifest\.json: it is not valid JSON\nhint: /],
    ["plot torn", 2, /line 2 is no JSON\nhint: /],
    ["analyze god", 2, /there is no folder \S+\/god\nhint: /],
    ["analyze old", 2, /is of version 0/],
    ["sweep --resume god", 2, /there is no folder \S+\/god\nhint: Did you mean/],
    ["capacity --resume cut", 2, /is not valid JSON\nhint: /],
    ["serve god", 2, /there is no folder \S+\/god\nhint: /],
    ["serve file", 2, /\/file is a file\nhint: /],
    ["serve --port 70000 good", 2, /--port must be at most 65535\nhint: /],
    [
      `nightly ${NIGHTLY} --history foreign/history.csv`,
      2,
      /is no history of bench nightly: its header is not .*\nhint: /,
    ],
    [`nightly ${NIGHTLY} --blocks 2 --dry-run`, 2, /--blocks must be .* at least 6, not 2\nhint: /],
    [`nightly ${NIGHTLY} --out file --dry-run`, 2, /file\/lane is not a folder.*\nhint: /],
    ["compare --commits HEAD . nowhere.yaml", 2, /there is no config nowhere\.yaml\nhint: /],
  ];
  const before = snapshotOf(cwd);
  for (const [line, code, expected] of cases) {
    const io = fakeIo({ cwd });
    assert.equal(await runCli(line.split(" "), io), code, `${line}: ${io.err()}`);
    assert.match(io.err(), expected, line);
    assert.match(io.err(), /^error\[[a-z-]+\]: /, line);
    assert.equal(io.out(), "", line);
  }
  assert.deepEqual(snapshotOf(cwd), before, "nothing is written, nothing is lost");
});

/** Names and contents of everything in it. */
function snapshotOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? `${path}: ${readFileSync(path, "utf8")}` : path;
    })
    .sort();
}

test("results whose raw data are gone are not lost by an analysis that cannot make them again", async (t) => {
  const cwd = temporaryFolder(t);
  writeCampaign(join(cwd, "x"), { ended: 5 });
  mkdirSync(join(cwd, "x", "raw", "q0-r1"), { recursive: true }); // killed in the middle of a run
  const before = readFileSync(join(cwd, "x", "runs.jsonl"), "utf8");
  const io = fakeIo({ cwd });
  assert.equal(await runCli(["analyze", "x"], io), 2);
  assert.match(
    io.err(),
    /\/x: raw\/ has no data of 5 of 5 runs in runs\.jsonl \(.*, …\)\nhint: Their results would be lost/,
  );
  assert.equal(readFileSync(join(cwd, "x", "runs.jsonl"), "utf8"), before);
});

test("a capacity search is planned as JSON, too", async () => {
  const io = fakeIo({ cwd: "/" });
  assert.equal(await runCli(["capacity", join(CONFIGS, "capacity.yaml"), "--dry-run", "--json"], io), 0);
  const plan = JSON.parse(io.out()) as { slo: string[]; searches: number };
  assert.ok(plan.slo.length > 0 && plan.searches > 0);
});
