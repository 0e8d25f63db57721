import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { appendHistory } from "../../harness/nightly/history-file.ts";
import { OUTCOMES } from "../../harness/nightly/history-row.ts";
import { benchmarkFiles } from "../../harness/report/benchmark-files.ts";
import { campaignWith } from "../harness/analyze/compare/recorded.ts";
import { historyOf } from "../harness/nightly/fake-night.ts";
import { temporaryFolder } from "../harness/synthetic-run.ts";

const pageOf = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

/** What the first cells of the table under this heading name. */
function named(page: string, heading: string): string[] {
  const start = page.indexOf(`\n| ${heading} | meaning |\n`);
  assert.ok(start >= 0, heading);
  const lines = page
    .slice(start + 1)
    .split("\n\n")[0]!
    .split("\n")
    .slice(2);
  return lines.flatMap((line) => [...line.split("|")[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}

describe("docs of the nightly lane", () => {
  it("name the columns of a history, in order, and all outcomes", async (t) => {
    const path = join(temporaryFolder(t), "h.csv");
    await appendHistory(path, (await historyOf(1, { codeOf: () => 1, commit: "x" })).history);
    const header = readFileSync(path, "utf8").split("\n")[0]!.split(",");
    assert.deepEqual(named(pageOf("nightly.md"), "column"), header);
    assert.deepEqual(named(pageOf("nightly.md"), "outcome"), [...OUTCOMES]);
  });

  it("name the columns of history.csv, in order", () => {
    const page = pageOf("results.md");
    const part = page.slice(page.indexOf("`history.csv` has the header"));
    const { manifest } = campaignWith([]);
    const header = benchmarkFiles(manifest, []).get("history.csv")!.trim().split(",");
    assert.deepEqual(named(part, "column"), [...header, "<cell>.<metric>_<unit>"]);
  });
});
