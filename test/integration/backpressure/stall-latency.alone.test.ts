import assert from "node:assert/strict";
import { after, test } from "node:test";
import { analyzeRunFully } from "../../../harness/analyze/analyze-run.ts";
import { bench, Workplace } from "../sweep/bench.ts";

const STALL_S = 2;
const STALL_AT_S = 3;
const STALL_US = STALL_S * 1e6;
const RATE = 2_000;

const place = new Workplace();
after(() => place.remove());

/** Half of q0's tasks, sinks among them, stand still for two of eight seconds; nobody takes that for a death. Limits that a busy machine keeps. */
const CONFIG = `query: q0
load: {rate: ${RATE}/s, duration: 8s}
warmup: 500ms
parallelism: 2
engine: {workers: 2, liveness: {timeout: 30s}}
limits: {generatorLagP99: 2s, achievedShare: 0.5, observerLagP99: 2s, minSamples: 1}
recovery: none
faults: [{kind: pause, target: worker/1, at: ${STALL_AT_S}s, duration: ${STALL_S}s}]
`;

test("a stall of seconds is in the latency by due time: in maximum and p99 of the run, and in the seconds that it struck", async () => {
  const file = place.write("stall.yaml", CONFIG);
  const { code, err } = await bench(place, ["sweep", file, "--out", "stall"]);
  const lines = place.read("stall", "runs.jsonl").trim();
  assert.notEqual(lines, "", err);
  const { result, intervals } = await analyzeRunFully(`${place.path}/stall`, JSON.parse(lines).run.id);
  assert.deepEqual([code, result.state, result.reasons], [0, "valid", []]);
  const { lost, wrong, unexpected, duplicate } = result.verified!;
  assert.deepEqual([lost, wrong, unexpected, duplicate], [0, 0, 0, 0]);

  // Whoever was due first waited for the whole stall. About an eighth of all events was held up for 0 to 2 s: p99 is near its upper end.
  const { max, p99, p50 } = result.latencyUs;
  assert.ok(max! >= 0.95 * STALL_US && max! < 2 * STALL_US, `max ${max} µs`);
  assert.ok(p99! >= 0.75 * STALL_US && p99! <= max!, `p99 ${p99} µs`);
  assert.ok(p50! < 0.25 * STALL_US, `p50 ${p50} µs`);

  const seconds = new Map(intervals["e2e-intended"].map((interval) => [interval.index, interval]));
  const first = seconds.get(STALL_AT_S)!;
  const second = seconds.get(STALL_AT_S + 1)!;
  assert.ok(first.max >= 0.95 * STALL_US, `second ${STALL_AT_S}: max ${first.max} µs`);
  assert.ok(second.max >= 0.45 * STALL_US && second.max < first.max, `second ${STALL_AT_S + 1}: max ${second.max} µs`);
  // Not the second before: its last events may be under way when the stall begins.
  for (const index of [STALL_AT_S - 2, STALL_AT_S + 2 * STALL_S]) {
    const { max: most } = seconds.get(index)!;
    assert.ok(most < 0.5 * STALL_US, `second ${index} was not struck: max ${most} µs`);
  }
  // Nobody left out the events that came due meanwhile.
  assert.ok(first.count + second.count > RATE * STALL_S * 0.8, "every event that was due in the stall counts");
});
