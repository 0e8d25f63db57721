import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { capacityState } from "../../../harness/analyze/capacity/capacity.ts";
import { capacityExitCode } from "../../../harness/cli/capacity-session.ts";
import { runCli } from "../../../harness/cli/cli.ts";
import { resolveText } from "../../../harness/config/load.ts";
import { capacityCsv, capacityJson } from "../../../harness/report/capacity-table.ts";
import { CapacitySource } from "../../../harness/sweep/capacity-source.ts";
import { buildManifest } from "../../../harness/sweep/manifest.ts";
import type { LatencySummary, RunRecord, RunResult } from "../../../harness/sweep/model.ts";
import { ResultsStore } from "../../../harness/sweep/store.ts";
import { runSweep } from "../../../harness/sweep/sweep.ts";
import { fakeIo } from "../cli/fake-io.ts";
import { manifestOf } from "./fake-manifest.ts";
import { type FakeWorld, fakeWorld, recordingEvents } from "./fakes.ts";

const scratch = mkdtempSync(join(tmpdir(), "faultline-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;

const TEXT = "query: q0\nload: {rate: 1k/s, duration: 10s}\ncapacity: {precision: 0.1, searches: 2, timeLimit: 1h}\n";
const NONE: LatencySummary = { p50: null, p90: null, p99: null, p999: null, max: null, n: 0 };

/** Judges every run of the world by what `state` says of its rate. */
function judging(change: (rate: number) => Partial<RunResult>): FakeWorld {
  const world = fakeWorld();
  const { analyzeRun } = world.toolbox;
  const toolbox = {
    ...world.toolbox,
    analyzeRun: async (start: Parameters<typeof analyzeRun>[0]) => {
      const result = await analyzeRun(start);
      const file = join(start.directory, "raw", start.runId, "run.json");
      const { config } = JSON.parse(readFileSync(file, "utf8")) as RunRecord & { config: { load: { rate: number } } };
      return { ...result, ...change(config.load.rate) };
    },
  };
  return { ...world, toolbox };
}

const edge =
  (capacity: number) =>
  (rate: number): Partial<RunResult> => ({
    thresholds: [
      {
        text: "p99 <= 100ms",
        metric: "p99",
        unit: "duration",
        state: rate <= capacity ? "passed" : "crossed",
        value: 1,
      },
    ],
  });

async function search(world: FakeWorld, folder: string, options: { text?: string; stopAfter?: number } = {}) {
  const sweep = resolveText(options.text ?? TEXT, "capacity.yaml", []);
  const abort = new AbortController();
  const events = recordingEvents();
  const wanted = { ...manifestOf(sweep), kind: "capacity" as const, order: [] };
  const { store, manifest } = await ResultsStore.open(folder, wanted);
  try {
    const finished = [...(await store.results()).values()];
    const notice = (text: string) => events.notice(text);
    const source = new CapacitySource({ cell: sweep.cells[0]!, finished, clockUs: world.toolbox.monotonicUs, notice });
    const stopping = {
      next: () => source.next(),
      ended: (result: RunResult) => {
        source.ended(result);
        if (source.state.steps.length === options.stopAfter) abort.abort();
      },
    };
    const base = { sweep, store, manifest, toolbox: world.toolbox, events };
    const outcome = await runSweep({ ...base, signal: abort.signal, source: stopping });
    return { source, outcome, events, sweep };
  } finally {
    await store.close();
  }
}

const newFolder = () => join(scratch, String(folders++));

test("every probe is a run of its own at one rate, on one broker, and its rate can be repeated from its config", async () => {
  const world = judging(edge(7_300));
  const folder = newFolder();
  const { source, outcome } = await search(world, folder);
  const { answer, steps } = source.state;
  assert.ok(answer.capacityPerSecond! <= 7_300 && answer.capacityPerSecond! * 1.1 > 7_300);
  assert.equal(world.calls.filter((call) => call === "start kafka").length, 1);
  assert.equal(world.calls.at(-1), "analyze sweep");
  assert.equal(new Set(steps.map(({ run }) => run)).size, outcome.results.length);
  const record = JSON.parse(readFileSync(join(folder, "raw", steps[1]!.run, "run.json"), "utf8"));
  assert.equal(record.config.load.rate, steps[1]!.ratePerSecond);
  assert.deepEqual(
    record.config.thresholds.map(({ text }: { text: string }) => text),
    ["p99 <= 100ms", "lagSlope <= 1%", "achieved >= 99.5%"],
  );
  assert.deepEqual([...world.running], []);
});

test("an interrupted search goes on where it was: the same probes, none of them twice", async () => {
  const whole = (await search(judging(edge(3_100)), newFolder())).source.state;
  for (const stopAfter of [1, 4, 9]) {
    const folder = newFolder();
    const first = await search(judging(edge(3_100)), folder, { stopAfter });
    assert.ok(first.outcome.interrupted);
    const second = await search(judging(edge(3_100)), folder);
    assert.deepEqual(
      second.source.state.steps.map(({ run }) => run),
      whole.steps.map(({ run }) => run),
    );
    assert.deepEqual(second.source.state.answer, whole.answer);
  }
});

test("what is wrong with a run decides its vote", async () => {
  const votes = async (change: Partial<RunResult>) => {
    const { source } = await search(
      judging(() => change),
      newFolder(),
      { stopAfter: 1 },
    );
    return source.state.steps[0]!.vote;
  };
  const reason = (code: RunResult["reasons"][number]["code"]) => [{ code, message: "" }];
  assert.equal(await votes({ state: "failed", reasons: reason("drain-timeout") }), "unsustained");
  assert.equal(await votes({ state: "failed", reasons: reason("threshold-crossed") }), "unsustained");
  assert.equal(await votes({ state: "failed", reasons: reason("guarantee-violated") }), "unclear");
  assert.equal(await votes({ state: "invalid", reasons: reason("clock-offset") }), "unclear");
  const late = { state: "invalid", reasons: reason("generator-saturated") } as const;
  assert.equal(await votes(late), "instrument");
  const slow = { ...NONE, p99: 900_000, n: 1_000 };
  assert.equal(await votes({ ...late, uncorrectedLatencyUs: slow }), "unsustained", "late, and slow by itself");
  const noData = { text: "p99 <= 100ms", metric: "p99", unit: "duration", state: "noData", value: null } as const;
  assert.equal(await votes({ thresholds: [noData] }), "unclear");
});

test("the time limit is kept before a run begins, and said", async () => {
  const text = TEXT.replace("timeLimit: 1h", "timeLimit: 10s");
  const { source, outcome } = await search(judging(edge(3_100)), newFolder(), { text });
  assert.ok(source.isOutOfTime);
  assert.equal(outcome.results.length, 0);
});

test("the stored search says all: the same state from its runs in any order", async () => {
  const { source, outcome, sweep } = await search(judging(edge(900)), newFolder());
  const again = capacityState(sweep.config, [...outcome.results].reverse());
  assert.equal(capacityJson(again), capacityJson(source.state));
  const json = JSON.parse(capacityJson(again));
  assert.equal(json.ended, "complete");
  assert.equal(json.trace.length, outcome.results.length);
  assert.equal(capacityCsv(again).trim().split("\n").length, outcome.results.length + 1);
});

test("a folder of a search is no folder of a sweep, and the other way round", async () => {
  const folder = newFolder();
  const { sweep } = await search(judging(edge(900)), folder, { stopAfter: 1 });
  await assert.rejects(ResultsStore.open(folder, manifestOf(sweep)), /was begun by bench capacity/);
  const io = fakeIo({ cwd: scratch });
  assert.equal(await runCli(["sweep", "--resume", folder], io), 2);
  assert.match(io.err(), /was not begun by bench sweep\nhint: \.\/bench capacity --resume/);
});

test("the command refuses what it cannot search, and says what it would do", async () => {
  const run = async (...sets: string[]) => {
    const io = fakeIo({ cwd: process.cwd() });
    const code = await runCli(
      ["capacity", "configs/capacity.yaml", "--dry-run", ...sets.flatMap((set) => ["--set", set])],
      io,
    );
    return { code, text: io.out() + io.err() };
  };
  assert.match(
    (await run("load={from: 1k/s, to: 2k/s, duration: 9s}")).text,
    /searched over constant rates, and load\.shape is ramp/,
  );
  assert.match((await run("capacity.least=2M/s")).text, /capacity\.least: 2M\/s is above capacity\.most 1M\/s/);
  const plan = await run();
  assert.equal(plan.code, 0);
  assert.match(plan.text, /capacity of q0: the greatest rate with p99 <= 250ms, lagSlope <= 1%, achieved >= 99\.5%/);
});

test("exit codes: a capacity, none, a search that is not over, runs that fail", async () => {
  const codeOf = async (change: (rate: number) => Partial<RunResult>, stopAfter?: number) => {
    const { source } = await search(judging(change), newFolder(), stopAfter === undefined ? {} : { stopAfter });
    return capacityExitCode(source.state);
  };
  assert.equal(await codeOf(edge(3_100)), 0);
  assert.equal(await codeOf(edge(1)), 6);
  assert.equal(await codeOf(edge(3_100), 2), 5);
  const wrong = { state: "failed", reasons: [{ code: "guarantee-violated", message: "" }] } as const;
  assert.equal(await codeOf(() => wrong), 4);
  assert.equal(await codeOf(() => ({ state: "invalid", reasons: [{ code: "clock-offset", message: "" }] })), 5);
});

test("the manifest of a search keeps that it is one", () => {
  const sweep = resolveText(TEXT, "capacity.yaml", []);
  const provenance = manifestOf(sweep).provenance;
  const facts = { provenance, createdMs: 0, cwd: "/", pid: 1 };
  assert.equal(buildManifest(sweep, { runs: [], estimatedMs: 0 }, facts, "capacity").kind, "capacity");
});
