import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, test } from "node:test";
import type { FaultRecord } from "../../../harness/faults/model.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { bench, Workplace } from "./bench.ts";

const place = new Workplace();
after(() => place.remove());

/** Sources and sink are on worker 1, replicas on the others: two of them in zone b, which would be one of each group without zones. */
const CONFIG = `query: chain
data: {generator: microbench, partitions: 2, watermarkDelay: 0ms}
microbench: {stages: 2}
load: {rate: 500/s, duration: 9s}
warmup: 2s
parallelism: 2
engine: {workers: 4, zones: [a, a, b, b], liveness: {timeout: 10s}}
recovery: active
checkpoints: {interval: 2s}
faults:
  - {kind: partition, target: "zone:a<->zone:b", at: 3s, duration: 500ms}
  - {kind: kill, target: "zone:b", at: 6s}
kafka: {heap: 512MiB}
limits: {generatorLagP99: 5s, achievedShare: 0.5, observerLagP99: 5s, minSamples: 1}
`;

test("zones that are parted, and one of them lost with all its workers: every group has a replica left, and the job goes on", async () => {
  const file = place.write("zones.yaml", CONFIG);
  const { code, err } = await bench(place, ["run", file, "--out", "zones"]);
  assert.equal(code, 0, err);
  const result = JSON.parse(place.read("zones", "runs.jsonl")) as RunResult;
  assert.equal(result.state, "valid", JSON.stringify(result.reasons));
  assert.deepEqual([result.verified?.lost, result.verified?.duplicate], [0, 0]);
  assert.equal(result.replication?.leastAlive, 1);

  const [run = ""] = readdirSync(`${place.path}/zones/raw`);
  const lines = (name: string) => place.read("zones", "raw", run, name).trimEnd().split("\n");
  const faults = lines("faults.jsonl").map((line) => JSON.parse(line) as FaultRecord);
  assert.deepEqual(
    faults.map(({ kind, found }) => [kind, found]),
    [
      ["partition", "zone:a: worker/1"],
      ["kill", "zone:b: worker/3"],
      ["kill", "zone:b: worker/4"],
    ],
  );
  assert.ok(faults.every(({ problem, observedUs }) => problem === null && observedUs !== null));
  assert.match(faults[0]!.evidence.join(), /held back/);
  assert.ok(!lines("job-states.jsonl").some((line) => line.includes('"restarting"')), "nothing was restarted");
  assert.match(place.read("zones", "report.html"), /worker-1 in a, worker-2 in a, worker-3 in b, worker-4 in b/);
});
