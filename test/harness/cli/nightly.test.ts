import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { runCli } from "../../../harness/cli/cli.ts";
import { nightJson } from "../../../harness/cli/nightly/json.ts";
import { nightText } from "../../../harness/cli/nightly/text.ts";
import { makeStyle } from "../../../harness/cli/progress/style.ts";
import { appendHistory, readHistory } from "../../../harness/nightly/history-file.ts";
import { historyOf, nightOf, type World } from "../nightly/fake-night.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { fakeIo } from "./fake-io.ts";

const GOOD: World = { codeOf: (commit) => (commit.startsWith("bad") ? 1.4 : 1), commit: "good" };
const BAD: World = { ...GOOD, commit: "bad0000000" };
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

async function bench(cwd: string, ...argv: string[]) {
  const io = fakeIo({ cwd });
  const code = await runCli(argv, io);
  return { code, out: io.out(), err: io.err() };
}

/** A folder with a config of the lane and a history that ends with a regression. */
async function regressed(t: TestContext): Promise<string> {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, "lane.yaml"), "name: lane\nquery: q0\n");
  const { history } = await historyOf(8, GOOD);
  const night = await nightOf(8, history, BAD);
  await appendHistory(join(cwd, "h.csv"), [...history, ...night.rows]);
  return cwd;
}

describe("bench nightly", () => {
  it("plans a night and what a suspicion would take, within 40 minutes", async () => {
    const { code, out } = await bench(ROOT, "nightly", "configs/nightly.yaml", "--dry-run");
    assert.equal(code, 0);
    const [, minutes] = /seed 1, about (\d+) min/.exec(out)!;
    const [, most] = /at most (\d+) min .*and one block/.exec(out)!;
    assert.ok(Number(minutes) + Number(most) <= 35, out);
    assert.match(out, /canary-r1/);
    const json = JSON.parse((await bench(ROOT, "sweep", "configs/nightly.yaml", "--dry-run", "--json")).out);
    assert.deepEqual([...new Set(json.runs.map((run: { cell: string }) => run.cell))].sort(), [
      "canary",
      "q0-steady",
      "q5-killed",
    ]);
  });

  it("plans the proof of the alarm", async () => {
    const { code, out } = await bench(ROOT, "nightly", "configs/nightly.yaml", "--self-test", "--dry-run");
    assert.equal(code, 0);
    assert.match(out, /^12 blocks of two turns, about \d+ min/);
  });

  it("reads the history before it measures", async (t) => {
    const cwd = await regressed(t);
    writeFileSync(join(cwd, "broken.csv"), "time,value\n1,2\n");
    const { code, err } = await bench(cwd, "nightly", "lane.yaml", "--history", "broken.csv");
    assert.equal(code, 2);
    assert.match(err, /broken\.csv is no history of bench nightly/);
  });

  it("refuses a folder that has a night already: its numbers are not tonight's", async (t) => {
    const cwd = await regressed(t);
    mkdirSync(join(cwd, "out", "lane"), { recursive: true });
    writeFileSync(join(cwd, "out", "lane", "manifest.json"), "{}");
    const { code, err } = await bench(cwd, "nightly", "lane.yaml", "--history", "h.csv", "--out", "out");
    assert.deepEqual([code, /out\/lane has results already/.test(err)], [2, true], err);
  });

  it("takes a regression as meant, once, and names those that there are", async (t) => {
    const cwd = await regressed(t);
    const accept = (what: string) => bench(cwd, "nightly", "lane.yaml", "--history", "h.csv", "--accept", what);
    const wrong = await accept("q0:p99");
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /hint: There are q0:p50, q0:cpu\./);
    const before = readFileSync(join(cwd, "h.csv"), "utf8");
    assert.equal((await accept("q0:p50")).code, 0);
    assert.ok(readFileSync(join(cwd, "h.csv"), "utf8").startsWith(before));
    assert.equal((await readHistory(join(cwd, "h.csv"))).at(-1)!.outcome, "accepted");
    assert.equal((await accept("q0:p50")).code, 2);
  });

  it("refuses what it does not know", async (t) => {
    const cwd = await regressed(t);
    assert.match(
      (await bench(cwd, "nightly", "lane.yaml", "--gate", "p98")).err,
      /there is no "p98"\nhint: There are p50/,
    );
    assert.match((await bench(cwd, "nightly", "lane.yaml", "--blocks", "3")).err, /at least 6/);
    assert.equal((await bench(cwd, "nightly", "nowhere.yaml")).code, 2);
    assert.equal((await bench(cwd, "nightly")).code, 2);
  });

  it("tells a night in words and to machines", async () => {
    const { history } = await historyOf(8, GOOD);
    const night = await nightOf(8, history, BAD);
    const text = nightText(night, makeStyle(false));
    assert.match(text, /^q0 +p50 +8 +2\.\d\d ms +8 +\+\d\d % +15 % +regression, confirmed$/m);
    assert.match(text, /^canary \(canary\) +p50 .* quiet$/m);
    assert.match(text, /^p50 of q0: \+\d\d % tonight, good7\.\.bad00000: confirmed \(worse in turns too\)$/m);
    assert.match(text, /\nregression\n$/);
    const json = JSON.parse(JSON.stringify(nightJson(night)));
    assert.deepEqual([json.version, json.exitCode, json.rows.length], [1, 6, 4]);
    assert.deepEqual(json.examined[0].comparison.verdict, "regression");
    const short = await nightOf(2, history.slice(0, 8), BAD);
    assert.match(
      nightText(short, makeStyle(false)),
      /too short to judge \(2 of 5 nights\)\n[\s\S]*too short a history to judge\n$/,
    );
    const moved = await nightOf(8, history, { ...GOOD, machine: 2, commit: "new" });
    assert.match(nightText(moved, makeStyle(false)), /\nmachine moved: the canary/);
  });
});

describe("bench compare --commits", () => {
  it("says what it lacks", async () => {
    const missing = await bench(ROOT, "compare", "--commits", "HEAD", ".");
    assert.deepEqual([missing.code, /which config shall both run/.test(missing.err)], [2, true]);
    const folders = await bench(ROOT, "compare", "a", "b", "configs/smoke.yaml");
    assert.match(folders.err, /a config is for commits only\nhint: Add --commits/);
    assert.equal((await bench(ROOT, "compare", "a", "b", "--cell", "q0")).code, 2);
  });
});
