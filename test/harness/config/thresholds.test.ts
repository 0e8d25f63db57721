import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { resolveText } from "../../../harness/config/load.ts";
import { parseThreshold } from "../../../harness/config/thresholds.ts";

function read(list: string) {
  return resolveText(`query: q0\nload: {rate: 1k/s, duration: 20s}\nthresholds: ${list}\n`, "t.yaml", []).config
    .thresholds;
}

function refusal(list: string): string {
  try {
    read(list);
  } catch (error) {
    assert.ok(error instanceof FaultlineError && error.code === "config-invalid");
    return error.message;
  }
  throw new Error(`accepted: ${list}`);
}

test("thresholds are read in k6's grammar, with units, and told as they were written", () => {
  const cases: readonly (readonly [string, string, string, number])[] = [
    ["p99 < 50ms", "p99", "<", 50],
    ["p99.9<=1.5s", "p99.9", "<=", 1_500],
    ["p(95) < 200ms", "p95", "<", 200],
    ["p999 < 1s", "p99.9", "<", 1_000],
    ["max < 500us", "max", "<", 0.5],
    ["lost == 0", "lost", "==", 0],
    ["lost === 0", "lost", "==", 0],
    ["duplicate!=3", "duplicate", "!=", 3],
    ["achieved >= 99.5%", "achieved", ">=", 0.995],
    ["achieved >= 0.99", "achieved", ">=", 0.99],
    ["outputRate > 5k/s", "outputRate", ">", 5_000],
    ["lagSlope <= 1%", "lagSlope", "<=", 0.01],
  ];
  for (const [text, metric, operator, bound] of cases) {
    const parsed = parseThreshold(text);
    assert.ok(parsed.ok, text);
    assert.deepEqual(
      { metric, operator, bound },
      {
        metric: parsed.value.metric,
        operator: parsed.value.operator,
        bound: parsed.value.bound,
      },
    );
  }
  const [whole, sliding] = read('["p99 < 50ms", {check: "p99 < 80ms", over: 5s, abort: true}]');
  assert.deepEqual([whole!.over, whole!.abort, whole!.text], [null, false, "p99 < 50ms"]);
  assert.deepEqual([sliding!.over, sliding!.abort, sliding!.text], [5_000, true, "p99 < 80ms over 5s"]);
});

test("what is no threshold is refused with its place and what to write instead", () => {
  assert.match(refusal('["p99 50ms"]'), /t\.yaml:3:\d+ thresholds\.0: "p99 50ms" is no threshold \(write it like/);
  assert.match(refusal('["lsot == 0"]'), /unknown metric "lsot" \(did you mean "lost"\?\)/);
  assert.match(refusal('["p99 < 50"]'), /thresholds\.0: p99: .*50.*add the unit|thresholds\.0: p99: /);
  assert.match(refusal('["lost == 1%"]'), /is no number/);
  assert.match(refusal('["p100 < 1s"]'), /unknown metric "p100"/);
  assert.match(refusal('[{check: "lost == 0", over: 5s}]'), /lost is known of whole runs only/);
  assert.match(refusal('[{check: "p99 < 1s", over: 1500ms}]'), /whole seconds/);
  assert.match(refusal('[{check: "lost == 0", abort: true}]'), /cannot end a run early/);
  assert.match(refusal('[{check: "p99 > 1s", abort: true}]'), /cannot end a run early/);
  assert.match(refusal('[{check: "p99 < 1s", ovr: 5s}]'), /unknown setting "ovr"/);
});

test("a threshold that could never have data is refused before anything runs", () => {
  assert.match(refusal('["gap < 1s"]'), /gap .*without faults/);
  assert.match(refusal('[{check: "p99 < 1s", over: 20s}]'), /longer than the measured window/);
});

test("thresholds may be an axis and may be set", () => {
  const sweep = resolveText("query: q0\n", "t.yaml", ['thresholds=["p99 < 1s"]']);
  assert.equal(sweep.config.thresholds[0]?.metric, "p99");
});
