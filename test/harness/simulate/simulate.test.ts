import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "../../../harness/cli/cli.ts";
import type { CampaignProgress } from "../../../harness/simulate/campaign.ts";
import { drawRun } from "../../../harness/simulate/draw-run.ts";
import { runSeed } from "../../../harness/simulate/run-seed.ts";
import { simulate } from "../../../harness/simulate/simulate.ts";
import { count, emptyTally } from "../../../harness/simulate/tally.ts";
import { findQuery } from "../../../queries/registry.ts";
import { fakeIo } from "../cli/fake-io.ts";

const cli = async (...argv: readonly string[]) => {
  const io = fakeIo();
  const code = await runCli(["simulate", ...argv], io);
  return { code, out: io.out(), err: io.err() };
};

test("bench simulate says how fast it was, what it met, and one hash; as text and as JSON", async () => {
  const wanted = ["--job", "q0", "--job", "q7", "--seeds", "3", "--from", "11", "--threads", "1"];
  const { code, out } = await cli(...wanted, "--trace");
  assert.equal(code, 0);
  assert.match(out, /3 seeds, 6 runs in .*: [\d,]+ seeds a minute, [\d,]+ runs a minute/);
  assert.match(out, /^overtaking +\d/m);
  assert.match(out, /^q7 +3 +3$/m);
  const { traceHash } = await runSeed(drawRun(findQuery("q7"), 12));
  assert.ok(out.includes(`${traceHash}  q7 seed 12\n`));
  const json = JSON.parse((await cli(...wanted, "--json")).out);
  assert.deepEqual([json.ok, json.seeds, json.runs, json.failed, json.missing], [true, 3, 6, [], []]);
  assert.ok(
    json.seedsPerMinute > 0 && json.runsPerCpuMinute > 0 && json.met.busyCore > 0 && json.runsWith.busyCore === 6,
  );
  assert.ok(out.includes(`hash of all traces ${json.hash}`));
});

test("bench simulate --trace of one run writes its events and its hash", async () => {
  const { code, out } = await cli("--job", "q5", "--seeds", "1", "--from", "3", "--trace");
  assert.equal(code, 0);
  const lines = out.trimEnd().split("\n");
  const { traceHash } = await runSeed(drawRun(findQuery("q5"), 3));
  assert.equal(lines.at(-1), `${traceHash}  q5 seed 3`);
  assert.ok(lines.length > 100 && lines.slice(0, -1).every((line) => /^\d+ µs {2}/.test(line)));
});

test("a time limit takes 10m as well as 10min, and nothing without a unit", async () => {
  assert.equal((await cli("--job", "q0", "--seeds", "1", "--for", "10m")).code, 0);
  const { code, err } = await cli("--for", "10");
  assert.equal(code, 2);
  assert.match(err, /--for/);
});

const ONE_RUN = { queries: ["q5"], from: 17, trace: false, json: false };

/** A campaign that ends as `change` says. */
const ended = (change: (progress: CampaignProgress) => void, seeds: number) => async (): Promise<CampaignProgress> => {
  const progress = { tally: emptyTally(), seeds, elapsedMs: 1000 };
  count(progress.tally, await runSeed(drawRun(findQuery("q5"), 17)));
  change(progress);
  return progress;
};

test("a failed seed ends with exit code 4, its replay command and the end of its trace", async () => {
  const io = fakeIo();
  const failed = ended(({ tally }) => tally.failed.push({ query: "q5", seed: 17, problem: "1 rows lost" }), 1);
  assert.equal(await simulate(ONE_RUN, io, failed), 4);
  assert.match(io.err(), /replay: \.\/bench simulate --job q5 --from 17 --seeds 1 --trace\n/);
  assert.match(io.err(), /end of its trace \(hash [0-9a-f]{16}/);
  assert.match(io.err(), /\n {2}\d+ µs {2}.* → /);
  const json = fakeIo();
  assert.equal(await simulate({ ...ONE_RUN, json: true }, json, failed), 4);
  assert.equal(JSON.parse(json.out()).failed[0].replay, "./bench simulate --job q5 --from 17 --seeds 1 --trace");
});

test("a situation that was never met fails a campaign of many seeds, by name, and not one of a few", async () => {
  const unmet = ({ tally }: CampaignProgress) => {
    for (const name of Object.keys(tally.runsWith)) tally.runsWith[name] = name === "timerBurst" ? 0 : 1;
  };
  const io = fakeIo();
  assert.equal(await simulate(ONE_RUN, io, ended(unmet, 200)), 4);
  assert.match(io.err(), /never met under 200 seeds: timerBurst\n/);
  assert.equal(await simulate(ONE_RUN, fakeIo(), ended(unmet, 199)), 0);
});

test("Ctrl-C starts no more seeds, shows what was done, and ends with 130; a second one ends at once", async () => {
  const io = fakeIo();
  const campaign = async ({ signal }: { readonly signal?: AbortSignal }) => {
    io.signal("SIGINT");
    assert.equal(signal?.aborted, true);
    io.signal("SIGINT");
    return ended(() => {}, 1)();
  };
  assert.equal(await simulate(ONE_RUN, io, campaign), 130);
  assert.deepEqual(io.exits, [130]);
  assert.match(io.out(), /1 seed, 1 run in /);
});
