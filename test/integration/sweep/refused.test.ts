import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { bench, config, Workplace } from "./bench.ts";

const place = new Workplace();
after(() => place.remove());

test("a config with mistakes is refused with the place of each: exit 2", async () => {
  const file = place.write("bad.yaml", "query: q0\nlaod: {rate: 1k/s}\nwarmup: 2 parsecs\n");
  const { code, err } = await bench(place, ["sweep", file]);
  assert.equal(code, 2);
  assert.match(err, /bad\.yaml:2:1 .*unknown setting "laod" \(did you mean "load"\?\)/);
  assert.match(err, /bad\.yaml:3:1 warmup: /);
  assert.ok(!existsSync(join(place.path, "reports")), "nothing is begun");
});

test("a results folder that cannot be made is the environment's fault: exit 3, at once", async () => {
  const file = place.write("good.yaml", config(""));
  for (const out of [join(file, "below-a-file"), "/proc/nothing/can-be-made-here"]) {
    const { code, err } = await bench(place, ["sweep", file, "--out", out]);
    assert.equal(code, 3, err);
    assert.match(err, /error\[output-unwritable\]: .*\nhint: .*--out/);
  }
});

test("a folder with somebody's files is not taken for results: exit 2, and the files stay", async () => {
  const file = place.write("good.yaml", config(""));
  mkdirSync(join(place.path, "mine", "figures"), { recursive: true });
  place.write("mine/figures/holiday.svg", "<svg/>");
  const { code, err } = await bench(place, ["sweep", file, "--out", "mine"]);
  assert.equal(code, 2, err);
  assert.match(err, /mine is not empty and holds no sweep \(figures\)\nhint: /);
  assert.deepEqual(readdirSync(join(place.path, "mine", "figures")), ["holiday.svg"]);
});

test("run takes one cell: a config with axes is refused with the cells to choose from", async () => {
  const file = place.write("axes.yaml", config("sweep: {query: [q0, q5]}"));
  const { code, err } = await bench(place, ["run", file]);
  assert.equal(code, 2);
  assert.match(err, /2 cells \(axes: query\)[\s\S]*--cell \(q0, q5\)/);
});
