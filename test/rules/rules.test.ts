import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatViolation, sourceFiles } from "../../scripts/rules/files.ts";
import { importsOf, importViolations } from "../../scripts/rules/imports.ts";
import { tidyViolations } from "../../scripts/rules/tidy.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const file = (path: string, text: string) => ({ path, text });

test("the tree keeps the import rules of the design", () => {
  assert.deepEqual(importViolations(sourceFiles(root)).map(formatViolation), []);
});

test("the tree keeps the tidy rules", () => {
  assert.deepEqual(tidyViolations(sourceFiles(root)).map(formatViolation), []);
});

test("every way to import a module is seen", () => {
  const text = `import a from "./a.ts";\nimport "./b.ts";\nexport { c } from "../c.ts";\nimport {\n  d,\n} from "./d.ts";\nawait import("./e.ts");\nnew URL("./f.ts", import.meta.url);\n`;
  assert.deepEqual(
    importsOf(file("x.ts", text)).map((i) => [i.specifier, i.line]),
    [
      ["./a.ts", 1],
      ["./b.ts", 2],
      ["../c.ts", 3],
      ["./d.ts", 6],
      ["./e.ts", 7],
      ["./f.ts", 8],
    ],
  );
});

const forbidden: readonly [string, string, string][] = [
  ["an oracle that uses the engine", "queries/nexmark/q0/oracle.ts", "../../../engine/rows/batch.ts"],
  ["an engine core module that does I/O", "engine/task/task.ts", "node:net"],
  ["an engine core module that uses the shell", "engine/cluster/worker.ts", "../shell/network.ts"],
  ["kafka outside the engine's shell", "engine/connectors/source.ts", "../../kafka/client.ts"],
  ["a generator that talks to Kafka", "generators/nexmark/generator.ts", "../../kafka/client.ts"],
  ["somebody who imports the harness", "kafka/client.ts", "../harness/main.ts"],
  ["base depending on anything", "base/hash.ts", "../kafka/client.ts"],
  ["a file outside every rule", "elsewhere/x.ts", "./y.ts"],
];
for (const [what, path, specifier] of forbidden) {
  test(`the import rules catch ${what}`, () => {
    assert.equal(importViolations([file(path, `import "${specifier}";\n`)]).length, 1);
  });
}

const untidy: readonly [string, string, string][] = [
  ["a long file", "base/long.ts", "const a = 1;\n".repeat(251)],
  ["a wall clock", "engine/task/t.ts", "const now = Date.now();\n"],
  ["randomness", "engine/task/t.ts", "const r = Math.random();\n"],
  ["randomness in a fixture", "test/integration/replication/fixtures/other.ts", "const r = Math.random();\n"],
  ["a timer in the core", "engine/task/t.ts", "setTimeout(f, 1);\n"],
  ["an exit in the middle", "harness/sweep/run.ts", "process.exit(1);\n"],
  ["printing past the injected output", "harness/sweep/run.ts", "console.log(1);\n"],
  ["a leftover mark", "base/x.ts", "// TODO later\n"],
];
for (const [what, path, text] of untidy) {
  test(`the tidy rules catch ${what}`, () => {
    assert.equal(tidyViolations([file(path, text)]).length, 1);
  });
}

test("the tidy rules leave comments alone", () => {
  assert.deepEqual(tidyViolations([file("base/x.ts", "// like Date.now() but monotonic\nconst a = 1;\n")]), []);
});
