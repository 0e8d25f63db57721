import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergeOrder } from "../../../harness/simulate/merge-order.ts";

const CHANNELS = `
# uneven
A = a0 a1 H0 a2 H1 H2 a3 a4 a5 H3 a6 H4
B = H0 b0 H1 b1 b2 H2 H3 b3 H4 b4
`;

describe("the merge order of given channels", () => {
  it("is LiveRobin's", () => {
    assert.equal(mergeOrder(CHANNELS).join(" "), "a0 a1 a2 HB1 b0 HB2 b1 b2 HB3 a3 a4 a5 a6 HB4 b3 b4");
  });

  it("delivers everything once all channels have ended", () => {
    assert.equal(mergeOrder("A: x H1 END\nB: y END").join(" "), "x HB1 y");
  });

  it("says which line it cannot read", () => {
    assert.throws(() => mergeOrder("A = x\nnonsense"), { code: "usage", message: /line 2/ });
    assert.throws(() => mergeOrder("A = H2 H1"), { code: "usage", message: /H1 comes after H2/ });
    assert.throws(() => mergeOrder("A = END x"), { code: "usage", message: /follows its END/ });
    assert.throws(() => mergeOrder(""), { code: "usage", message: /no channels/ });
  });
});
