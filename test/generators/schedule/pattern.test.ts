import assert from "node:assert/strict";
import { test } from "node:test";
import { PATTERN_SYNTAX, parsePattern } from "../../../generators/schedule/pattern.ts";

const syntax = new RegExp(PATTERN_SYNTAX);

test("every part says until when which rate holds", () => {
  assert.deepEqual(parsePattern("30:500,60:250,90:0"), [
    { durationMs: 30_000, ratePerSecond: 500 },
    { durationMs: 30_000, ratePerSecond: 250 },
    { durationMs: 30_000, ratePerSecond: 0 },
  ]);
  assert.deepEqual(parsePattern(" 0.25:0.5 , 1.001:3"), [
    { durationMs: 250, ratePerSecond: 0.5 },
    { durationMs: 751, ratePerSecond: 3 },
  ]);
  for (const text of ["30:500,60:250,90:0", " 0.25:0.5 , 1.001:3"]) assert.match(text, syntax);
});

test("what is no pattern is refused, with the part that is wrong", () => {
  const refusals: [text: string, wanted: RegExp, hasSyntax: boolean][] = [
    ["", /part 1 of the pattern, "", is not second:rate/, false],
    ["30:500,", /part 2 of the pattern, "", is not/, false],
    ["30:500,60", /part 2 of the pattern, "60", is not/, false],
    ["30:-1", /"30:-1", is not/, false],
    ["30s:500/s", /"30s:500\/s", is not/, false],
    ["1.0001:5", /"1\.0001:5", is not/, false],
    ["0:500", /part 1 of the pattern ends at second 0, not after its beginning/, true],
    ["30:500,30:250", /part 2 of the pattern ends at second 30, not after/, true],
    ["30:500,20:250", /part 2 of the pattern ends at second 20, not after/, true],
  ];
  for (const [text, message, hasSyntax] of refusals) {
    assert.throws(() => parsePattern(text), { code: "config-invalid", message }, text);
    assert.equal(syntax.test(text), hasSyntax, text);
  }
});
