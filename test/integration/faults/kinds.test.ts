import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { FaultRecord } from "../../../harness/faults/model.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { bench, Workplace } from "../sweep/bench.ts";

const place = new Workplace();
after(() => place.remove());

/** Limits that a busy machine keeps. */
const CONFIG = `query: q5
data: {nexmark: {eventRatePerSecond: 20}}
load: {rate: 1k/s, duration: 14s}
warmup: 500ms
limits: {generatorLagP99: 20s, achievedShare: 0.1, observerLagP99: 20s, minSamples: 1}
recovery: passive
checkpoints: {interval: 1s}
faults:
  - {kind: pause, target: worker/1, at: 2s, duration: 2s}
  - {kind: terminate, target: random, checkpoint: inAlignment, nth: 6}
  - {kind: brokerRestart, at: 10s}
`;

test("a worker given up while it stood still, one asked to end in a checkpoint, the broker restarted: all seen, nothing lost", async () => {
  const file = place.write("kinds.yaml", CONFIG);
  const { code, err } = await bench(place, ["sweep", file, "--out", "kinds"]);
  const lines = place.read("kinds", "runs.jsonl").trim();
  assert.notEqual(lines, "", err);
  const result = JSON.parse(lines) as RunResult;
  assert.deepEqual([code, result.state, result.reasons], [0, "valid", []]);
  const { lost, wrong, unexpected } = result.verified!;
  assert.deepEqual([lost, wrong, unexpected], [0, 0, 0]);
  const raw = place.read("kinds", "raw", result.run.id, "faults.jsonl").trim().split("\n");
  const [pause, terminate, restart] = raw.map((line): FaultRecord => JSON.parse(line));

  // Silence of 1 s is taken for its end; it goes on after 2 s, finds that out, and its end fails nothing.
  assert.deepEqual([pause!.kind, pause!.role], ["pause", "worker-1"]);
  const detectionMs = (pause!.detectedUs! - pause!.observedUs!) / 1000;
  assert.ok(detectionMs > 500 && pause!.detectedUs! < pause!.healedUs!, `noticed after ${detectionMs} ms`);
  assert.ok(pause!.recoveredUs! > pause!.detectedUs!);

  assert.deepEqual([terminate!.kind, terminate!.target], ["terminate", "random"]);
  assert.match(terminate!.found ?? "", /^random: worker\/[12]$/);
  assert.ok(terminate!.recoveredUs! > terminate!.detectedUs! && terminate!.restoredFrom! > 0);
  assert.ok(terminate!.phase!.checkpointId >= 2 && terminate!.phase!.sinceTriggeredMs >= 0);

  assert.deepEqual([restart!.kind, restart!.role, restart!.victim], ["brokerRestart", "broker", null]);
  assert.ok(restart!.healedUs! > restart!.observedUs!);
});
