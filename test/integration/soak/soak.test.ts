import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { FaultRecord } from "../../../harness/faults/model.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { bench, Workplace } from "../sweep/bench.ts";

const place = new Workplace();
after(() => place.remove());

/**
 * What `configs/soak.yaml` does for hours, in `FAULTLINE_SOAK_SECONDS` (180 in CI): kills at random and in the middle of checkpoints,
 * which a slow store draws out, a pause that is taken for a death, and the broker killed. Limits that a busy machine keeps.
 */
const SECONDS = Math.max(45, Number(process.env.FAULTLINE_SOAK_SECONDS ?? 45));
const CONFIG = `query: q5
seed: 3
data: {nexmark: {eventRatePerSecond: 50}, partitions: 4}
load: {rate: 1k/s, duration: ${SECONDS}s}
warmup: 1s
parallelism: 2
engine: {workers: 2, spareWorkers: 1}
recovery: passive
guarantee: exactly-once
checkpoints: {interval: 1s, timeout: 20s, toleratedFailures: 10}
restart: {strategy: failure-rate, maxFailures: 120, interval: 1min, delay: 0s}
drainTimeout: 1min
limits: {generatorLagP99: 1min, achievedShare: 0.5, observerLagP99: 1min, minSamples: 1, faultsNotCounted: 0.3}
faults:
  - {kind: storeSlow, delay: 100ms, duration: ${SECONDS - 10}s, at: 2s}
  - {kind: kill, target: random, every: 6s}
  - {kind: kill, target: random, poisson: {mean: 15s}}
  - {kind: kill, target: worker/1, checkpoint: betweenAckAndCommit, nth: 8}
  - {kind: kill, target: worker/2, checkpoint: betweenAckAndCommit, nth: 16}
  - {kind: kill, target: worker/1, checkpoint: inAlignment, nth: 20}
  - {kind: pause, target: random, duration: 2s, at: 15s}
  - {kind: brokerKill, duration: 500ms, at: 25s}
`;

/** One in six seconds strikes at random; others come besides. */
const KILLS = SECONDS / 6;

test("workers and broker killed over and over: as committed, nothing is lost, nothing comes twice, nothing is wrong", async () => {
  const file = place.write("soak.yaml", CONFIG);
  const { code, err } = await bench(place, ["sweep", file, "--out", "soak"]);
  const lines = place.read("soak", "runs.jsonl").trim();
  assert.notEqual(lines, "", err);
  const result = JSON.parse(lines) as RunResult;
  assert.deepEqual([code, result.state, result.reasons], [0, "valid", []]);

  const { expected, observed, matched, lost, duplicate, wrong, unexpected } = result.committed!.verified!;
  assert.ok(expected > SECONDS / 2, "there was something to lose");
  assert.deepEqual(
    { observed, matched, lost, duplicate, wrong, unexpected },
    {
      observed: expected,
      matched: expected,
      lost: 0,
      duplicate: 0,
      wrong: 0,
      unexpected: 0,
    },
  );

  const raw = place.read("soak", "raw", result.run.id, "faults.jsonl").trim().split("\n");
  const faults = raw.map((line): FaultRecord => JSON.parse(line));
  const seen = (kind: string) => faults.filter((fault) => fault.kind === kind && fault.observedUs !== null);
  assert.ok(seen("kill").length >= KILLS, `${seen("kill").length} kills`);
  assert.equal(seen("brokerKill").length, 1);
  const inCheckpoints = seen("kill").filter(
    ({ phase }) => phase?.state === "triggered" || phase?.state === "acknowledged",
  );
  assert.ok(inCheckpoints.length >= SECONDS / 60, `${inCheckpoints.length} kills while a checkpoint was under way`);
});
