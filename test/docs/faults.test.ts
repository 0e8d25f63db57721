import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { resolveText } from "../../harness/config/load.ts";
import { newDraft } from "../../harness/faults/draft.ts";
import { KINDS } from "../../harness/faults/kinds.ts";

const page = readFileSync(new URL("../../docs/faults.md", import.meta.url), "utf8");

/** Names in the first column of the tables of a section. */
function named(title: string): string[] {
  const start = page.indexOf(`\n## ${title}\n`);
  assert.ok(start >= 0, title);
  const end = page.indexOf("\n## ", start + 1);
  const text = page.slice(start, end < 0 ? undefined : end);
  return [...text.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)/g)].map(([, name]) => name!),
  );
}

describe("docs/faults.md", () => {
  it("tells of every kind, and of no others", () => assert.deepEqual(named("Kinds"), Object.keys(KINDS)));

  it("tells of every field of a record, in order", () => {
    const { record } = newDraft({ kind: "kill", target: "worker/1", at: 1 }, 0, 1, "worker/1", 0);
    assert.deepEqual(named("Record"), Object.keys(record));
  });

  it("has examples that are read", () => {
    const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text!);
    const kinds = examples.flatMap((text) =>
      resolveText(text, "example.yaml", []).config.faults.map(({ kind }) => kind),
    );
    const zones = ["delay", "partition", "kill"];
    assert.deepEqual(kinds, ["kill", "pause", "brokerRestart", "kill", "kill", "cpu", "partition", ...zones]);
  });
});
