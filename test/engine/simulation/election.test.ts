import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CALM } from "../../../engine/simulation/conditions.ts";
import { type ElectionConditions, SimulatedElection } from "../../../engine/simulation/election.ts";
import { SimulatedProcess } from "../../../engine/simulation/process.ts";
import { Universe } from "../../../engine/simulation/universe.ts";
import { type ElectionWorld, electionContract } from "../shell/election-contract.ts";

const MAX_STEPS = 100_000;
const SLOW: ElectionConditions = { latencyUs: { min: 200, max: 3_000 }, sessionUs: 500_000 };

function simulated(conditions?: ElectionConditions) {
  const universe = new Universe(1, CALM);
  const election = new SimulatedElection(universe, conditions);
  const processes = new Map<string, SimulatedProcess>();
  const none = () => ({}) as never;
  const ports = { network: none, store: none, localStore: none, scratch: none, log: none };
  const process = (name: string) => {
    const known = processes.get(name);
    if (known !== undefined) return known;
    const made = new SimulatedProcess(universe, name, { ...ports, election: (owner) => election.bind(owner) });
    processes.set(name, made);
    return made;
  };
  const step = (what: string, done: () => boolean) => {
    for (let steps = 0; !done(); steps++) assert.ok(universe.queue.step() !== null && steps < MAX_STEPS, what);
  };
  const pass = (timeUs: number) => {
    const endUs = universe.nowUs + timeUs;
    universe.queue.at(endUs, () => {});
    step("time", () => universe.nowUs >= endUs);
  };
  const world: ElectionWorld = {
    election: (name) => process(name).world.election,
    until: async (what, condition) => step(what, condition),
    quiet: async () => pass(100_000),
    loseSession: async (name) => election.loseSession(process(name), 10_000),
    loseContact: async (name) => election.loseContact(process(name), 700_000),
    kill: async (name) => process(name).kill(),
  };
  return { world, election, process, pass };
}

for (const [name, conditions] of [
  ["instant", undefined],
  ["with latency and sessions", SLOW],
] as const) {
  describe(`the simulated election, ${name}`, () => {
    const { world } = simulated(conditions);
    electionContract(() => world);
  });
}

describe("the simulated election", () => {
  it("lets two take themselves for the leader until the one who lost its session hears of that", () => {
    const { election, process, pass } = simulated(SLOW);
    const leads = { a: false, b: false };
    for (const name of ["a", "b"] as const) {
      process(name).world.election.join("group", name, {
        onElected: () => {
          leads[name] = true;
        },
        onDeposed: () => {
          leads[name] = false;
        },
      });
    }
    pass(10_000);
    assert.deepEqual(leads, { a: true, b: false });
    election.loseSession(process("a"), 100_000);
    pass(50_000);
    assert.deepEqual(leads, { a: true, b: true });
    pass(100_000);
    assert.deepEqual(leads, { a: false, b: true });
  });

  it("replaces a dead leader only when its session has run out", () => {
    const { process, pass } = simulated(SLOW);
    process("a").world.election.join("group", "a", { onElected: () => {}, onDeposed: () => {} });
    let leads = false;
    process("b").world.election.join("group", "b", {
      onElected: () => {
        leads = true;
      },
      onDeposed: () => {},
    });
    pass(10_000);
    process("a").kill();
    pass(450_000);
    assert.ok(!leads);
    pass(100_000);
    assert.ok(leads);
  });

  it("elects somebody again when a process loses one session after the other", () => {
    const { election, process, pass } = simulated(SLOW);
    let leads = false;
    process("a").world.election.join("group", "a", {
      onElected: () => {
        leads = true;
      },
      onDeposed: () => {
        leads = false;
      },
    });
    pass(10_000);
    election.loseSession(process("a"), 2_000);
    election.loseSession(process("a"), 60_000);
    pass(100_000);
    assert.ok(leads);
  });
});
