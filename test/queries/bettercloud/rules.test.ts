import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ControlEvent } from "../../../generators/bettercloud/model.ts";
import { compileJsonPath } from "../../../queries/bettercloud/model/json-path.ts";
import { compileControl } from "../../../queries/bettercloud/rules.ts";

function holds(path: string, value: string, payload: unknown, check = "equals"): boolean {
  const control = { rules: [{ path, check, value }], alertId: "a" } as unknown as ControlEvent;
  return compileControl("", control).matches(payload);
}

const DOCUMENT = { a: { b: "x", list: ["p", "q"], none: null, deep: { b: "y" } }, "odd name": "z", n: 1 };

test("rules are true only where a path leads to exactly that string", () => {
  const cases: [string, string, boolean][] = [
    ["$.a.b", "x", true],
    ["$.a.b", "X", false],
    ["$.a.c", "x", false],
    ["$.a.b.c", "x", false],
    ["$.a.list[1]", "q", true],
    ["$.a.list.1", "q", true],
    ["$['odd name']", "z", true],
    ["$.n", "1", false],
    ["$.a.none", "null", false],
    ["$.a", "[object Object]", false],
    ["$..b", "x", false],
  ];
  for (const [path, value, expected] of cases) assert.equal(holds(path, value, DOCUMENT), expected, path);
});

test("a payload that is no object, an unknown check, an inherited property: false, never an error", () => {
  for (const payload of [undefined, null, "text", 3, []]) assert.equal(holds("$.a.b", "x", payload), false);
  for (const payload of [undefined, null, "text", 3, []]) assert.equal(holds("$.a[0]", "x", payload), false);
  assert.equal(holds("$.a.b", "x", DOCUMENT, "contains"), false);
  assert.equal(compileJsonPath("$.constructor.name")(DOCUMENT), undefined);
  assert.equal(holds("$.constructor.name", "Object", DOCUMENT), false);
});

test("scripts, filters and what is no path are refused", () => {
  for (const path of ["$.a[?(@.b=='x')]", "$.a[(@.length-1)]", "a.b", ""]) {
    assert.throws(() => compileJsonPath(path), { code: "job-invalid" }, path);
  }
});

test("the short way for simple paths finds what the library finds", () => {
  const name = fc.constantFrom("a", "b", "c_1");
  const document = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom("x", "y", null, 1),
      fc.dictionary(name, tie("node")),
      fc.array(tie("node"), { maxLength: 2 }),
    ),
  })).node;
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), document, (names, payload) => {
      const path = `$.${names.join(".")}`;
      const found = compileJsonPath(path)(payload);
      for (const value of ["x", "y"]) assert.equal(holds(path, value, payload), found === value);
    }),
    { numRuns: 500 },
  );
});
