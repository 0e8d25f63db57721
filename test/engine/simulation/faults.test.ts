import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Connection } from "../../../engine/ports.ts";
import { CALM } from "../../../engine/simulation/conditions.ts";
import { SimulatedNetwork } from "../../../engine/simulation/network.ts";
import { SimulatedProcess } from "../../../engine/simulation/process.ts";
import { SimulatedStore } from "../../../engine/simulation/store.ts";
import { Universe } from "../../../engine/simulation/universe.ts";
import { logWorld } from "./log-world.ts";

/** Two connected processes; what each end has seen, with the virtual time. */
function pair() {
  const universe = new Universe(1, CALM);
  const network = new SimulatedNetwork(universe);
  const store = new SimulatedStore(universe);
  const none = () => ({}) as never;
  const start = (name: string) =>
    new SimulatedProcess(universe, name, {
      network: (process) => network.bind(process, `${name}:1`),
      store: (process) => store.bind(process),
      log: none,
      localStore: none,
      scratch: none,
      election: none,
    });
  const seen: string[] = [];
  const [a, b] = [start("a"), start("b")];
  const handler = (name: string) => ({
    onMessage: (bytes: Uint8Array) => seen.push(`${name} gets ${new TextDecoder().decode(bytes)}`),
    onDrain: () => {},
    onClosed: (error: Error | null) => seen.push(`${name} ${error === null ? "closed" : "broken"}`),
  });
  let far: Connection | null = null;
  b.world.network.accept((connection) => {
    far = connection;
    return handler("b");
  });
  const near = a.world.network.connect("b:1", handler("a"));
  const until = (timeUs: number) => {
    universe.queue.at(timeUs, () => {});
    while (universe.nowUs < timeUs && universe.queue.step() !== null);
  };
  const say = (connection: Connection, text: string) => connection.send(new TextEncoder().encode(`{${text}}`), null);
  until(1_000);
  return { universe, network, store, a, b, near, far: far as Connection | null, seen, until, say };
}

describe("faults of a simulated world", () => {
  it("a partition lets messages of one way wait, in order, and loses none", () => {
    const { network, near, far, seen, until, say } = pair();
    network.partitions.cut("a", "b", 50_000);
    say(near, "1");
    say(far!, "2");
    until(40_000);
    say(near, "3");
    until(50_900);
    assert.deepEqual(seen, ["a gets {2}"]);
    until(52_000);
    assert.deepEqual(seen, ["a gets {2}", "b gets {1}", "b gets {3}"]);
    assert.equal(network.partitions.held, 2);
  });

  it("nobody learns of a death across a partition before it is over", () => {
    const { network, b, seen, until } = pair();
    network.partitions.cut("b", "a", 50_000);
    b.kill();
    until(50_000);
    assert.deepEqual(seen, []);
    until(52_000);
    assert.deepEqual(seen, ["a broken"]);
  });

  it("a reset breaks both ends", () => {
    const { network, near, seen, until, say } = pair();
    assert.equal(network.breakConnections("b", "a"), 1);
    until(2_000);
    assert.deepEqual(seen.toSorted(), ["a broken", "b broken"]);
    say(near, "into the void");
    until(3_000);
    assert.equal(seen.length, 2);
    assert.equal(network.breakConnections("a", "b"), 0);
  });

  it("a paused process does nothing: messages and timers wait until it goes on", () => {
    const { universe, b, near, seen, until, say } = pair();
    b.pause(100_000);
    let firedUs = 0;
    b.world.timers.after(10_000, () => {
      firedUs = universe.nowUs;
    });
    say(near, "1");
    until(100_000);
    assert.deepEqual([seen, firedUs, b.waiting], [[], 0, 2]);
    until(101_100);
    assert.deepEqual([seen, firedUs, b.waiting], [["b gets {1}"], 101_000, 0]);
  });

  it("a store that fails refuses, one that hangs answers later, one that tears keeps something else", () => {
    const { universe, store, a, until } = pair();
    const done: string[] = [];
    const write = (path: string) =>
      a.world.store.write(path, new Uint8Array(100).fill(7), (error) => {
        done.push(`${path} ${error === null ? "written" : "refused"}${universe.nowUs > 50_000 ? " late" : ""}`);
      });
    store.begin("fails", 10_000);
    write("x");
    until(20_000);
    store.begin("hangs", 40_000);
    write("y");
    until(70_000);
    store.begin("tears", 10_000);
    write("z");
    until(90_000);
    assert.deepEqual(done, ["x refused", "y written late", "z written late"]);
    const whole: Record<string, boolean> = {};
    for (const path of ["y", "z"]) {
      a.world.store.read(path, (_, bytes) => {
        whole[path] = bytes?.length === 100 && bytes.every((byte) => byte === 7);
      });
    }
    until(110_000);
    assert.deepEqual(whole, { y: true, z: false });
    assert.deepEqual(store.counts, { slow: 1, failedWrites: 1, tornWrites: 1 });
  });

  it("a process that is cut off from the log writes when it reaches it again; others do not notice", () => {
    const world = logWorld();
    const address = { kind: "memory", brokers: [], topic: "out" };
    const acknowledged: string[] = [];
    for (const name of ["cut", "free"]) {
      const writer = world.start(name).world.log.openWriter(address, [0], {
        onAcknowledged: () => acknowledged.push(`${name} ${world.universe.nowUs >= 50_000 ? "late" : "soon"}`),
        onDrain: () => {},
        onError: (error) => assert.fail(error),
      });
      if (name === "cut") world.log.outages.cutOff("cut", 50_000);
      writer.append(0, 0, new Uint8Array(8), 0, 8);
      writer.kick();
    }
    world.runUntil(() => acknowledged.length === 2, "both records");
    assert.deepEqual(acknowledged, ["free soon", "cut late"]);
    assert.ok(world.log.outages.met > 0);
  });
});
