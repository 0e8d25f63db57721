import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveText } from "../../../harness/config/load.ts";
import { configSchema } from "../../../harness/config/schema.ts";
import { allPaths } from "../../../harness/config/schema-keys.ts";
import { configTemplate } from "../../../harness/config/template.ts";

const template = configTemplate("campaign.yaml");
const plain = resolveText("query: q0\n", "campaign.yaml", []);

test("what init writes means the defaults, setting by setting", () => {
  assert.deepEqual(resolveText(template, "campaign.yaml", []).config, plain.config);
});

test("the settings that it leaves out mean the defaults too", () => {
  const lines = template.split("\n");
  const end = lines.findIndex((line) => line.startsWith("# For example"));
  let isOther = false;
  const taken = lines.slice(0, end).map((line) => {
    // Alternatives exclude what is written; a blank line ends them. Placeholders are for people to fill.
    if (/^\s*# Or instead/.test(line)) isOther = true;
    if (line === "") isOther = false;
    return isOther || line.includes("<") ? line : line.replace(/^(\s*)#(\w)/, "$1$2");
  });
  const text = taken.join("\n");
  assert.match(text, /\n {4}seeds:\n {6}extra: 1\n/);
  assert.deepEqual(resolveText(text, "campaign.yaml", []).config, plain.config);
});

test("it names every setting", () => {
  for (const path of allPaths(configSchema)) {
    const key = path.split(".").at(-1)!;
    assert.match(template, new RegExp(`^ *#?${key}:`, "m"), path);
  }
});

test("its example of axes works", () => {
  const example = template.slice(template.indexOf("#sweep:")).replace(/^#/gm, "");
  assert.equal(resolveText(`query: q0\n${example}`, "campaign.yaml", []).cells.length, 6);
});
