import assert from "node:assert/strict";
import { test } from "node:test";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";
import { runInOneThread } from "../../../harness/systems/bundled/run-in-one-thread.ts";
import { SOURCE_ID } from "../../../queries/job-ids.ts";
import { nexmarkParameters } from "../../../queries/nexmark/parameters.ts";
import { findQuery } from "../../../queries/registry.ts";

test("a job that expects binary events fails at the first one of JSON, and names its place and what it is", async () => {
  const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ events: 100 }), partitions: 2 });
  const run = runInOneThread({
    query: findQuery("q0"),
    streams: [{ name: SOURCE_ID, dataSet }],
    dataMode: "head",
    format: "binary",
    watermarkDelayMs: 4_000,
    parallelism: 1,
    workers: 1,
    seed: 1,
    rows: { add: () => assert.fail("no row is right"), full: false, refused: false, flush: async () => {} },
  });
  await assert.rejects(run, /record 0 of partition [01] is JSON, where binary records were expected/);
});

test("the format of a job is json unless its parameters say binary, and nothing else", () => {
  const parameters = { watermarkDelayMs: 0, mode: "head", identity: true };
  assert.equal(nexmarkParameters(parameters).format, "json");
  assert.equal(nexmarkParameters({ ...parameters, format: "binary" }).format, "binary");
  assert.throws(
    () => nexmarkParameters({ ...parameters, format: "avro" }),
    /format is "avro": it must be json or binary/,
  );
});
