import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { sendControl } from "../../../engine/cluster/control-codec.ts";
import { Worker } from "../../../engine/cluster/worker.ts";
import type { Connection } from "../../../engine/ports.ts";
import { encodeFrameHeader, NO_PAYLOAD } from "../../../engine/task/frame.ts";
import { NOBODY, pass, runTo, specOf, startCluster } from "./small-cluster.ts";

describe("a cluster in which somebody does not keep to the protocol", () => {
  it("has workers that refuse orders of an older epoch", () => {
    const cluster = startCluster(1);
    const boss = cluster.startProcess("boss");
    let orders: Connection | null = null;
    boss.world.network.accept((connection) => {
      orders = connection;
      return NOBODY;
    });
    const worker = cluster.startWorker("subject", "boss:1");
    cluster.runUntil(() => orders !== null, "registration");
    sendControl(orders!, { type: "registered", epoch: 5 });
    sendControl(orders!, { type: "shutdown", epoch: 4 });
    sendControl(orders!, { type: "shutdown" });
    pass(cluster, 100_000);
    assert.equal(worker.alive, true);
    assert.equal(cluster.universe.journal.filter(({ event }) => event === "staleEpoch").length, 1);
    assert.equal(cluster.universe.journal.filter(({ event }) => event === "badMessage").length, 1);
    sendControl(orders!, { type: "shutdown", epoch: 6 });
    pass(cluster, 100_000);
    assert.equal(worker.alive, false);
  });

  it("has workers that pass over what is no message, and end loudly when they fail to do what one says", () => {
    const cluster = startCluster(1);
    const boss = cluster.startProcess("boss");
    let orders: Connection | null = null;
    boss.world.network.accept((connection) => {
      orders = connection;
      return NOBODY;
    });
    const process = cluster.startProcess("subject");
    const about = { worker: "subject", pid: 0, coordinatorAddress: "boss:1" };
    const times = { livenessIntervalUs: null, connectTimeoutUs: 1_000_000 };
    const loadJob = () => {
      throw new FaultlineError("assertion-failed", "planted");
    };
    new Worker(process.world, { ...about, ...times, loadJob }).start();
    cluster.runUntil(() => orders !== null, "registration");
    orders!.send(Uint8Array.of(1, 2, 3), null);
    pass(cluster, 100_000);
    assert.equal(process.alive, true);
    sendControl(orders!, { type: "prepare", epoch: 1, job: specOf() });
    pass(cluster, 100_000);
    assert.deepEqual([process.alive, process.endError?.message], [false, "planted"]);
    assert.equal(cluster.universe.journal.filter(({ event }) => event === "badMessage").length, 1);
  });

  it("goes on when somebody talks nonsense to coordinator and workers", () => {
    const cluster = startCluster(2, 3000);
    cluster.client.submit(specOf({ bounded: true }), 2);
    runTo(cluster, "deploying");
    let closed = 0;
    const handler = { ...NOBODY, onClosed: () => closed++ };
    const { network } = cluster.startWorker("stranger").world;
    for (const address of ["coordinator:1", "worker-0:1", "worker-1:1"]) {
      network.connect(address, handler).send(Uint8Array.of(1, 2, 3), null);
      sendControl(network.connect(address, handler), { type: "nonsense" });
      sendControl(network.connect(address, handler), { type: "taskState" });
    }
    const twice = network.connect("coordinator:1", handler);
    sendControl(twice, { type: "register", worker: "worker-0", address: "x:1", pid: 1 });
    runTo(cluster, "finished");
    assert.equal(closed, 10);
    assert.ok(cluster.universe.journal.some(({ event }) => event === "badPeer"));
  });

  it("ignores frames of other attempts and of no channel, and closes a data connection that sends garbage", () => {
    const cluster = startCluster(2, 3000);
    cluster.client.submit(specOf({ bounded: true }), 2);
    runTo(cluster, "running");
    let closed = 0;
    const { network } = cluster.startWorker("stranger").world;
    const payload = new Uint8Array(300_000);
    const address = { attempt: 2, edge: 0, sender: 0, receiver: 0, acknowledged: 0, grantedBytes: 0 };
    for (const worker of ["worker-0:1", "worker-1:1"]) {
      const data = network.connect(worker, { ...NOBODY, onClosed: () => closed++ });
      sendControl(data, { type: "hello", role: "data", worker: "stranger", attempt: 2 });
      // In the attempt that runs they would break the channel's credit and fail the task.
      for (let first = 1_000_001; first < 1_000_006; first++) {
        data.send(encodeFrameHeader({ ...address, kind: 1, first, count: 1, payload }), payload);
      }
      data.send(encodeFrameHeader({ ...address, edge: 99, kind: 5, first: 1, count: 1, payload: NO_PAYLOAD }), null);
      data.send(Uint8Array.of(9, 9, 9), null);
    }
    runTo(cluster, "finished");
    assert.equal(closed, 2);
  });
});
