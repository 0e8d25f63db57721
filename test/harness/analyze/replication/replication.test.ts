import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meanUs, waited } from "../../../../harness/analyze/replication/replica-counts.ts";
import type { ReplicaLog } from "../../../../harness/analyze/replication/replica-log.ts";
import { analyzeReplication } from "../../../../harness/analyze/replication/replication.ts";
import { mergeWaitsCsv, replicationCsv, replicationSeriesCsv } from "../../../../harness/report/replication-tables.ts";
import type { JobStateRecord, ReplicaLossRecord } from "../../../../harness/systems/system.ts";

const START_US = 1_000_000;
const LOAD = { startUs: START_US, endUs: START_US + 10_000_000 };
const at = (seconds: number) => START_US + seconds * 1_000_000;

const state = (seconds: number, name: string, attempt = 1): JobStateRecord => {
  return { state: name, attempt, atUs: at(seconds), cause: null, restored: null };
};
const lost = (seconds: number, subtask: number): ReplicaLossRecord => {
  return { vertex: "counts", subtask, attempt: 1, worker: "w", atUs: at(seconds), cause: "gone" };
};

type Custom = Record<string, number>;

/** counts/0 and its sink. */
function logOf(
  looks: readonly (readonly [number, readonly Custom[], Custom?])[],
  losses: ReplicaLossRecord[] = [],
): ReplicaLog {
  return {
    header: {
      version: 1,
      replication: { merge: "kaZoo", factor: 2 },
      vertices: { counts: { instances: 1, replicas: 2 }, sink: { instances: 1, replicas: 1 } },
    },
    looks: looks.map(([seconds, replicas, sink]) => ({
      atUs: at(seconds),
      tasks: [
        ...replicas.map((custom, subtask) => ({ vertex: "counts", subtask, custom })),
        ...(sink === undefined ? [] : [{ vertex: "sink", subtask: 0, custom: sink }]),
      ],
    })),
    losses,
  };
}

const counted = (duplicates: number, waits: number, sumUs: number, more: Custom = {}): Custom => {
  return { duplicates, "mergeWaits.0": waits, "mergeWaitUs.0": sumUs, "mergeWaitMaxUs.0": 900, ...more };
};

describe("redundancy", () => {
  it("is full until a replica is lost, and stays reduced while nothing brings it back", () => {
    const { summary, totals } = analyzeReplication(logOf([], [lost(4, 1)]), [state(-2, "running")], LOAD);
    assert.deepEqual([summary.leastAlive, summary.reducedFromMs, summary.restoredMs], [1, 4_000, null]);
    assert.deepEqual(summary.lost, [{ task: "counts/0.1", group: "counts/0", atMs: 4_000, alive: 1, of: 2 }]);
    const [counts, sink] = totals;
    assert.deepEqual([counts?.aliveAtEnd, counts?.reducedMs], [1, 6_000]);
    assert.deepEqual([sink?.aliveAtEnd, sink?.reducedMs], [1, 0], "one of one is no loss");
  });

  it("is whole again with the next attempt, and nobody is there in between", () => {
    const states = [state(-2, "running"), state(5, "restarting"), state(7, "running", 2)];
    const { summary } = analyzeReplication(logOf([], [lost(4, 0)]), states, LOAD);
    assert.deepEqual([summary.leastAlive, summary.reducedFromMs, summary.restoredMs], [0, 4_000, 7_000]);
  });

  it("of replicas that go down with the whole job is no loss of its own", () => {
    const states = [state(-2, "running"), state(5, "restarting")];
    assert.deepEqual(analyzeReplication(logOf([], [lost(5.1, 0)]), states, LOAD).summary.lost, []);
  });

  it("that was never there is not known, rather than 0", () => {
    assert.equal(analyzeReplication(logOf([]), [], LOAD).summary.leastAlive, null);
  });
});

describe("counters of replicas", () => {
  const order = {
    orders: 10,
    orderRoundTrips: 4,
    orderRoundTripUs: 500,
    orderRoundTripMaxUs: 800,
    claims: 1,
    voidEntries: 0,
  };

  it("are added up over replicas, but orders and claims, which every replica reads, are not", () => {
    const log = logOf([
      [
        1,
        [counted(5, 2, 200, { ...order, leading: 1 }), counted(6, 2, 400, { ...order, orders: 9, orderRoundTrips: 0 })],
      ],
    ]);
    const { totals, summary, looks } = analyzeReplication(log, [state(-2, "running")], LOAD);
    const { counts } = totals[0]!;
    assert.deepEqual([counts.duplicates, counts.orders, counts.claims], [11, 10, 1]);
    assert.equal(meanUs(waited(counts)), 150);
    assert.deepEqual(summary.orderRoundTripUs, { mean: 500, max: 800, n: 4 });
    assert.equal(looks[0]?.leader, 0);
  });

  it("of a replica that died are kept, and one that begins anew is counted from there", () => {
    const log = logOf([
      [1, [counted(5, 2, 200), counted(7, 2, 200)]],
      [2, [counted(9, 4, 400)]],
      [3, [counted(1, 1, 50)]],
    ]);
    const { totals, looks } = analyzeReplication(log, [state(-2, "running")], LOAD);
    assert.equal(totals[0]?.counts.duplicates, 9 + 7 + 1);
    const ofCounts = looks.filter(({ group }) => group.vertex === "counts");
    assert.deepEqual(
      ofCounts.map(({ counts }) => counts.duplicates),
      [12, 4, 1],
    );
  });

  it("that are not there leave empty cells, never 0", () => {
    const log = logOf([[1, [counted(5, 0, 0), counted(5, 0, 0)]]]);
    const analysis = analyzeReplication(log, [state(-2, "running")], LOAD);
    assert.equal(analysis.summary.mergeWaitUs, null, "no slice has waited, so there is no mean");
    assert.equal(analysis.summary.orderRoundTripUs, null);
    const [header, counts, sink] = replicationCsv([{ run: "r", replication: analysis }]).split("\n");
    const cell = (line: string | undefined, name: string) => line?.split(",")[header!.split(",").indexOf(name)];
    assert.deepEqual(
      ["duplicates_dropped", "merge_wait_us_mean", "orders", "order_round_trip_us_mean"].map((name) =>
        cell(counts, name),
      ),
      ["10", "", "", ""],
    );
    assert.deepEqual([cell(sink, "duplicates_dropped"), cell(sink, "redundancy_reduced_ms")], ["", ""]);
  });

  it("tell what was put into files, and how much of it is there now", () => {
    const files = (spilledBytes: number, spilledNowBytes: number) => ({ spilledBytes, spilledNowBytes });
    const log = logOf([
      [1, [counted(1, 1, 1, files(100, 60)), counted(1, 1, 1, files(40, 10))]],
      [2, [counted(2, 2, 2, files(150, 30)), counted(2, 2, 2, files(40, 0))]],
      [3, [counted(3, 3, 3, files(150, 5))]],
    ]);
    const { totals, looks } = analyzeReplication(log, [state(-2, "running")], LOAD);
    const told = [...looks.filter(({ group }) => group.vertex === "counts"), totals[0]!].map(({ counts }) => {
      return [counts.spilledBytes, counts.spilledNowBytes];
    });
    assert.deepEqual(told, [
      [140, 70],
      [50, 30],
      [0, 5],
      [190, 5],
    ]);
  });

  it("have a line a look and group, and a line a replica and channel", () => {
    const log = logOf([[1, [counted(5, 2, 200), counted(6, 1, 80)]]], [lost(0.5, 1)]);
    const analysis = analyzeReplication(log, [state(-2, "running")], LOAD);
    assert.equal(replicationSeriesCsv(analysis).split("\n")[1], "1,1000,counts,0,2,1,,11,3,93.333,,,,,");
    assert.deepEqual(mergeWaitsCsv(analysis).trim().split("\n").slice(1), [
      "1,counts,0,0,0,2,100,900",
      "1,counts,0,1,0,1,80,900",
    ]);
  });
});
