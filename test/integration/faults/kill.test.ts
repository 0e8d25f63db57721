import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { bench, Workplace } from "../sweep/bench.ts";

const place = new Workplace();
let broker: TestBroker;

before(async () => {
  broker = await startTestBroker();
});
after(async () => {
  await broker.close();
  place.remove();
});

/** q5 with a kill in the middle of six seconds, with limits that a busy machine keeps. */
function config(recovery: string): string {
  return `query: q5
data: {nexmark: {eventRatePerSecond: 20}}
load: {rate: 1k/s, duration: 6s}
warmup: 500ms
limits: {generatorLagP99: 2s, achievedShare: 0.5, observerLagP99: 2s, minSamples: 1}
kafka: {brokers: ["${broker.service.brokers[0]}"]}
recovery: ${recovery}
slo: {p99: 20ms}
faults: [{kind: kill, target: worker/1, at: 3s}]
`;
}

async function sweep(recovery: string): Promise<{ readonly code: number | null; readonly result: RunResult }> {
  const file = place.write(`${recovery}.yaml`, config(recovery));
  const { code, err } = await bench(place, ["sweep", file, "--out", recovery]);
  const lines = place.read(recovery, "runs.jsonl").trim();
  assert.notEqual(lines, "", err);
  return { code, result: JSON.parse(lines) as RunResult };
}

test("a killed worker: the job starts from scratch, nothing is lost, what came twice is counted", async () => {
  const { code, result } = await sweep("scratch");
  assert.deepEqual([code, result.state, result.reasons], [0, "valid", []]);
  const { verified, faults } = result;
  assert.deepEqual([verified!.lost, verified!.wrong, verified!.unexpected], [0, 0, 0]);
  assert.ok(verified!.duplicate > 0, "three seconds of results were out already");
  const [fault] = faults!;
  assert.equal(fault!.problem, null);
  assert.ok(fault!.victim!.recordsIn > 0 && fault!.victim!.recordsJustBefore > 0);
  assert.ok(fault!.injectedMs! >= 3_000 && fault!.observedMs! >= fault!.injectedMs!, "not before its time");
  // Who sees the end first, the harness or the system, is open; both after it was brought about.
  assert.ok(fault!.detectedMs! >= fault!.injectedMs! && fault!.recoveredMs! > fault!.detectedMs!);
  assert.ok(fault!.observedResolutionMs! > 0 && fault!.observedResolutionMs! < 1_000);
  const { gap, firstOutput, replayed, eventsInFlight, eventsReplayed, slo } = fault!.effect!;
  assert.ok(eventsInFlight! > 0, "something was under way");
  assert.ok(eventsReplayed! > 1_000, "the new attempt reads everything again");
  assert.ok(slo !== null && (slo.restored.censored || slo.restored.ms > 0));
  assert.equal(replayed, verified!.duplicate);
  assert.ok(!firstOutput!.censored && !gap!.censored && gap!.ms > 20, `gap ${gap!.ms} ms`);
  const report = place.read("scratch", "report.html");
  assert.match(report, /Latency around the fault/);
  assert.match(report, /Throughput and backlog around the fault/);
  assert.match(report, /worker-1 \(process \d+\) was killed \(SIGKILL\): asked for at 3\.000 s/);
  assert.match(report, /replayed after a fault/);
  assert.match(place.read("scratch", "faults.csv"), /,kill,worker\/1,worker-1,/);
});

test("a killed worker without recovery: the run fails with the cause, exit 4, and what was measured before stays", async () => {
  const { code, result } = await sweep("none");
  assert.deepEqual([code, result.state], [4, "failed"]);
  assert.equal(result.reasons[0]!.code, "system-failed");
  assert.match(result.reasons[0]!.message, /worker-1 is lost/);
  assert.ok(result.verified!.matched > 0 && result.verified!.duplicate === 0);
  const [fault] = result.faults!;
  assert.deepEqual([fault!.problem, fault!.recoveredMs, fault!.effect!.firstOutput!.censored], [null, null, true]);
  assert.match(place.read("none", "report.html"), /did not run again/);
});
