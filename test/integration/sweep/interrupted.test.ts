import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { Bench, config, sizeOf, Workplace } from "./bench.ts";

const place = new Workplace();
after(() => place.remove());

const file = place.write("sweep.yaml", config("repetitions: 2\nkafka: {heap: 512MiB}"));
const dataDirectories = () => readdirSync(place.temporary).filter((name) => name.startsWith("faultline-kafka-"));

test("Ctrl-C in the second run: exit 130, the first is kept and reported, no process and no broker data are left", async () => {
  const sweep = new Bench(place, ["sweep", file, "--out", "interrupted"]);
  await sweep.until("the second run", () => sizeOf(place.path, "interrupted", "raw", "q0-r2", "observations.bin") > 0);
  assert.equal(dataDirectories().length, 1);
  sweep.child.kill("SIGINT");
  assert.equal(await sweep.ended, 130, sweep.err);
  assert.match(sweep.err, /interrupted: 1 of 2 runs are done and kept, 1 left\ncontinue with: bench sweep --resume /);
  assert.deepEqual([...sweep.processes()], []);
  assert.deepEqual(dataDirectories(), []);
  assert.equal(place.read("interrupted", "runs.jsonl").trimEnd().split("\n").length, 1);
  assert.match(place.read("interrupted", "report.html"), /q0-r1/);
  assert.ok(!existsSync(join(place.path, "interrupted", "raw", "q0-r2")), "half a run is no run");
  assert.ok(!existsSync(join(place.path, "interrupted", ".lock")));
});

test("a sweep goes on where it was; a harness that is killed leaves nothing behind", async () => {
  const killed = new Bench(place, ["sweep", "--resume", "interrupted"]);
  await killed.until("outputs again", () => sizeOf(place.path, "interrupted", "raw", "q0-r2", "observations.bin") > 0);
  assert.match(killed.err, /2 runs, 1 of them reused/);
  assert.ok(killed.processes().size > 4);
  killed.child.kill("SIGKILL");
  await killed.ended;
  await killed.untilGone(10_000);
  assert.deepEqual(dataDirectories(), []);
});
