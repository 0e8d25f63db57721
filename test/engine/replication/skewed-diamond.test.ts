import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import type { Replication } from "../../../engine/cluster/job-spec.ts";
import type { LogicalGraph, LogicalNode } from "../../../engine/dataflow/graph.ts";
import { LiveRobin } from "../../../engine/merge/live-robin.ts";
import { TimeBias } from "../../../engine/merge/time-bias.ts";
import { graphOf, mapNode, sinkNode, sourceNode, TinyMap, windowNode } from "../simulation/tiny-job.ts";
import { tinyBatch, tinyRows } from "../simulation/tiny-rows.ts";
import { KAZOO, type ReplicatedRun, runReplicated, windowCounts, windowLines, windowRun } from "./replicated-run.ts";

/** Passes on the rows whose value `keeps`. */
function someNode(from: string, id: string, keeps: (value: number) => boolean): LogicalNode {
  const create = () => {
    const operator = new TinyMap((value) => value);
    let emit: (batch: ReturnType<typeof tinyBatch>) => void = () => {};
    operator.open = (_context, output) => {
      emit = (batch) => output.emit(batch);
    };
    operator.process = (_input, batch) => {
      const rows = tinyRows(batch).filter(({ value }) => keeps(value));
      if (rows.length > 0) emit(tinyBatch(rows));
    };
    return operator;
  };
  return { ...mapNode(from, "roundRobin", id), create } as LogicalNode;
}

/** source ⇒ split ⇒ {all rows, hardly any} ⇒ window: one side is full long before the other has its heartbeat. */
function skewedDiamond(): LogicalGraph {
  const window = windowNode("many", 100);
  const hash = { kind: "hash" as const, keys: ["key"] };
  const inputs = [
    [
      { from: "many", partitioning: hash },
      { from: "few", partitioning: hash },
    ],
  ];
  return graphOf(
    sourceNode(),
    mapNode("source", "roundRobin", "split"),
    someNode("split", "many", (value) => value !== 17),
    someNode("split", "few", (value) => value === 17),
    { ...window, inputs } as LogicalNode,
    sinkNode("window"),
  );
}

/** Windows of one frame, so that hardly anything fits into a channel. */
const runOf = (seed: number, replication: Partial<Replication>): ReplicatedRun => ({
  ...windowRun(seed),
  job: skewedDiamond,
  options: { channelWindowBytes: 128, bufferBytes: 64 },
  maxVirtualUs: 3_000_000,
  replication,
});

afterEach(() => mock.restoreAll());

describe("a skewed diamond with windows of one frame", () => {
  for (const replication of [{ merge: "liveRobin" }, { merge: "timeBias" }, KAZOO] as const) {
    it(`goes through under ${replication.merge}, replicas dying or not`, () => {
      for (let seed = 1; seed <= 12; seed++) {
        const killAfter = seed % 2 === 0 ? seed * 40 : null;
        const { rows } = runReplicated({ ...runOf(seed, replication), rough: seed > 6, killAfter });
        assert.deepEqual(windowLines(rows).toSorted(), windowCounts(), `seed ${seed}`);
      }
    });
  }

  for (const [replication, policy] of [
    [{ merge: "liveRobin" }, LiveRobin],
    [{ merge: "timeBias" }, TimeBias],
  ] as const) {
    it(`hangs under ${replication.merge} in some seed when no channel may exceed its bound`, () => {
      mock.method(policy.prototype, "mayExceed", () => false);
      const hangs = (seed: number) => {
        try {
          runReplicated({ ...runOf(seed, replication), rough: seed > 6 });
          return false;
        } catch (error) {
          assert.match(String(error), /no end of the job within 3 s of virtual time/);
          return true;
        }
      };
      assert.ok([5, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12].some(hangs));
    });
  }
});
