import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { asciiBlock, asciiSpan, asciiText, copySpan, writeInteger } from "../../../generators/nexmark/ascii.ts";

fc.configureGlobal({ seed: 20_150_715 });

test("an integer is written as its decimal digits", () => {
  const view = asciiBlock(64);
  const check = (value: number) => assert.equal(asciiText(view, 3, writeInteger(view, 3, value)), String(value));
  for (let power = 0; power <= 15; power++) for (const d of [-1, 0, 1]) check(Math.max(0, 10 ** power + d));
  check(Number.MAX_SAFE_INTEGER);
  fc.assert(fc.property(fc.maxSafeNat(), check));
  fc.assert(fc.property(fc.nat(2_000_000_000), check));
});

test("copied text is the same text, at any alignment and length", () => {
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)),
    maxLength: 40,
  });
  fc.assert(
    fc.property(text, fc.nat(9), (value, at) => {
      const target = asciiBlock(64);
      const end = copySpan(target, at, asciiSpan(value));
      assert.equal(asciiText(target, at, end), value);
    }),
  );
});
