import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { configJsonSchema, type JsonSchema } from "../../../harness/config/json-schema.ts";
import { configSchema } from "../../../harness/config/schema.ts";
import { allPaths } from "../../../harness/config/schema-keys.ts";
import { schemaErrors } from "./json-schema-check.ts";

const CONFIGS = new URL("../../../configs/", import.meta.url);
const schema = configJsonSchema();
const refused = (text: string) => schemaErrors(schema, parse(text));

test("an editor accepts every ready config", () => {
  const files = readdirSync(CONFIGS).filter((file) => file.endsWith(".yaml"));
  for (const file of files) assert.deepEqual(refused(readFileSync(new URL(file, CONFIGS), "utf8")), [], file);
});

test("an editor marks unknown keys, wrong types, missing units and values out of bounds", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["query: q0\nqurey: q5\n", /\$\.qurey: unknown/],
    ["query: q0\nengine: {wokrers: 2}\n", /\$\.engine\.wokrers: unknown/],
    ["query: q0\nwarmup: 5\n", /\$\.warmup/],
    ["query: q0\nload: {rate: 500}\n", /\$\.load/],
    ["query: q0\nkafka: {heap: 1 gig}\n", /\$\.kafka\.heap: not like/],
    ["query: q0\nparallelism: 0\n", /\$\.parallelism: out of bounds/],
    ["query: q0\nsweep: {query: []}\n", /\$\.sweep\.query: too few/],
    ["name: x\n", /fits none/],
  ];
  for (const [text, expected] of cases) assert.match(refused(text).join("; "), expected, text);
});

test("what the loader takes an editor takes: an implied shape, a bare 0, a query that only an axis gives", () => {
  for (const text of [
    "query: q0\nload: {rate: 5k/s, duration: 1min30s}\n",
    "query: q0\nload: {steps: [{rate: 600/min, duration: 250ms}]}\n",
    "query: q0\nwarmup: 0\nengine: {bufferTimeout: 500us}\n",
    "sweep: {query: [q0, q5]}\n",
  ]) {
    assert.deepEqual(refused(text), [], text);
  }
});

test("every setting is in the schema, described for the editor to show: by itself, or all of a group by the group", () => {
  const described = new Map<string, boolean>();
  const visit = (place: JsonSchema, path: readonly string[]) => {
    for (const option of [place, ...(place.oneOf ?? []), ...(place.anyOf ?? [])]) {
      for (const [key, value] of Object.entries(option.properties ?? {})) {
        const name = [...path, key].join(".");
        described.set(name, described.get(name) === true || value.description !== undefined);
        visit(value, [...path, key]);
      }
    }
  };
  visit(schema, []);
  for (const path of allPaths(configSchema)) assert.ok(described.has(path), path);
  const groupOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf(".")));
  const groups = Map.groupBy([...described], ([path]) => groupOf(path));
  for (const [group, members] of groups) {
    const silent = members.filter(([, isDescribed]) => !isDescribed).map(([path]) => path);
    if (described.get(group) === true && silent.length === members.length) continue;
    assert.deepEqual(silent, [], `in ${group}`);
  }
  assert.doesNotMatch(JSON.stringify(schema), /"quantity"/);
});
