import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { runCli } from "../../../harness/cli/cli.ts";
import { ResultsStore } from "../../../harness/sweep/store.ts";
import { runSweep } from "../../../harness/sweep/sweep.ts";
import { fakeIo } from "../cli/fake-io.ts";
import { manifestOf } from "./fake-manifest.ts";
import { type FakeWorld, fakeWorld, recordingEvents, smallSweep } from "./fakes.ts";

const scratch = mkdtempSync(join(tmpdir(), "faultline-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(scratch, String(folders++));

async function run(world: FakeWorld, folder: string, signal = new AbortController().signal, sweep = smallSweep()) {
  const events = recordingEvents();
  const { store, manifest } = await ResultsStore.open(folder, manifestOf(sweep));
  try {
    const outcome = await runSweep({ sweep, store, manifest, toolbox: world.toolbox, events, signal });
    return { outcome, log: events.log };
  } finally {
    await store.close();
  }
}

test("every planned run is executed once, on one broker, and the report is made last", async () => {
  const world = fakeWorld();
  const { outcome } = await run(world, newFolder());
  assert.equal(outcome.results.length, 4);
  assert.equal(new Set(outcome.results.map((result) => result.run.id)).size, 4);
  assert.equal(world.calls.filter((call) => call === "start kafka").length, 1);
  assert.deepEqual([...world.running], []);
  assert.equal(world.calls.at(-1), "analyze sweep");
  assert.deepEqual(
    world.calls.filter((call) => call.startsWith("no topic")),
    [],
    "the checker can still read the output topic",
  );
});

test("a run that fails is a result, and the sweep goes on", async () => {
  const world = fakeWorld();
  world.breakAt("deploy");
  const { outcome } = await run(world, newFolder());
  assert.deepEqual(
    outcome.results.map((result) => result.state),
    ["failed", "valid", "valid", "valid"],
  );
});

test("a checker that crashes makes its run failed(checker-failed), and the sweep goes on", async () => {
  const world = fakeWorld();
  world.breakAt("analyze");
  const { outcome } = await run(world, newFolder());
  assert.deepEqual(outcome.results[0]?.reasons[0]?.code, "checker-failed");
  assert.equal(outcome.results.length, 4);
});

test("a broker that dies is replaced before the next run", async () => {
  const world = fakeWorld();
  world.breakAt("kafka-dies");
  const { outcome } = await run(world, newFolder());
  assert.deepEqual(
    outcome.results.map((result) => result.state),
    ["failed", "valid", "valid", "valid"],
  );
  assert.equal(world.calls.filter((call) => call === "start kafka").length, 2);
  assert.deepEqual([...world.running], []);
});

/** A cell without leaders, and one with. */
const ELECTING = smallSweep(
  "query: q0\nengine: {workers: 4}\nrecovery: active\nsweep: {replication.merge: [liveRobin, kaZoo]}\nrepetitions: 2\n",
);

test("one ZooKeeper serves a sweep with elections from its first run on, and is stopped with the broker", async () => {
  const world = fakeWorld();
  const { outcome } = await run(world, newFolder(), undefined, ELECTING);
  assert.ok(outcome.results.every(({ state }) => state === "valid"));
  assert.equal(world.calls.filter((call) => call === "start zookeeper").length, 1);
  assert.ok(world.calls.indexOf("start zookeeper") < world.calls.indexOf("start observer"), "all runs are alike");
  assert.deepEqual([...world.running], []);
  const orders = world.calls.filter((call) => call.includes("orders"));
  assert.equal(
    orders.filter((call) => call === "3 partitions of orders").length,
    2,
    "a partition a group, in KaZoo runs only",
  );
  assert.equal(orders.filter((call) => call.startsWith("delete")).length, 2);
});

test("no ZooKeeper is started where nobody is elected", async () => {
  const world = fakeWorld();
  await run(world, newFolder());
  assert.ok(!world.calls.includes("start zookeeper"));
});

test("a ZooKeeper that dies fails the run that needed it, and is replaced before the next", async () => {
  const world = fakeWorld();
  world.breakAt("zookeeper-dies");
  const { outcome } = await run(world, newFolder(), undefined, ELECTING);
  const failed = outcome.results.filter(({ state }) => state === "failed");
  const [first] = outcome.results;
  // It died at once: the first run fails by it if it is one with leaders.
  const isNeeded = first?.run.cell.axes["replication.merge"] === "kaZoo";
  assert.deepEqual(
    failed.map(({ reasons }) => reasons[0]?.code),
    isNeeded ? ["zookeeper-failed"] : [],
  );
  assert.equal(world.calls.filter((call) => call === "start zookeeper").length, 2);
  assert.deepEqual([...world.running], []);
});

test("when no ZooKeeper starts the sweep ends with that error and leaves nothing running", async () => {
  const world = fakeWorld();
  world.breakAt("zookeeper");
  await assert.rejects(run(world, newFolder(), undefined, ELECTING), /broken: zookeeper/);
  assert.deepEqual([...world.running], []);
});

test("when no broker starts the sweep ends with that error and leaves nothing running", async () => {
  const world = fakeWorld();
  world.breakAt("kafka");
  await assert.rejects(run(world, newFolder()), /broken: kafka/);
  assert.deepEqual([...world.running], []);
});

test("an interrupted sweep keeps what is done, reports it, and resumes with the rest", async () => {
  const folder = newFolder();
  const world = fakeWorld();
  const abort = new AbortController();
  let feeds = 0;
  world.onFeed = async () => {
    feeds += 1;
    if (feeds < 3) return;
    abort.abort();
    await new Promise(() => {});
  };
  const first = await run(world, folder, abort.signal);
  assert.equal(first.outcome.interrupted, true);
  assert.equal(first.outcome.results.length, 2);
  assert.deepEqual([...world.running], []);
  assert.equal(world.calls.at(-1), "analyze sweep");

  const again = fakeWorld();
  const second = await run(again, folder);
  assert.equal(second.outcome.reused, 2);
  assert.equal(second.outcome.results.length, 4);
  assert.ok(second.log.includes("planned 4 reused 2"));
  assert.equal(again.calls.filter((call) => call === "start system").length, 2);

  const third = fakeWorld();
  assert.equal((await run(third, folder)).outcome.reused, 4);
  assert.deepEqual(third.calls, ["analyze sweep"], "nothing is started when nothing is left");
});

test("the raw data of an interrupted run are gone", async () => {
  const folder = newFolder();
  const world = fakeWorld();
  const abort = new AbortController();
  world.onFeed = async () => {
    abort.abort();
    await new Promise(() => {});
  };
  const { outcome } = await run(world, folder, abort.signal);
  assert.deepEqual(outcome.results, []);
  const [first] = manifestOf(smallSweep()).order;
  assert.ok(!existsSync(join(folder, "raw", first?.id ?? "")));
});

test("a torn last line of runs.jsonl costs that run only", async () => {
  const folder = newFolder();
  await run(fakeWorld(), folder);
  const path = join(folder, "runs.jsonl");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, -20));
  const again = fakeWorld();
  const { outcome } = await run(again, folder);
  assert.equal(outcome.reused, 3);
  assert.equal(again.calls.filter((call) => call === "start system").length, 1);
});

test("results that a resumed sweep would lose are not lost: raw data that are gone, and lines of another version", async () => {
  const folder = newFolder();
  await run(fakeWorld(), folder);
  const path = join(folder, "runs.jsonl");
  const text = readFileSync(path, "utf8");
  const [first] = manifestOf(smallSweep()).order;
  rmSync(join(folder, "raw", first!.id), { recursive: true });
  await assert.rejects(run(fakeWorld(), folder), /raw\/ has no data of 1 of 4 runs/);
  assert.equal(readFileSync(path, "utf8"), text);

  const foreign = `${text}{"version":7}\n`;
  writeFileSync(path, foreign);
  await assert.rejects(run(fakeWorld(), folder), /line 5 is of version 7/);
  assert.equal(readFileSync(path, "utf8"), foreign);
});

test("a folder with another config is refused", async () => {
  const folder = newFolder();
  await run(fakeWorld(), folder);
  const other = smallSweep("query: q5\n");
  await assert.rejects(ResultsStore.open(folder, manifestOf(other)), /another config/);
});

test("a report that fails says that the measurements are kept", async () => {
  const world = fakeWorld();
  world.breakAt("analyze-sweep");
  await assert.rejects(run(world, newFolder()), (error: { hint?: string }) => /kept/.test(error.hint ?? ""));
});

test("a report that fails for lack of space is a full disk, not a defect of ours", async () => {
  const world = fakeWorld();
  world.toolbox.analyzeSweep = () => Promise.reject(new FaultlineError("disk-full", "cannot write report.html"));
  await assert.rejects(run(world, newFolder()), (error: FaultlineError) => error.code === "disk-full");
});

test("when the broker cannot be replaced, finished runs are reported before the sweep ends with that error", async () => {
  const world = fakeWorld();
  const { startKafka } = world.toolbox;
  let starts = 0;
  world.toolbox.startKafka = async (options) => {
    if (++starts > 1) throw new FaultlineError("java-missing", "no Java any more");
    world.breakAt("kafka-dies");
    return startKafka(options);
  };
  await assert.rejects(run(world, newFolder()), /no Java any more/);
  assert.equal(world.calls.at(-1), "analyze sweep");
  assert.deepEqual([...world.running], []);
});

test("a folder is one sweep's at a time; the lock of a dead process holds nobody up", async () => {
  const folder = newFolder();
  const sweep = smallSweep();
  const { store } = await ResultsStore.open(folder, manifestOf(sweep));
  await assert.rejects(ResultsStore.open(folder, manifestOf(sweep)), /another bench \(process \d+\)/);
  await store.close();
  for (const left of ['{"pid":1,"startTicks":"not its own"}', "null", '{"pi']) {
    writeFileSync(join(folder, ".lock"), left);
    await (await ResultsStore.open(folder, manifestOf(sweep))).store.close();
  }
  assert.ok(!existsSync(join(folder, ".lock")));
});

test("a folder is not analysed while somebody else writes to it; what is no results folder gets no lock", async () => {
  const folder = newFolder();
  const { store } = await ResultsStore.open(folder, manifestOf(smallSweep()));
  const analyze = async (directory: string) => {
    const io = fakeIo({ cwd: scratch });
    return { code: await runCli(["analyze", directory], io), err: io.err() };
  };
  const early = await analyze(folder);
  assert.equal(early.code, 2);
  assert.match(early.err, /another bench \(process \d+\) is writing to/);
  await store.close();
  await analyze(folder);
  const foreign = newFolder();
  mkdirSync(foreign);
  assert.equal((await analyze(foreign)).code, 2);
  for (const left of [folder, foreign]) assert.ok(!existsSync(join(left, ".lock")));
});

test("a folder with foreign files is refused and left as it is; an empty one and a first attempt that died are taken", async () => {
  const folder = newFolder();
  mkdirSync(join(folder, "figures"), { recursive: true });
  await assert.rejects(ResultsStore.open(folder, manifestOf(smallSweep())), /not empty and holds no sweep \(figures\)/);
  assert.ok(!existsSync(join(folder, "raw")));
  const begun = newFolder();
  mkdirSync(join(begun, "raw"), { recursive: true });
  writeFileSync(join(begun, "manifest.json.123.tmp"), "{");
  await (await ResultsStore.open(begun, manifestOf(smallSweep()))).store.close();
});
