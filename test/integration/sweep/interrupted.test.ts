import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { monotonicUs } from "../../../base/clock.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { Bench, bench, config, sizeOf, Workplace } from "./bench.ts";

const place = new Workplace();
after(() => place.remove());

const file = place.write("sweep.yaml", config("repetitions: 3\nkafka: {heap: 512MiB}"));
function results(): readonly RunResult[] {
  const lines = place.read("interrupted", "runs.jsonl").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as RunResult);
}

const dataDirectories = () => readdirSync(place.temporary).filter((name) => name.startsWith("faultline-kafka-"));

test("Ctrl-C in the second run: exit 130, the first is kept and reported, no process and no broker data are left", async () => {
  const sweep = new Bench(place, ["sweep", file, "--out", "interrupted"]);
  await sweep.until("the second run", () => sizeOf(place.path, "interrupted", "raw", "q0-r2", "observations.bin") > 0);
  assert.equal(dataDirectories().length, 1);
  sweep.child.kill("SIGINT");
  assert.equal(await sweep.ended, 130, sweep.err);
  assert.match(
    sweep.err,
    /interrupted: 1 of 3 runs are done and kept, 2 left\ncontinue with: \S*bench sweep --resume /,
  );
  assert.deepEqual([...sweep.processes()], []);
  assert.deepEqual(dataDirectories(), []);
  assert.equal(place.read("interrupted", "runs.jsonl").trimEnd().split("\n").length, 1);
  assert.match(place.read("interrupted", "report.html"), /q0-r1/);
  assert.ok(!existsSync(join(place.path, "interrupted", "raw", "q0-r2")), "half a run is no run");
  assert.ok(!existsSync(join(place.path, "interrupted", ".lock")));
});

test("a broker that is killed fails its run alone, with its name first; a harness that is killed leaves nothing behind", async () => {
  const sweep = new Bench(place, ["sweep", "--resume", "interrupted"]);
  const observed = (run: string) => sizeOf(place.path, "interrupted", "raw", run, "observations.bin") > 0;
  await sweep.until("outputs again", () => observed("q0-r2"));
  assert.match(sweep.err, /3 runs, 1 of them reused/);
  const broker = [...sweep.processes()].find(([, line]) => line.includes("kafka.Kafka"));
  assert.ok(broker !== undefined, "a broker runs");
  process.kill(broker[0], "SIGKILL");
  await sweep.until("the third run, on another broker", () => observed("q0-r3"));
  assert.ok(sweep.processes().size > 4);
  sweep.child.kill("SIGKILL");
  await sweep.ended;
  await sweep.untilGone(30_000);
  assert.deepEqual(dataDirectories(), []);

  assert.match(
    sweep.err,
    /kafka-failed: the Kafka broker ended by itself \(SIGKILL\) \(Its log is kept in the results folder/,
  );
  rmSync(join(place.path, "interrupted", "runs.jsonl"));
  const { code, out, err } = await bench(place, ["analyze", "interrupted", "--json"]);
  assert.equal(code, 4, err);
  assert.equal(out.trimEnd().split("\n").length, 2, "half a run is no run");
  const hit = results().find(({ run }) => run.id === "q0-r2")!;
  assert.equal(hit.state, "failed");
  const [reason] = hit.reasons;
  assert.equal(reason!.code, "kafka-failed");
  assert.match(reason!.hint ?? "", /logs\/kafka\*\.log/);
  assert.ok(hit.verified!.matched > 0, "what was measured before is kept and analysed");
});

test("Ctrl-C while Kafka is warmed acts at once: exit 130, no process and no broker data are left", async () => {
  const sweep = new Bench(place, ["sweep", file, "--out", "early"]);
  await sweep.until("the warming", () => sweep.err.includes("warming Kafka"));
  assert.equal(dataDirectories().length, 1);
  const fromUs = monotonicUs();
  sweep.child.kill("SIGINT");
  assert.equal(await sweep.ended, 130, sweep.err);
  const tookMs = (monotonicUs() - fromUs) / 1000;
  assert.ok(tookMs < 4_000, `${tookMs} ms, less than the shortest warming lasts`);
  assert.match(sweep.err, /interrupted: 0 of 3 runs are done and kept, 3 left/);
  assert.doesNotMatch(sweep.err, /could not stop/);
  assert.deepEqual([...sweep.processes()], []);
  assert.deepEqual(dataDirectories(), []);
});
