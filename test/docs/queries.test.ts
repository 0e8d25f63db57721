import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { runQuery } from "../../harness/systems/run-query.ts";
import type { ColumnType } from "../../queries/query.ts";
import { findQuery, queryIds } from "../../queries/registry.ts";

const page = readFileSync(new URL("../../docs/queries.md", import.meta.url), "utf8");
const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  i64: "BIGINT",
  timestamp: "TIMESTAMP(3)",
  decimal3: "DECIMAL(23, 3)",
  string: "VARCHAR",
  json: "JSON",
};

function section(id: string, title: string): string {
  const start = page.indexOf(`\n## ${id} · ${title}\n`);
  assert.ok(start >= 0, `docs/queries.md has no section "${id} · ${title}"`);
  const end = page.indexOf("\n## ", start + 1);
  return page.slice(start, end < 0 ? undefined : end);
}

const coded = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
const itemOf = (text: string, name: string) => new RegExp(`^- \\*\\*${name}\\*\\*: (.*)$`, "m").exec(text)?.[1] ?? "";
/** Column, type and note of each line of the section's table. */
const columnsOf = (text: string) =>
  [...text.matchAll(/^\| `([^`]+)` \| (.+?) \|(.*)\|$/gm)].map(([, name, type, note]) => [name, type, note!.trim()]);

describe("docs/queries.md", () => {
  it("has a section for every query, and no others", () => {
    const sections = [...page.matchAll(/^## (\S+) · /gm)].map((match) => match[1]);
    assert.deepEqual(sections, queryIds());
  });

  for (const id of queryIds()) {
    const query = findQuery(id);

    it(`tells what ${id} is, as its definition does`, () => {
      const text = section(id, query.title);
      const { volatile = [], output } = query;
      const noteOf = (name: string) => (volatile.includes(name) ? "not compared" : "");
      assert.deepEqual(columnsOf(text), [
        ...query.columns.map(({ name, type }) => [name, SQL_TYPES[type], noteOf(name)]),
        ...query.identity.map(({ name, type }) => [name, SQL_TYPES[type], "identity"]),
      ]);
      assert.equal(itemOf(text, "Output").split(" ")[0]!.replace(".", ""), output.kind);
      assert.deepEqual(coded(itemOf(text, "Output")), output.kind === "upsert" ? output.key : []);
      assert.deepEqual(coded(itemOf(text, "Name columns")), query.nameColumns);
      assert.deepEqual(coded(itemOf(text, "In order by")), query.orderKey);
      assert.equal(itemOf(text, "Trigger"), query.triggerText);
    });

    if (query.generator !== undefined) continue;
    it(`bench query prints the documented columns of ${id}, without identity, in both modes`, async () => {
      const documented = columnsOf(section(id, query.title)).filter(([, , note]) => note !== "identity");
      for (const mode of ["classic", "head"]) {
        let lines = "";
        const write = (chunk: string) => {
          lines += chunk;
          return true;
        };
        const options = resolveNexmarkOptions({ events: 20_000, mode });
        await runQuery({ query: id, system: "oracle", options, write });
        const rows = lines.trimEnd().split("\n");
        assert.ok(rows[0]!.length > 2, `${id} has no rows on ${mode} data`);
        assert.deepEqual(
          Object.keys(JSON.parse(rows[0]!) as object),
          documented.map(([name]) => name),
        );
      }
    });
  }
});
