import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { resolveText } from "../../../../harness/config/load.ts";
import { PLACEHOLDERS, variableName } from "../../../../harness/systems/command/placeholders.ts";
import { commandSystemSchema } from "../../../../harness/systems/command/settings.ts";

const ROOT = new URL("../../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const PAGE = read("docs/command-system.md");
const blocks = (language: string) =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map((match) => match[1]);

test("the example that the page shows is the file, and it has at most 30 lines", () => {
  const code = read("examples/echo-processor/echo.js");
  assert.deepEqual(blocks("js"), [code]);
  assert.ok(code.trimEnd().split("\n").length <= 30);
});

test("the settings that the page shows are those of the config", () => {
  const system = /^system:\n(?: .*\n)+/m.exec(read("configs/command-echo.yaml"))?.[0];
  assert.equal(blocks("yaml")[0], system);
  const { config } = resolveText(`query: q0\n${blocks("yaml")[1]}`, "page.yaml", []);
  assert.ok(typeof config.system !== "string" && config.system.start.length === 2, "the full form is valid too");
});

test("the page explains every setting and every placeholder", () => {
  for (const key of Object.keys(commandSystemSchema.shape)) {
    if (key !== "kind" && key !== "name") assert.match(PAGE, new RegExp(`^- \\*\\*${key}\\*\\*`, "m"), key);
  }
  for (const [name, meaning] of Object.entries(PLACEHOLDERS)) {
    assert.ok(PAGE.includes(`| \`{${name}}\` | \`${variableName(name)}\` | ${meaning} |`), name);
  }
  const rows = [...PAGE.matchAll(/^\| `\{(\w+)\}`/gm)].map(([, name]) => name);
  assert.deepEqual(rows, Object.keys(PLACEHOLDERS));
});
