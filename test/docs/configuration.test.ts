import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { configJsonSchema } from "../../harness/config/json-schema.ts";
import { resolveText } from "../../harness/config/load.ts";
import { configSchema } from "../../harness/config/schema.ts";
import { allPaths } from "../../harness/config/schema-keys.ts";
import { type Schema, withSettings } from "../../scripts/docs.ts";

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
const schema = configJsonSchema() as Schema;

describe("docs/configuration.md", () => {
  it("is what the schema gives; else run `node scripts/docs.ts`", () => {
    const [have, want] = [page.split("\n"), withSettings(page, schema).split("\n")];
    assert.deepEqual(
      { stale: have.filter((line) => !want.includes(line)), missing: want.filter((line) => !have.includes(line)) },
      { stale: [], missing: [] },
    );
    assert.equal(have.join("\n") === want.join("\n"), true, "lines in another order");
  });

  it("has a line for every setting that the schema knows", () => {
    const missing = allPaths(configSchema).filter((path) => !page.includes(`| \`${path}\` |`));
    assert.deepEqual(missing, []);
  });

  it("shows a config that can be run, with as many cells as it says", () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    assert.ok(Object.keys(parse(example) as object).length > 3);
    const sweep = resolveText(example, "example.yaml", []);
    assert.equal(sweep.cells.length, 4);
    assert.equal(sweep.config.repetitions, 3);
  });

  it("becomes stale when a default, a text or a key changes", () => {
    const { warmup, ...others } = schema.properties ?? {};
    const changes: readonly Schema[] = [
      { ...schema, properties: { ...others, warmup: { ...warmup, default: "6s" } } },
      { ...schema, properties: { ...others, warmup: { ...warmup, description: "Something else." } } },
      { ...schema, properties: others },
    ];
    for (const change of changes) assert.notEqual(withSettings(page, change), page);
  });

  it("needs the place that the generated part goes to", () => {
    assert.throws(() => withSettings("# Configuration\n", schema), /no lines/);
  });
});
