import assert from "node:assert/strict";
import { test } from "node:test";
import { headlineTable } from "../../../harness/report/html/headline.ts";
import { failedResult } from "../../../harness/sweep/failed-result.ts";

const run = { id: "q5-r1", cell: { id: "q5", axes: {} }, repetition: 1, order: 0, block: 0 };
const result = failedResult(run, { query: "q5", system: "bundled", events: 1 }, []);
const table = (...formats: ("json" | "binary")[]) =>
  headlineTable(formats.map((dataFormat) => ({ ...result, dataFormat }))).text;

test("the headline table tells the wire format as soon as one run is not JSON", () => {
  assert.doesNotMatch(table("json", "json"), /binary|>format</);
  assert.match(table("json", "binary"), />format<[\s\S]*>json<[\s\S]*>binary</);
});
