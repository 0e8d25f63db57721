import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { simulateCommand } from "../../../harness/cli/commands/simulate.ts";
import { readReplication, simulateReplicated } from "../../../harness/simulate/simulate-replicated.ts";
import { fakeIo } from "../cli/fake-io.ts";

describe("bench simulate with replicas", () => {
  it("reads its settings, and refuses others with a hint", () => {
    assert.equal(readReplication([], []), null);
    assert.deepEqual(readReplication([], ["kill"]), { factor: 2, sources: false, kill: true });
    const settings = ["replication.factor=3", "replication.sources=true"];
    assert.deepEqual(readReplication(settings, []), { factor: 3, sources: true, kill: false });
    for (const wrong of ["replication.factor=5", "replication.factor=x", "replication.sources=2", "rate=1", "x"]) {
      assert.throws(() => readReplication([wrong], []), { code: "usage" }, wrong);
    }
    assert.throws(() => readReplication([], ["pause"]), { code: "usage", message: /pause/ });
  });

  it("runs queries, says what it did, and prints trace hashes that repeat themselves", async () => {
    const options = { queries: ["q5", "q0"], from: 3, seeds: 2, factor: 2, sources: true, kill: true, trace: true };
    const outputs: string[] = [];
    for (let round = 0; round < 2; round++) {
      const io = fakeIo();
      assert.equal(await simulateReplicated(options, io), 0);
      outputs.push(io.out());
    }
    assert.equal(outputs[0], outputs[1]);
    assert.match(outputs[0]!, /^[0-9a-f]{16} {2}q5 seed 3\n/);
    assert.match(
      outputs[0]!,
      /4 runs, 2 replicas of sources and inner vertices, \d workers killed, \d+ rows compared, 0 runs failed/,
    );
  });

  it("refuses queries whose rows tell the clock", async () => {
    const options = {
      queries: ["bettercloud"],
      from: 1,
      seeds: 1,
      factor: 2,
      sources: false,
      kill: false,
      trace: false,
    };
    await assert.rejects(simulateReplicated(options, fakeIo()), { code: "usage", message: /clock/ });
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
