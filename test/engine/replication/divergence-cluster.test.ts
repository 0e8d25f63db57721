import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import type { Replication } from "../../../engine/cluster/job-spec.ts";
import type { LogicalGraph, LogicalNode } from "../../../engine/dataflow/graph.ts";
import { graphOf, mapNode, sinkNode, sourceNode, TinyMap, windowNode } from "../simulation/tiny-job.ts";
import { clusterFor, ELECTION, KAZOO, type ReplicatedRun, specOf, WINDOW_ROWS, windowRun } from "./replicated-run.ts";

const base = (seed: number, job: () => LogicalGraph): ReplicatedRun => ({
  ...windowRun(seed),
  job,
  election: ELECTION,
});

/** source ⇒ map ⇒ "loose" ⇒ window ⇒ sink: of the tasks of "loose" that are built one adds 1000 to its row number `row`. */
function looseJob(oddTask: number, row: number): () => LogicalGraph {
  let built = 0;
  const create = () => {
    const odd = ++built === oddTask;
    let seen = 0;
    return new TinyMap((value) => (odd && seen++ === row ? value + 1_000 : value));
  };
  return () =>
    graphOf(
      sourceNode(),
      mapNode("source", "roundRobin", "map"),
      { ...mapNode("map", "roundRobin", "loose"), create } as LogicalNode,
      windowNode("loose", 100),
      sinkNode("window"),
    );
}

/** Runs the job; how it failed. */
function failureOf(run: ReplicatedRun, changes: Partial<ReturnType<typeof specOf>> = {}) {
  const cluster = clusterFor(run);
  const { client } = cluster;
  client.submit({ ...specOf(run), ...changes }, run.workers);
  cluster.runUntil(() => client.hasEnded("j"), "end of the job");
  const end = client.stateOf("j")!;
  return { state: end.state, failure: end.failure, attempt: end.attempt };
}

/** Merges that give all replicas one order, and under how many seeds the defect is planted. */
const MERGES: readonly (readonly [number, Partial<Replication>])[] = [
  [100, { merge: "liveRobin" }],
  [40, KAZOO],
  [40, { merge: "timeBias" }],
];
const SAID =
  /operator "loose" \(instance [01]\): replicas 0 and 1 differ at record (\d+) \((.*)\) of its output to "window" \(instance [01]\)/;

describe("replicas that send different things", () => {
  for (const [seeds, merge] of MERGES) {
    it(`are found out under ${merge.merge} in each of ${seeds} seeds, in rough worlds too, with what each has sent`, () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const random = new Random(seed);
        const [oddTask, row] = [1 + random.below(4), random.below(WINDOW_ROWS)];
        const replication = { ...merge, factor: 2, heartbeatIntervalUs: [1_000, 20_000, 200_000][seed % 3]! };
        const run = { ...base(seed, looseJob(oddTask, row)), rough: seed % 2 === 0, replication };
        const { state, failure } = failureOf(run);
        assert.equal(failure?.code, "replicas-diverged", `seed ${seed}: ${state} ${failure?.message}`);
        const [, number, texts] = SAID.exec(failure.message) ?? assert.fail(`seed ${seed}: ${failure.message}`);
        assert.ok(Number(number) >= 1);
        const values = [...texts!.matchAll(/"value":(\d+)/g)].map(([, value]) => Number(value));
        assert.equal(Math.abs(values[0]! - values[1]!), 1_000, `seed ${seed}: ${failure.message}`);
      }
    });
  }

  it("are found out while the job runs, in well under a second", () => {
    const run = { ...base(7, looseJob(2, 3)), maxVirtualUs: 700_000 };
    assert.equal(failureOf(run, { bounded: false }).failure?.code, "replicas-diverged");
  });

  it("are found out by the end where it comes before any comparison", () => {
    const replication = { heartbeatIntervalUs: 10_000_000, heartbeatRecords: 0 };
    const { failure } = failureOf({ ...base(4, looseJob(3, WINDOW_ROWS - 1)), replication });
    assert.match(failure?.message ?? "", SAID);
  });

  it("are told apart where there are three: the odd one is named", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const job = looseJob(1 + (seed % 6), seed);
      const { failure } = failureOf({ ...base(seed, job), workers: 4, rough: true, replication: { factor: 3 } });
      assert.equal(failure?.code, "replicas-diverged");
      assert.match(
        failure.message,
        /"loose" \(instance [01]\): replica [012] differs from replicas \d and \d at record \d+/,
      );
    }
  });

  it("fail a job that recovers as well: it would only diverge again", () => {
    const { state, failure, attempt } = failureOf(base(1, looseJob(1, 5)), { recovery: "scratch" });
    assert.deepEqual([state, failure?.code, attempt], ["failed", "replicas-diverged", 1]);
  });

  it("are not found where the job wants no common order", () => {
    const run = { ...base(1, looseJob(1, 5)), replication: { merge: "none", allowUnordered: true } as const };
    assert.equal(failureOf(run).state, "finished");
  });
});
