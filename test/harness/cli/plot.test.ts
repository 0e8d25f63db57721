import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { analyzeSweep } from "../../../harness/analyze/analyze.ts";
import { runCli } from "../../../harness/cli/cli.ts";
import { writeStoredCampaign } from "../report/figure-campaign.ts";
import { fakeIo } from "./fake-io.ts";

describe("bench plot", () => {
  let folder = "";
  const results = () => join(folder, "results");

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "faultline-plot-"));
    writeStoredCampaign(results());
    await analyzeSweep(results());
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function bench(...argv: string[]) {
    const io = fakeIo({ cwd: folder });
    const code = await runCli(["plot", ...argv], io);
    return { code, out: io.out(), err: io.err() };
  }
  const files = (directory: string) => readdirSync(join(folder, directory)).sort();

  it("draws the very files that the report has, byte for byte, and says which figures have no data, and why", async () => {
    const { code, out, err } = await bench("results", "--out", "drawn");
    assert.equal(code, 0);
    assert.deepEqual(files("drawn"), files("results/figures"));
    for (const name of files("drawn")) {
      assert.ok(readFileSync(join(folder, "drawn", name)).equals(readFileSync(join(results(), "figures", name))), name);
    }
    assert.match(out, /^drawn\/latency-percentiles\.svg$/m);
    assert.match(err, /^no recovery: it needs a fault whose effect is known$/m);
    assert.doesNotMatch(err, /no latency-percentiles/);
  });

  it("every figure names the results it is of: the hash of manifest.json and runs.jsonl, one after the other", async () => {
    const both = ["manifest.json", "runs.jsonl"].map((name) => readFileSync(join(results(), name)));
    const hash = createHash("sha256").update(Buffer.concat(both)).digest("hex");
    const { out } = await bench("results", "--figure", "throughput-latency", "--json", "--out", "one");
    assert.equal(JSON.parse(out).results, `sha256:${hash}`);
    assert.ok(readFileSync(join(folder, "one", "throughput-latency.svg"), "utf8").includes(`sha256:${hash}`));
  });

  it("draws a kind, or a single figure, in the format wanted, data beside it, by default into the folder's plots/", async () => {
    const one = "latency-heat-map-q0-rate-1000-r2";
    const { code } = await bench("results", "--figure", one, "--figure", "run-order", "--format", "png");
    assert.equal(code, 0);
    const names = [`${one}.csv`, `${one}.png`, "run-order.csv", "run-order.png"];
    assert.deepEqual(files("results/plots"), names);
  });

  it("does not judge all runs anew for a figure that results tell", async () => {
    cpSync(results(), join(folder, "torn"), { recursive: true });
    writeFileSync(join(folder, "torn", "raw", readdirSync(join(folder, "torn", "raw"))[0]!, "run.json"), "{");
    const { code } = await bench("torn", "--figure", "throughput-latency", "--out", "told");
    assert.equal(code, 0);
    const [own, told] = ["results/figures", "told"].map((at) => join(folder, at, "throughput-latency.svg"));
    assert.ok(readFileSync(told!).equals(readFileSync(own!)));
    assert.notEqual((await bench("torn", "--figure", "run-order", "--out", "told")).code, 0, "of raw data");
  });

  it("judges the runs where only their raw data are there", async () => {
    cpSync(results(), join(folder, "bare"), { recursive: true });
    rmSync(join(folder, "bare", "runs.jsonl"));
    assert.equal((await bench("bare", "--figure", "throughput-latency", "--out", "judged")).code, 0);
  });

  it("an unknown figure ends with 2 and the list of all; of a kind that is known, with the figures there are", async () => {
    const { code, err } = await bench("results", "--figure", "latency-percentile");
    assert.equal(code, 2);
    assert.match(err, /there is no figure "latency-percentile"[\s\S]*\n {2}run-order {2,}\S[\s\S]*latency-percentiles/);
    const single = await bench("results", "--figure", "latency-over-time-q7-r1");
    assert.equal(single.code, 2);
    assert.match(single.err, /latency-over-time-q0-rate-1000-r1/);
  });

  it("what was asked for and has no data ends with 5, and nothing is written", async () => {
    const { code, out, err } = await bench("results", "--figure", "recovery", "--out", "nothing");
    assert.deepEqual([code, out], [5, ""]);
    assert.match(err, /no recovery: it needs a fault/);
    assert.ok(!files(".").includes("nothing"));
  });

  it("of published results without raw data, draws what their results tell", async () => {
    cpSync(results(), join(folder, "published"), { recursive: true });
    rmSync(join(folder, "published", "raw"), { recursive: true });
    const { code, err } = await bench("published", "--out", "again");
    assert.equal(code, 0);
    assert.deepEqual(files("again"), ["throughput-latency.csv", "throughput-latency.svg"]);
    const drawn = readFileSync(join(folder, "again", "throughput-latency.svg"));
    assert.ok(drawn.equals(readFileSync(join(results(), "figures", "throughput-latency.svg"))));
    assert.match(err, /^no latency-percentiles: it is drawn from raw\/, and this folder has no raw data$/m);
  });

  it("several folders are for scalability only; what is no results folder is refused", async () => {
    const { code, err } = await bench("results", "results", "--figure", "cost");
    assert.equal(code, 2);
    assert.match(err, /several folders are drawn together in scalability only/);
    assert.equal((await bench("results", "results")).code, 5, "no capacities in there");
    writeFileSync(join(folder, "file"), "");
    assert.equal((await bench("nowhere")).code, 2);
  });
});
