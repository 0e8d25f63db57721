import assert from "node:assert/strict";
import { test } from "node:test";
import {
  environment,
  expand,
  type PlaceholderValues,
  unknownPlaceholders,
  variableName,
} from "../../../../harness/systems/command/placeholders.ts";

const VALUES = { brokers: "a:1,b:2", inputTopic: "{outputTopic}", outputTopic: "out" } as PlaceholderValues;

test("placeholders are filled in, once, and only they", () => {
  assert.equal(expand("--in={inputTopic}/{outputTopic}", VALUES), "--in={outputTopic}/out");
  assert.equal(expand("{{brokers}} {{{brokers}}}", VALUES), "{brokers} {a:1,b:2}");
  assert.equal(expand('{"json": 1} {x-y} {}', VALUES), '{"json": 1} {x-y} {}');
});

test("a name in braces that means nothing is told, a doubled brace is not", () => {
  assert.deepEqual(unknownPlaceholders("{brokers} {brokrs} {{topic}} {Seed}"), ["brokrs", "Seed"]);
  assert.deepEqual(unknownPlaceholders("{toString}{constructor}"), ["toString", "constructor"]);
});

test("the environment has the same values", () => {
  assert.equal(variableName("watermarkDelayMs"), "FAULTLINE_WATERMARK_DELAY_MS");
  assert.equal(environment(VALUES).FAULTLINE_BROKERS, "a:1,b:2");
});
