import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_WORDS, wordLine } from "../../../generators/words/lines.ts";

test("a line is a function of options and index, and lines differ", () => {
  const lines = Array.from({ length: 100 }, (_, index) => wordLine(DEFAULT_WORDS, index));
  assert.deepEqual(
    lines,
    Array.from({ length: 100 }, (_, index) => wordLine(DEFAULT_WORDS, index)),
  );
  assert.ok(new Set(lines).size > 95);
  assert.notEqual(wordLine(DEFAULT_WORDS, 0), wordLine({ ...DEFAULT_WORDS, seed: 2 }, 0));
});

test("lines have so many words, of so many different ones, and the first is drawn most often", () => {
  const options = { seed: 5, wordsPerLine: 4, vocabulary: 9 };
  const words = Array.from({ length: 2_000 }, (_, index) => wordLine(options, index).split(" ")).flat();
  assert.equal(words.length, 8_000);
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  assert.equal(counts.size, 9);
  // P(word n) = log(1 + 1 / (n + 1)) / log(10): 0.30 for the first, 0.046 for the ninth.
  assert.ok(Math.abs(counts.get("ka")! / 8_000 - 0.301) < 0.02, `${counts.get("ka")}`);
  assert.ok(Math.abs(counts.get("wi")! / 8_000 - 0.0512) < 0.02, `${counts.get("wi")}`);
});
