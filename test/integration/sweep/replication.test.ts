import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, test } from "node:test";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { Bench, Workplace } from "./bench.ts";

const place = new Workplace();
after(() => place.remove());

const CONFIG = `query: chain
data: {generator: microbench, partitions: 2, watermarkDelay: 0ms}
microbench: {stages: 2}
load: {rate: 1k/s, duration: 8s}
warmup: 2s
parallelism: 2
engine: {workers: 3}
recovery: active
replication: {merge: kaZoo, kaZoo: {session: 1s}}
checkpoints: {interval: 2s}
faults: [{kind: kill, target: "leader:stage2/1", at: 5s}]
kafka: {heap: 512MiB}
limits: {generatorLagP99: 5s, achievedShare: 0.5, observerLagP99: 5s, minSamples: 1}
repetitions: 2
`;

const ownFolders = () => readdirSync(place.temporary).filter((name) => /^faultline-(kafka|zookeeper)-/.test(name));

test("KaZoo in a sweep: the leader that is killed is the one that led, nothing is lost, the lost redundancy is told, and a harness that is killed leaves no ZooKeeper behind", async () => {
  const file = place.write("kazoo.yaml", CONFIG);
  const sweep = new Bench(place, ["sweep", file, "--out", "kazoo"]);
  await sweep.until("the second run", () => /\[2\/2\] \S+ +feed/.test(sweep.err));
  assert.equal(ownFolders().length, 2);
  assert.ok([...sweep.processes().values()].some((line) => line.includes("ZooKeeperServerMain")));
  sweep.child.kill("SIGKILL");
  await sweep.ended;
  await sweep.untilGone(30_000);
  assert.deepEqual(ownFolders(), []);

  const [result] = place
    .read("kazoo", "runs.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as RunResult);
  assert.equal(result?.state, "valid", JSON.stringify(result?.reasons));
  assert.deepEqual([result.verified?.lost, result.verified?.duplicate], [0, 0]);
  const [fault] = result.faults ?? [];
  assert.match(fault?.found ?? "", /^leader:stage2\/1: worker\/\d \(stage2\/1\.[01]\)$/);
  const { replication } = result;
  assert.equal(replication?.leastAlive, 1);
  assert.ok(replication.reducedFromMs! >= fault!.injectedMs! && replication.restoredMs === null);
  assert.ok(replication.duplicatesDropped! > 0, "two replicas send everything twice");
  assert.ok(replication.orderRoundTripUs!.mean > 0);
  assert.ok("zookeeper" in result.resources, "what it costs is measured");
});
