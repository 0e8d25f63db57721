import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { z } from "zod";
import { resolveText } from "../../../harness/config/load.ts";
import { editDistance, nearest } from "../../../harness/config/nearest.ts";
import { configSchema } from "../../../harness/config/schema.ts";
import { allPaths, knownKeys } from "../../../harness/config/schema-keys.ts";

const CONFIGS = new URL("../../../configs/", import.meta.url);

test("every ready config is valid", () => {
  const files = readdirSync(CONFIGS).filter((file) => file.endsWith(".yaml"));
  assert.ok(files.length >= 2);
  for (const file of files) {
    const sweep = resolveText(readFileSync(new URL(file, CONFIGS), "utf8"), file, []);
    assert.equal(sweep.config.name, file.replace(".yaml", ""));
    assert.notEqual(sweep.config.description, "", `${file} says what it is for`);
  }
});

test("the latency campaign is three queries at three rates", () => {
  const text = readFileSync(new URL("latency.yaml", CONFIGS), "utf8");
  const sweep = resolveText(text, "latency.yaml", []);
  const points = sweep.cells.map(
    ({ config: { query, load } }) => `${query}@${load.shape === "constant" ? load.rate : 0}`,
  );
  const wanted = ["q0", "q2", "q5"].flatMap((query) => [2000, 5000, 10_000].map((rate) => `${query}@${rate}`));
  assert.deepEqual(points, wanted);
});

test("the keys of the schema can be listed through defaults, unions and transforms", () => {
  const ofLoad = knownKeys(configSchema, ["load"]);
  for (const key of ["shape", "rate", "duration", "feeders", "steps", "amplitude", "every", "file"]) {
    assert.ok(ofLoad.includes(key), key);
  }
  assert.deepEqual(knownKeys(configSchema, ["load", "steps", 0]), ["rate", "duration"]);
  assert.deepEqual(knownKeys(configSchema, ["query"]), []);
  const paths = allPaths(configSchema);
  for (const path of ["data.nexmark.seeds.events", "engine.liveness.timeout", "kafka.brokers", "load.rate"]) {
    assert.ok(paths.includes(path), path);
  }
});

test("every setting is described", () => {
  const undescribed = Object.entries(configSchema.shape).filter(
    ([, field]) => (field as z.ZodType).description === undefined,
  );
  assert.deepEqual(undescribed, []);
});

test("nearest finds swaps, slips and other case, and nothing far away", () => {
  assert.equal(editDistance("duraton", "duration"), 1);
  assert.equal(editDistance("wokrers", "workers"), 1);
  assert.equal(nearest("Parallelism", ["parallelism", "partitions"]), "parallelism");
  assert.equal(nearest("qurey", ["name", "query", "seed"]), "query");
  assert.equal(nearest("colour", ["name", "query", "seed"]), null);
});
