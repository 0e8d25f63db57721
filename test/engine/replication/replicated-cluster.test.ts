import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogicalNode } from "../../../engine/dataflow/graph.ts";
import type { World } from "../../../engine/ports.ts";
import { graphOf, mapNode, sinkNode, sourceNode, windowNode } from "../simulation/tiny-job.ts";
import {
  clusterFor,
  runReplicated,
  specOf,
  windowCounts,
  windowLines,
  windowRun,
  workersByTurn,
} from "./replicated-run.ts";

describe("a replicated job", () => {
  for (const sources of [false, true]) {
    it(`gives the right windows with 1 to 4 replicas, sources ${sources ? "too" : "not"}, whichever worker dies`, () => {
      for (let seed = 1; seed <= 40; seed++) {
        const factor = 1 + (seed % 4);
        const killAfter = factor > 1 && seed % 3 > 0 ? (seed * 37) % 400 : null;
        const run = { ...windowRun(seed), workers: factor + 2, replication: { factor, sources }, killAfter };
        assert.deepEqual(windowLines(runReplicated(run).rows).toSorted(), windowCounts(), `seed ${seed}`);
      }
    });
  }

  it("gives its rows in one and the same order, replicas dying or not, once the cuts are fixed by the data", () => {
    // No cut before the end: nothing but the data says what comes first.
    const run = (seed: number, killAfter: number | null) =>
      runReplicated({
        ...windowRun(seed),
        job: () => {
          const inputs = [[{ from: "window", partitioning: { kind: "roundRobin" as const } }]];
          const sink = { ...sinkNode("window"), parallelism: 1, inputs } as LogicalNode;
          return graphOf(sourceNode(), mapNode("source", "roundRobin", "map"), windowNode("map", 100), sink);
        },
        replication: { heartbeatIntervalUs: 10_000_000, heartbeatRecords: 0 },
        killAfter,
        rough: true,
      });
    const wanted = windowLines(run(1, null).rows);
    for (let seed = 2; seed <= 20; seed++)
      assert.deepEqual(windowLines(run(seed, seed * 20).rows), wanted, `seed ${seed}`);
  });

  it("goes on when a connection between two living workers breaks: that closes its channels only", () => {
    let struck = 0;
    let alone = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const open: (() => void)[] = [];
      const tamper = (world: World): World => {
        const { network } = world;
        const connect: typeof network.connect = (address, handler) => {
          const connection = network.connect(address, handler);
          const cut = () => {
            connection.close();
            handler.onClosed(new Error("cut"));
          };
          if (address.startsWith("worker-")) open.push(cut);
          return connection;
        };
        return {
          ...world,
          network: { address: network.address, accept: (handler) => network.accept(handler), connect },
        };
      };
      const strike = () => {
        if (open.length > 0) open[seed % open.length]!();
      };
      const run = {
        ...windowRun(seed),
        workers: 4,
        replication: { factor: 3 },
        rough: true,
        killAfter: seed * 11,
        tamper,
        strike,
      };
      const { rows, killed, lostReplicas } = runReplicated(run);
      assert.deepEqual(windowLines(rows).toSorted(), windowCounts(), `seed ${seed}`);
      if (killed) struck++;
      if (killed && lostReplicas === 0) alone++;
    }
    assert.ok(struck > 30 && alone > 5, `${struck} connections cut, ${alone} without a replica lost by it`);
  });

  it("fails with its cause when the last replica of a group is lost", () => {
    const run = windowRun(3);
    const cluster = clusterFor(run);
    cluster.client.submit(specOf(run), run.workers);
    cluster.runUntil(() => cluster.client.stateOf("j")?.state === "running", "start");
    for (const worker of workersByTurn(cluster).slice(1)) worker.kill();
    cluster.runUntil(() => cluster.client.hasEnded("j"), "end");
    const { state, failure } = cluster.client.stateOf("j")!;
    assert.equal(state, "failed");
    assert.equal(failure?.code, "worker-lost");
    assert.match(failure.message, /worker-\d is lost|all replicas of/);
  });

  it("recovers from scratch when a group is lost and the job wants that, with new ticks", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const run = { ...windowRun(seed), workers: 6 };
      const cluster = clusterFor(run);
      const { client } = cluster;
      client.submit({ ...specOf(run), recovery: "scratch" }, 4);
      cluster.runUntil(() => client.stateOf("j")?.state === "running", "start");
      workersByTurn(cluster)[0]!.kill();
      cluster.runUntil(() => client.hasEnded("j"), "end");
      assert.equal(client.stateOf("j")?.state, "finished", `seed ${seed}`);
      assert.ok(client.stateOf("j")!.attempt > 1);
      const got = new Set(windowLines(cluster.topics.records("out", 0)));
      for (const line of windowCounts()) assert.ok(got.has(line), `seed ${seed}: ${line}`);
    }
  });

  it("fails when an operator fails, in all replicas alike", () => {
    const failing = () => {
      const fragile = mapNode("source", "roundRobin", "fragile", (value) => {
        if (value === 99) throw new Error("value 99");
        return value;
      });
      return graphOf(sourceNode(), fragile, sinkNode("fragile"));
    };
    assert.throws(() => runReplicated({ ...windowRun(1), job: failing }), /operator "fragile".*value 99/);
  });

  it("refuses operators that read the clock, and too few workers, and says why", () => {
    const timed = () => {
      const node = { ...mapNode("source", "roundRobin", "timed"), processingTime: true } as LogicalNode;
      return graphOf(sourceNode(), node, sinkNode("timed"));
    };
    assert.throws(() => runReplicated({ ...windowRun(1), job: timed }), /"timed" reads the clock/);
    assert.throws(
      () => runReplicated({ ...windowRun(1), workers: 2 }),
      /2 replicas need 3 workers, there are 2.*more workers/,
    );
  });

  it("gives up a replica that lags too far behind, and goes on with the other", () => {
    let gaveUp = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const replication = { maxLagBytes: 300 };
      const options = { bufferBytes: 64, channelWindowBytes: 1024 };
      const { rows, lostReplicas } = runReplicated({ ...windowRun(seed), options, replication, rough: true });
      assert.deepEqual(windowLines(rows).toSorted(), windowCounts(), `seed ${seed}`);
      gaveUp += lostReplicas;
    }
    assert.ok(gaveUp > 0, "no replica has lagged");
  });
});
