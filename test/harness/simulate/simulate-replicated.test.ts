import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { simulateCommand } from "../../../harness/cli/commands/simulate.ts";
import { drawMode, type RunMode, readMode } from "../../../harness/simulate/run-mode.ts";
import { simulate } from "../../../harness/simulate/simulate.ts";
import { fakeIo } from "../cli/fake-io.ts";

describe("the modes of bench simulate", () => {
  it("are read from --set and --fault, others are refused with a hint", () => {
    assert.deepEqual(readMode([], []), { kind: "plain" });
    assert.deepEqual(readMode([], ["kill"]), { kind: "passive", guarantee: null, faults: ["kill"] });
    assert.deepEqual(readMode(["guarantee=at-least-once"], ["none"]), {
      kind: "passive",
      guarantee: "at-least-once",
      faults: [],
    });
    assert.deepEqual(readMode(["recovery=passive"], []), { kind: "passive", guarantee: null, faults: null });
    assert.deepEqual(readMode(["recovery=all"], []), { kind: "all" });
    const replicas = { kind: "replicated", factor: 3, sources: true };
    const settings = ["replication.factor=3", "replication.sources=true"];
    assert.deepEqual(readMode(settings, ["none"]), { ...replicas, kill: false });
    for (const faults of [[], ["kill"]]) assert.deepEqual(readMode(settings, faults), { ...replicas, kill: true });
    const merges = [0, 1, 2].map((seed) => drawMode(readMode(["recovery=active"], []), "q5", seed).protection);
    assert.deepEqual(
      merges.map((protection) => protection.kind === "replicated" && protection.replication.merge),
      ["liveRobin", "kaZoo", "timeBias"],
    );
    for (const wrong of ["replication.factor=5", "replication.factor=x", "replication.sources=2", "rate=1", "x"]) {
      assert.throws(() => readMode([wrong], []), { code: "usage", message: new RegExp(wrong.replace(".", "\\.")) });
    }
    assert.throws(() => readMode(settings, ["pause"]), { code: "usage", message: /pause/ });
    assert.throws(() => readMode([], ["earthquake"]), { code: "usage", message: /earthquake/ });
    assert.throws(() => readMode(["recovery=passive", "replication.factor=2"], []), { code: "usage" });
  });
});

describe("bench simulate with replicas", () => {
  const mode: RunMode = { kind: "replicated", factor: 2, sources: true, kill: true };

  it("runs one query a seed, says what it did, and prints trace hashes that repeat themselves", async () => {
    const options = { mode, queries: ["q5", "q0"], from: 3, seeds: 4, trace: true, json: false, threads: 1 };
    const outputs: string[] = [];
    for (let round = 0; round < 2; round++) {
      const io = fakeIo();
      assert.equal(await simulate(options, io), 0);
      outputs.push(io.out());
    }
    const hashes = outputs.map((output) => output.match(/^[0-9a-f]{16} .*$/gm));
    assert.deepEqual(hashes[0], hashes[1]);
    assert.match(outputs[0]!, /^[0-9a-f]{16} {2}q0 seed 3\n/);
    assert.match(outputs[0]!, /\n4 runs with replicas, \d workers? of them killed\n/);
  });

  it("refuses queries whose rows tell the clock", async () => {
    const options = { mode, queries: ["bettercloud"], from: 1, seeds: 1, trace: false, json: false };
    await assert.rejects(simulate(options, fakeIo()), { code: "usage", message: /clock/ });
  });
});

describe("bench simulate --merge liveRobin", () => {
  it("prints the order of delivery of the channels in a file", async () => {
    const directory = await mkdtemp(join(tmpdir(), "faultline-merge-"));
    try {
      const channels = join(directory, "channels.txt");
      await writeFile(channels, "A = A0 H0 A1 H1 A2 H2\nB = B0 H0 B1 H1 B2 H2\n");
      const io = fakeIo();
      assert.equal(await simulateCommand.run({ merge: "liveRobin", channels }, io), 0);
      assert.equal(io.out(), "A0 A1 HB1 B0 B1 A2 HB2 B2\n");
      await assert.rejects(simulateCommand.run({ merge: "liveRobin" }, io), { code: "usage" });
      await assert.rejects(simulateCommand.run({ channels: join(directory, "none") }, io), { code: "usage" });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
