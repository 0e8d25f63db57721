import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { Bench, bench, config, sizeOf, Workplace } from "./bench.ts";

const place = new Workplace();
let broker: TestBroker;
let foreign = "";
let kafka = "";

before(async () => {
  broker = await startTestBroker();
  foreign = await broker.topic(1);
  kafka = `kafka: {brokers: ["${broker.service.brokers[0]}"]}`;
});
after(async () => {
  await broker.close();
  place.remove();
});

function files(folder: string): Map<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    found.map(({ parentPath, name }) => [
      join(parentPath, name).slice(folder.length + 1),
      readFileSync(join(parentPath, name), "latin1"),
    ]),
  );
}

test("two cells on a user's own cluster: valid, exit 0, the promised JSON, no topic touched but our own", async () => {
  const file = place.write("two.yaml", config(`${kafka}\nsweep: {query: [q0, q2]}`));
  const first = new Bench(place, ["sweep", file, "--out", "two", "--json"]);
  await first.until("the first run begins", () => sizeOf(place.path, "two", "manifest.json") > 0);
  const second = await bench(place, ["sweep", file, "--out", "two"]);
  assert.equal(second.code, 2, "a second sweep would write into the raw data of the first");
  assert.match(second.err, /another bench \(process \d+\) is writing to/);
  const early = await bench(place, ["analyze", "two"]);
  assert.equal(early.code, 2, "an analysis would replace what the sweep is writing");
  assert.match(early.err, /another bench \(process \d+\) is writing to/);

  assert.equal(await first.ended, 0, first.err);
  const lines = first.out.trimEnd().split("\n");
  assert.equal(lines.length, 2);
  for (const line of lines) {
    const run = JSON.parse(line) as Record<string, Record<string, unknown>>;
    for (const key of ["run", "state", "reasons", "query", "offeredPerSecond", "achievedPerSecond"])
      assert.ok(key in run);
    assert.deepEqual([run.state, run.reasons], ["valid", []]);
    assert.deepEqual(Object.keys(run.latencyUs!), ["p50", "p90", "p99", "p999", "max", "n"]);
    assert.deepEqual(Object.keys(run.verified!), [
      "expected",
      "lost",
      "duplicate",
      "wrong",
      "unexpected",
      "premature",
      "outOfOrder",
    ]);
    const { expected, ...wrong } = run.verified!;
    assert.ok((expected as number) > 0);
    assert.deepEqual(new Set(Object.values(wrong)), new Set([0]));
    for (const role of ["worker", "feeder", "observer", "coordinator", "harness"]) {
      assert.ok(role in run.cpu!, `CPU of the ${role}`);
    }
  }
  assert.match(first.err, /verified: [\d,]+ of [\d,]+ outputs, 0 lost, 0 duplicate, 0 wrong/);
  assert.deepEqual(
    (await broker.admin.listTopics()).filter((topic) => !topic.startsWith("__")),
    [foreign],
  );
});

test("analyze rebuilds every derived file, byte for byte, from raw/ and the manifest alone", async () => {
  const folder = join(place.path, "two");
  const before = files(folder);
  for (const name of readdirSync(folder)) {
    if (name !== "raw" && name !== "manifest.json") rmSync(join(folder, name), { recursive: true });
  }
  const { code, err } = await bench(place, ["analyze", "two"]);
  assert.equal(code, 0, err);
  const rebuilt = files(folder);
  const derived = [...before.keys()].filter((name) => !name.startsWith("logs"));
  assert.deepEqual([...rebuilt.keys()].sort(), derived.sort());
  for (const name of derived) assert.ok(rebuilt.get(name) === before.get(name), `${name} differs`);
  assert.ok(derived.includes("report.html") && derived.some((name) => name.endsWith(".hlog")));
});

test("a sweep begun with another version: said and continued; refused when a setting means something else now", async () => {
  const path = join(place.path, "two", "manifest.json");
  const text = readFileSync(path, "utf8");
  const manifest = JSON.parse(text);
  manifest.provenance = { ...manifest.provenance, faultline: "0.0.9", commit: "0123456789abcdef" };
  writeFileSync(path, JSON.stringify(manifest));
  const { code, err } = await bench(place, ["sweep", "--resume", "two"]);
  assert.equal(code, 0, err);
  assert.match(err, /begun with another version \(0\.0\.9, commit 01234567\); the runs that are left use this one/);
  manifest.cells.q0.drainTimeout = 1;
  writeFileSync(path, JSON.stringify(manifest));
  const other = await bench(place, ["sweep", "--resume", "two"]);
  writeFileSync(path, text);
  assert.equal(other.code, 2, other.err);
  const words =
    /was begun with another version \(0\.0\.9, commit 01234567\): drainTimeout was 1 and is 30000 now\nhint: Fin/;
  assert.match(other.err, words);
});

test("a limit that no feeder keeps makes the run invalid: exit 5, with the figure", async () => {
  const file = place.write("late.yaml", config(kafka));
  const { code, err } = await bench(place, ["run", file, "--out", "late", "--set", "limits.generatorLagP99=1us"]);
  assert.equal(code, 5, err);
  assert.match(err, /invalid[\s\S]*generator-saturated: generator lag p99 [\d.]+ ms is above 0.001 ms/);
});

test("a worker that is killed fails its run alone: the cause is named first, what was measured stays, exit 4", async () => {
  const file = place.write("kill.yaml", config(`${kafka}\nrepetitions: 2`));
  const sweep = new Bench(place, ["sweep", file, "--out", "kill", "--json"]);
  await sweep.until("outputs are observed", () => sizeOf(place.path, "kill", "raw", "q0-r1", "observations.bin") > 0);
  const worker = [...sweep.processes()].find(([, line]) => line.includes("worker-main"));
  assert.ok(worker !== undefined, "a worker runs");
  process.kill(worker[0], "SIGKILL");
  assert.equal(await sweep.ended, 4, sweep.err);
  const runs = place.read("kill", "runs.jsonl").trimEnd().split("\n");
  const [hit, next] = runs.map((line) => JSON.parse(line) as RunResult);
  assert.equal(hit!.state, "failed");
  assert.deepEqual(
    hit!.reasons.map(({ code }) => code),
    ["system-failed"],
    "what follows from the death is no reason of its own",
  );
  assert.match(hit!.reasons[0]!.message, /worker/);
  assert.ok(hit!.verified!.observed > 0 && hit!.verified!.lost > 0);
  assert.equal(next!.state, "valid");
  assert.deepEqual([...sweep.processes()], []);
});

test("a worker that does not start fails the run with its name and its log: exit 4", async () => {
  const file = place.write("start.yaml", config(kafka));
  // Loaded by every process; only the second worker minds.
  const crash = 'if (process.argv.some((text) => text.includes(\'"worker":"worker-2"\'))) throw new Error();\n';
  const preload = `--require=${place.write("crash.cjs", crash)}`;
  const { code, err } = await bench(place, ["run", file, "--out", "start"], { NODE_OPTIONS: preload });
  assert.equal(code, 4, err);
  const [result] = place.read("start", "runs.jsonl").trimEnd().split("\n");
  const [reason, ...others] = (JSON.parse(result!) as RunResult).reasons;
  assert.deepEqual([reason!.code, others], ["system-failed", []]);
  assert.equal(reason!.message, "worker-2 ended at its start (exit code 1)");
  assert.match(reason!.hint ?? "", /worker-2\.log/);
});

test("a processor of the user's own that ends at its start fails the run with its exit code: exit 4", async () => {
  const command = [process.execPath, "-e", "process.stderr.write('no licence'); process.exitCode = 7"];
  const system = `system: {kind: command, name: mine, start: [{role: mine, command: ${JSON.stringify(command)}}], ready: {line: ready}}`;
  const file = place.write("mine.yaml", config(`${kafka}\n${system}`));
  const { code, err } = await bench(place, ["run", file, "--out", "mine"]);
  assert.equal(code, 4, err);
  assert.match(err, /failed: system-failed: mine .*7/);
  assert.match(place.read("mine", "logs", "q0-r1", "mine.log"), /no licence/);
});
