import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import { monotonicUs } from "../../../base/clock.ts";
import { LogicalChannel } from "../../../engine/replication/logical-channel.ts";
import { EdgeOutput } from "../../../engine/task/edge-output.ts";
import type { Element } from "../../../engine/task/element.ts";
import { runCampaign } from "../../../harness/simulate/campaign.ts";
import { missingCoverage } from "../../../harness/simulate/coverage.ts";
import { drawReplicated } from "../../../harness/simulate/draw-replicated.ts";
import { REPLICA_STATE_NAMES } from "../../../harness/simulate/replica-states.ts";
import type { RunMode } from "../../../harness/simulate/run-mode.ts";
import { runSeed } from "../../../harness/simulate/run-seed.ts";
import { emptyTally } from "../../../harness/simulate/tally.ts";
import { findQuery, generatorOf, queryIds } from "../../../queries/registry.ts";

/** BetterCloud's stamps read the clock: not for replicas. */
const QUERIES = queryIds()
  .map(findQuery)
  .filter((query) => generatorOf(query) === "nexmark");

const SEEDS = 100;
const CAMPAIGN_SEEDS = 500;
const MODE: RunMode = { kind: "replicated", factor: 2, sources: false, kill: true };

function draw(seed: number, kill: boolean) {
  const query = QUERIES[seed % QUERIES.length]!;
  const factor = seed % 25 === 0 ? 3 : 2;
  return drawReplicated(query, seed, { factor, sources: Math.floor(seed / QUERIES.length) % 2 === 1, kill });
}

afterEach(() => mock.restoreAll());

describe("replicated jobs in rough worlds", () => {
  it(`keep their rows and bounds under all merges and met every state, under ${CAMPAIGN_SEEDS} seeds`, {
    timeout: 300_000,
  }, async (context) => {
    const settings = { forMs: Number.POSITIVE_INFINITY, clockUs: monotonicUs, threads: 2 };
    const campaign = { ...settings, mode: MODE, queries: queryIds(), from: 1, seeds: CAMPAIGN_SEEDS };
    const { tally } = await runCampaign(campaign);
    assert.deepEqual(tally.failed, []);
    assert.equal(tally.replicated, CAMPAIGN_SEEDS);
    assert.deepEqual(await missingCoverage(QUERIES, tally, MODE), []);
    context.diagnostic(REPLICA_STATE_NAMES.map((name) => `${name} ${tally.runsWith[name]}`).join(", "));
  });

  it("fail a campaign when a state was never met; those of leaders only where there are some", async () => {
    const tally = emptyTally();
    for (const name of Object.keys(tally.runsWith)) tally.runsWith[name] = 1;
    tally.runsWith.gapHeld = 0;
    tally.runsWith.lateAppend = 0;
    tally.replicated = 499;
    assert.deepEqual(await missingCoverage(QUERIES, tally, MODE), []);
    tally.replicated = 500;
    assert.deepEqual(await missingCoverage(QUERIES, tally, MODE), ["lateAppend", "gapHeld"]);
    assert.deepEqual(await missingCoverage(QUERIES, tally, { ...MODE, merge: "timeBias" }), ["gapHeld"]);
    assert.deepEqual(await missingCoverage(QUERIES, tally, { ...MODE, kill: false }), []);
  });

  it(`give the oracle's rows when replicas die anywhere in the run, under ${SEEDS} seeds`, {
    timeout: 120_000,
  }, async () => {
    let killed = 0;
    let rows = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const replicated = draw(seed, true);
      const result = await runSeed(replicated);
      const where = `${replicated.query.id}, seed ${seed}`;
      assert.equal(result.problem, null, `${where}: ${result.problem}\n${result.traceTail.join("\n")}`);
      killed += result.killed;
      rows += result.rows;
    }
    assert.ok(killed > SEEDS / 2, `only ${killed} workers died while their job ran`);
    assert.ok(rows > 10 * SEEDS, `only ${rows} rows were compared`);
  });

  it("repeat themselves exactly from the same seed", async () => {
    for (const seed of [3, 14]) {
      const [first, second] = [await runSeed(draw(seed, true)), await runSeed(draw(seed, true))];
      assert.equal(first.traceHash, second.traceHash);
    }
  });

  it("have replicas that number alike: copies of a heartbeat carry one number, whoever sends them", async () => {
    const firsts = new Map<LogicalChannel, Map<number, number>>();
    let copies = 0;
    const offer = LogicalChannel.prototype.offer;
    mock.method(
      LogicalChannel.prototype,
      "offer",
      function (this: LogicalChannel, element: Element, deliver: (element: Element) => void) {
        if (element.kind === "heartbeat") {
          const known = firsts.get(this) ?? new Map<number, number>();
          firsts.set(this, known);
          if (known.has(element.heartbeat)) copies++;
          assert.equal(element.first, known.get(element.heartbeat) ?? element.first, `heartbeat ${element.heartbeat}`);
          known.set(element.heartbeat, element.first);
        }
        offer.call(this, element, deliver);
      },
    );
    for (let seed = 1; seed <= 60; seed++) {
      const { problem } = await runSeed(draw(seed, false));
      assert.equal(problem, null, `seed ${seed}`);
      firsts.clear();
    }
    assert.ok(copies > 1000, `only ${copies} copies`);
  });

  it("are found out by some seed when a timer causes a numbered element", async () => {
    const flush = EdgeOutput.prototype.flush;
    // A flush that is due by time or size, not by the rows, says so to the receivers: harmless in itself, but it takes a number.
    mock.method(EdgeOutput.prototype, "flush", function (this: EdgeOutput) {
      flush.call(this);
      for (const channel of this.channels) channel.sealWatermark(Number.NEGATIVE_INFINITY);
    });
    const problems: string[] = [];
    for (let seed = 1; seed <= 40 && problems.length === 0; seed++) {
      const drawn = draw(seed, true);
      const options = { ...drawn.options, bufferTimeoutUs: 1_000, bufferBytes: 32 * 1024 };
      const { problem } = await runSeed({ ...drawn, options });
      if (problem !== null) problems.push(problem);
    }
    assert.equal(problems.length, 1, "no seed has found the defect");
  });
});
