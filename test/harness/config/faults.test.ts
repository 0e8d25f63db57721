import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { resolveText } from "../../../harness/config/load.ts";

const BASE = "query: q5\nload: {rate: 1k/s, duration: 30s}\nwarmup: 5s\n";

function refusal(text: string): string {
  try {
    resolveText(BASE + text, "faults.yaml", []);
  } catch (error) {
    assert.ok(error instanceof FaultlineError);
    assert.equal(error.code, "config-invalid");
    return `${error.message}\n${error.hint ?? ""}`;
  }
  return assert.fail(`accepted: ${text}`);
}

describe("faults of a config", () => {
  it("are read with their times in ms; by default there are none and nothing is recovered", () => {
    assert.deepEqual(resolveText(BASE, "none.yaml", []).config.faults, []);
    assert.equal(resolveText(BASE, "none.yaml", []).config.recovery, "none");
    const text =
      "recovery: scratch\nfaults:\n  - {kind: kill, target: worker/2, at: 15s}\n  - {kind: kill, target: worker/1, at: 20s}\n";
    const { config } = resolveText(BASE + text, "two.yaml", []);
    assert.equal(config.recovery, "scratch");
    assert.deepEqual(config.faults, [
      { kind: "kill", target: "worker/2", at: 15_000 },
      { kind: "kill", target: "worker/1", at: 20_000 },
    ]);
  });

  it("can be an axis, to compare runs with and without them", () => {
    const text = "sweep:\n  faults: [[], [{kind: kill, target: worker/1, at: 10s}]]\n";
    assert.deepEqual(
      resolveText(BASE + text, "axis.yaml", []).cells.map(({ config }) => config.faults.length),
      [0, 1],
    );
  });

  for (const [what, text, message] of [
    ["of an unknown kind", "faults: [{kind: kil, target: worker/1, at: 9s}]", /kind/],
    ["with a slip in a key", "faults: [{kind: kill, target: worker/1, att: 9s}]", /att/],
    ["without a time", "faults: [{kind: kill, target: worker/1}]", /at/],
    ["with a time without unit", "faults: [{kind: kill, target: worker/1, at: 9}]", /unit/],
    ["of worker 0", "faults: [{kind: kill, target: worker/0, at: 9s}]", /worker\/1/],
    ["of a worker that is not there", "faults: [{kind: kill, target: worker/3, at: 9s}]", /no worker\/3.*2 workers/],
    ["behind the load", "faults: [{kind: kill, target: worker/1, at: 30s}]", /behind the end of the load/],
    ["in the warm-up", "faults: [{kind: kill, target: worker/1, at: 4s}]", /warm-up/],
  ] as const) {
    it(`are refused: one ${what}`, () => assert.match(refusal(text), message));
  }

  it("first-fault.yaml kills one of two workers in the middle of its load and recovers from scratch", () => {
    const file = new URL("../../../configs/first-fault.yaml", import.meta.url);
    const { config, cells } = resolveText(readFileSync(file, "utf8"), "first-fault.yaml", []);
    assert.equal(cells.length, 1);
    assert.deepEqual([config.recovery, config.engine.workers], ["scratch", 2]);
    assert.deepEqual(config.faults, [{ kind: "kill", target: "worker/1", at: 15_000 }]);
  });
});
