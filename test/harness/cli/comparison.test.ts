import assert from "node:assert/strict";
import { test } from "node:test";
import type { Difference } from "../../../harness/analyze/compare/differences.ts";
import { differenceLines, notMeasuredLines } from "../../../harness/cli/comparison/difference-words.ts";

const only = (side: "a" | "b", count: number): Difference[] =>
  Array.from({ length: count }, (_, i) => ({
    kind: "cells",
    what: `rate ${i}k/s`,
    a: side === "a" ? "there" : "missing",
    b: side === "b" ? "there" : "missing",
  }));

test("cells that one side lacks are summed up: how many, and the first few", () => {
  assert.deepEqual(differenceLines([...only("b", 1), ...only("a", 900)]), [
    "cells: 900 are in A only: rate 0k/s, rate 1k/s, rate 2k/s and 897 more",
    "cells: 1 is in B only: rate 0k/s",
  ]);
  assert.deepEqual(differenceLines(only("a", 4)), [
    "cells: 4 are in A only: rate 0k/s, rate 1k/s, rate 2k/s, rate 3k/s",
  ]);
});

test("differences come by kind, and not more of one kind than anybody would read", () => {
  const settings = Array.from(
    { length: 300 },
    (_, i): Difference => ({ kind: "config", what: `s${i}`, a: "1", b: "2" }),
  );
  const lines = differenceLines([...only("a", 1), { kind: "machine", what: "cores", a: "2", b: "4" }, ...settings]);
  assert.equal(lines.length, 13);
  assert.equal(lines[0], "config: s0: 1 in A, 2 in B");
  assert.deepEqual(lines.slice(10), [
    "config: and 290 more",
    "machine: cores: 2 in A, 4 in B",
    "cells: 1 is in A only: rate 0k/s",
  ]);
});

test("gates that are not measured are a line a metric", () => {
  const cells = ["q0", "q1", "q2", "q3", "q5"];
  assert.deepEqual(notMeasuredLines([...cells.map((cell) => ({ cell, metric: "gap" })), { cell: "", metric: "cpu" }]), [
    "gap of q0, q1, q2 and 2 more: not measured",
    "cpu of the cell: not measured",
  ]);
});
