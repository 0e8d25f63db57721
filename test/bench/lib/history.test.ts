import assert from "node:assert/strict";
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { History } from "./history.ts";

const ROOT = join(import.meta.dirname, "../../..");
const HISTORY = join(ROOT, "reports/history");

const directory = mkdtempSync(join(tmpdir(), "faultline-history-"));
after(() => rmSync(directory, { recursive: true }));

interface Line {
  readonly bench: string;
  readonly [fact: string]: unknown;
  readonly variants: readonly Readonly<Record<string, unknown>>[];
}

function linesOf(file: string): Line[] {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function isFigure(value: unknown): boolean {
  if (value === null || typeof value === "number") return true;
  const { median, min, max } = value as { median: number; min: number; max: number };
  return [median, min, max].every((number) => typeof number === "number");
}

describe("history of the benchmarks", () => {
  test("a run is a line with machine, arguments and figures of four digits", () => {
    const history = new History("some", directory);
    history.add({ name: "a", figures: { ratePerSecond: 1234.5678, p99Ms: null } });
    history.add({ name: "b", figures: { cpuUsPerEvent: { median: 2 / 3, min: 0.5, max: 1_234_567 } } });
    history.append();
    const [line, ...others] = linesOf(join(directory, "some.jsonl"));
    assert.deepEqual(others, []);
    assert.deepEqual(line!.variants, [
      { name: "a", ratePerSecond: 1235, p99Ms: null },
      { name: "b", cpuUsPerEvent: { median: 0.6667, min: 0.5, max: 1_234_567 } },
    ]);
    const facts = ["bench", "time", "commit", "node", "cpu", "cores", "loadAverage", "arguments", "variants"];
    assert.deepEqual(Object.keys(line!).sort(), facts.sort());
    assert.ok(!Number.isNaN(Date.parse(line!.time as string)));
  });

  test("arguments lose the folders of this machine", () => {
    const known = process.argv;
    process.argv = ["node", "bench.ts", "100", "--against", "/some/where/else", "--profile=/some/where", "1x1,2*1x1"];
    try {
      const history = new History("arguments", directory);
      history.append();
    } finally {
      process.argv = known;
    }
    const [line] = linesOf(join(directory, "arguments.jsonl"));
    assert.deepEqual(line!.arguments, ["100", "--against", "else", "--profile=where", "1x1,2*1x1"]);
  });

  test("a name stands for one thing", () => {
    const history = new History("twice", directory);
    history.add({ name: "a", figures: {} });
    assert.throws(() => history.add({ name: "a", figures: {} }), /"a" twice/);
  });

  test("all lines that are kept can be read in the same way", () => {
    const files = readdirSync(HISTORY).filter((name) => name.endsWith(".jsonl"));
    assert.ok(files.length > 0);
    for (const file of files) {
      for (const { bench, variants } of linesOf(join(HISTORY, file))) {
        assert.equal(`${bench}.jsonl`, file);
        assert.ok(variants.length > 0);
        for (const { name, ...figures } of variants) {
          assert.equal(typeof name, "string");
          for (const [figure, value] of Object.entries(figures)) assert.ok(isFigure(value), `${file}: ${figure}`);
        }
      }
    }
  });

  test("every benchmark has a script and appends to the history", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const programs = globSync("test/bench/*.ts", { cwd: ROOT });
    const started = Object.values(scripts).map((script) => script.split(" ").at(-1)!);
    for (const program of programs) {
      assert.ok(started.includes(program), `no script for ${program}`);
      assert.ok(readFileSync(join(ROOT, program), "utf8").includes("history.append()"), `${program} leaves no line`);
    }
  });

  test("every benchmark can be started: Node reads its syntax, which is narrower than the compiler's", () => {
    for (const program of globSync("test/bench/**/*.ts", { cwd: ROOT })) {
      assert.doesNotThrow(() => stripTypeScriptTypes(readFileSync(join(ROOT, program), "utf8")), program);
    }
  });
});
