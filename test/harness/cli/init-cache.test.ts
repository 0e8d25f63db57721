import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runCli } from "../../../harness/cli/cli.ts";
import { markCacheUse } from "../../../harness/services/cache-use.ts";
import { fakeIo } from "./fake-io.ts";

const scratch = mkdtempSync(join(tmpdir(), "faultline-cli-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

async function bench(cache: string, ...argv: string[]) {
  const io = fakeIo({ cwd: scratch, env: { FAULTLINE_CACHE: cache } });
  const code = await runCli(argv, io);
  return { code, out: io.out(), err: io.err() };
}

test("init writes a config that sweep accepts, and overwrites nothing unless forced", async () => {
  const { code, err } = await bench("", "init", "mine.yaml");
  assert.equal(code, 0);
  assert.match(err, /bench sweep mine\.yaml --dry-run/);
  const plan = await bench("", "sweep", "mine.yaml", "--dry-run");
  assert.match(plan.out, /1 cell x 1 repetition = 1 run/);
  writeFileSync(join(scratch, "mine.yaml"), "my work");
  const again = await bench("", "init", "mine.yaml");
  assert.equal(again.code, 2);
  assert.match(again.err, /mine\.yaml exists\nhint: .*--force/);
  assert.equal(readFileSync(join(scratch, "mine.yaml"), "utf8"), "my work");
  assert.equal((await bench("", "init", "mine.yaml", "--force")).code, 0);
  assert.match(readFileSync(join(scratch, "mine.yaml"), "utf8"), /^query: q0$/m);
  const nowhere = await bench("", "init", "no/such/folder/mine.yaml");
  assert.equal(nowhere.code, 3);
  assert.match(nowhere.err, /error\[output-unwritable\]/);
});

test("schema is JSON on stdout", async () => {
  const { code, out } = await bench("", "schema");
  assert.equal(code, 0);
  assert.equal((JSON.parse(out) as { title: string }).title, "Faultline campaign");
});

const SET = "kafka-4.3.1-0123456789ab";

/** A cache with a set, what an interrupted installation left, and somebody else's files. */
function makeCache(name: string): string {
  const cache = join(scratch, name);
  mkdirSync(join(cache, SET, "libs"), { recursive: true });
  writeFileSync(join(cache, SET, "libs/a.jar"), "x".repeat(1000));
  mkdirSync(join(cache, `${SET}.tmp-AbCdEf`));
  mkdirSync(join(cache, "kafka-notes"));
  writeFileSync(join(cache, "kafka-notes/mine.txt"), "keep");
  writeFileSync(join(cache, "thesis.tex"), "keep");
  return cache;
}

test("cache clean removes what is Faultline's, and nothing else", async () => {
  const cache = makeCache("cache");
  const dry = await bench(cache, "cache", "clean", "--dry-run");
  assert.match(dry.out, new RegExp(`would remove ${SET} {2}artifacts, 1 file, 1000 B`));
  assert.match(dry.out, /left alone: kafka-notes, thesis\.tex/);
  assert.ok(existsSync(join(cache, SET, "libs/a.jar")), "a dry run removes nothing");
  const { code, out } = await bench(cache, "cache", "clean");
  assert.equal(code, 0);
  assert.match(out, /removed 1000 B in all/);
  assert.equal(existsSync(join(cache, SET)), false);
  assert.equal(existsSync(join(cache, `${SET}.tmp-AbCdEf`)), false);
  assert.equal(readFileSync(join(cache, "thesis.tex"), "utf8"), "keep");
  assert.equal(readFileSync(join(cache, "kafka-notes/mine.txt"), "utf8"), "keep");
  assert.match((await bench(cache, "cache")).out, /nothing of Faultline's is there/);
});

test("cache clean refuses while a process uses the cache, and passes over marks of dead ones", async () => {
  const cache = makeCache("used");
  const release = markCacheUse({ FAULTLINE_CACHE: cache });
  const refused = await bench(cache, "cache", "clean");
  assert.equal(refused.code, 2);
  assert.match(refused.err, new RegExp(`in use by process ${process.pid}`));
  assert.ok(existsSync(join(cache, SET, "libs/a.jar")));
  release();
  writeFileSync(join(cache, "in-use-1-0"), JSON.stringify({ pid: 1, startTicks: "none" }));
  writeFileSync(join(cache, `${SET}.lock`), "torn");
  assert.equal((await bench(cache, "cache", "clean")).code, 0);
  assert.equal(existsSync(join(cache, SET)), false);
});

test("a cache that is not there is empty", async () => {
  const { code, out } = await bench(join(scratch, "none"), "cache", "show", "--json");
  assert.equal(code, 0);
  assert.deepEqual((JSON.parse(out) as { entries: unknown[] }).entries, []);
});
