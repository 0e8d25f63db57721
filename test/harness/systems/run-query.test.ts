import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { type RunQueryOptions, runQuery } from "../../../harness/systems/run-query.ts";
import { findQuery, queryIds } from "../../../queries/registry.ts";

const options = resolveNexmarkOptions({ events: 6_000, eventRatePerSecond: 300 });

async function linesOf(run: Omit<RunQueryOptions, "write" | "options">): Promise<string[]> {
  let text = "";
  const write = (chunk: string) => {
    text += chunk;
    return true;
  };
  await runQuery({ ...run, options, write });
  assert.ok(text.endsWith("\n"));
  return text.trimEnd().split("\n");
}

test("rows have exactly the documented columns, named and typed; identity stays inside; both systems agree", async () => {
  for (const query of queryIds("nexmark")) {
    const byOracle = await linesOf({ query, system: "oracle" });
    const byEngine = await linesOf({ query, system: "bundled", parallelism: 2, workers: 2, batchSize: 100 });
    assert.deepEqual(byEngine.sort(), byOracle.sort());
    const { columns } = findQuery(query);
    const row = JSON.parse(byOracle[0]!);
    assert.deepEqual(
      Object.keys(row),
      columns.map((column) => column.name),
    );
    for (const { name, type } of columns) {
      assert.ok(
        row[name] === null || typeof row[name] === (type === "string" ? "string" : "number"),
        `${query} ${name}`,
      );
    }
  }
});

test("of an upsert query only the final row of each key is printed, in the order of keys, whoever computes it", async () => {
  const byOracle = await linesOf({ query: "q19", system: "oracle" });
  const byEngine = await linesOf({ query: "q19", system: "bundled", parallelism: 4, workers: 2, batchSize: 7 });
  assert.deepEqual(byEngine, byOracle);
  const keys = byOracle.map((line) => JSON.parse(line)).map((row) => [row.auction, row.rank_number]);
  const sorted = keys.toSorted(([a, r], [b, s]) => a - b || r - s);
  assert.deepEqual(keys, sorted);
  assert.equal(new Set(keys.map(String)).size, keys.length, "a key comes once");
  for (const [i, [auction, rank]] of keys.entries()) {
    assert.equal(rank, i > 0 && keys[i - 1]![0] === auction ? keys[i - 1]![1] + 1 : 1, "ranks have no gaps");
  }
});

test("equal seeds give the same rows in the same order", async () => {
  const run = { query: "q5", system: "bundled", parallelism: 4, workers: 3, seed: 9 } as const;
  assert.deepEqual(await linesOf(run), await linesOf(run));
});

test("output comes in pieces while the query runs, and a reader that leaves ends it", async () => {
  for (const system of ["oracle", "bundled"] as const) {
    const chunks: string[] = [];
    const write = async (chunk: string) => {
      chunks.push(chunk);
      return chunks.length < 2;
    };
    await runQuery({ query: "q0", system, options, write });
    assert.equal(chunks.length, 2, system);
    const rows = chunks.join("").split("\n").length;
    assert.ok(rows > 100 && rows < 4_500, `${rows} of 5520 rows`);
  }
});

test("an unknown query and a data set without end are refused before anything runs", async () => {
  const write = () => assert.fail("nothing to write");
  await assert.rejects(runQuery({ query: "q99", system: "oracle", options, write }), { code: "query-unknown" });
  const endless = resolveNexmarkOptions({ events: 0 });
  const run = runQuery({ query: "q0", system: "oracle", options: endless, write });
  await assert.rejects(run, { code: "config-invalid" });
});
