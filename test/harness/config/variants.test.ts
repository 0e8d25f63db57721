import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveText } from "../../../harness/config/load.ts";
import { problemsOf } from "./problems.ts";

const BASE = "query: q5\nload: {rate: 1k/s, duration: 30s}\nwarmup: 5s\nengine: {workers: 4}\n";

const resolve = (text: string, ...sets: string[]) => resolveText(BASE + text, "v.yaml", sets);

const problems = (text: string, ...sets: string[]) => problemsOf(() => resolve(text, ...sets));

const TWO = `sweep:
  variant:
    - {name: passive, recovery: passive}
    - {name: KaZoo, recovery: active, replication.merge: kaZoo, replication.kaZoo: {session: 2s}}
`;

test("a variant sets several settings together and gives its name to the cell", () => {
  const { cells } = resolve(TWO);
  assert.deepEqual(
    cells.map(({ cell }) => cell),
    [
      { id: "q5-passive", axes: { variant: "passive" } },
      { id: "q5-KaZoo", axes: { variant: "KaZoo" } },
    ],
  );
  const [passive, kaZoo] = cells.map(({ config }) => config);
  assert.deepEqual([passive?.recovery, passive?.replication.merge], ["passive", "liveRobin"]);
  assert.deepEqual([kaZoo?.recovery, kaZoo?.replication.merge], ["active", "kaZoo"]);
  assert.deepEqual(kaZoo?.replication.kaZoo, { session: 2000, lease: 1000 });
});

test("variants multiply with other axes, and settings that none of them makes can be set", () => {
  const { cells } = resolve(`${TWO}  load.rate: [1k/s, 2k/s]\n`, "replication.factor=3");
  assert.deepEqual(
    cells.map(({ cell }) => cell.id),
    ["q5-passive-rate-1000", "q5-passive-rate-2000", "q5-KaZoo-rate-1000", "q5-KaZoo-rate-2000"],
  );
  assert.ok(cells.every(({ config }) => config.replication.factor === 3));
});

test("what is wrong with a variant is told where it is written", () => {
  assert.deepEqual(problems("sweep:\n  variant:\n    - {name: a, recovry: passive}\n"), [
    'v.yaml:7:17 recovry: unknown setting "recovry", in the variant "a" (did you mean "recovery"?)',
  ]);
  assert.deepEqual(problems("sweep:\n  variant:\n    - {name: a}\n    - {name: b, warmup: 40s}\n"), [
    'v.yaml:8:17 warmup: the warm-up 40s leaves nothing of a load of 30s, in the variant "b", in cell q5-b (shorten warmup, or lengthen load.duration)',
  ]);
  const [twice, nameless, whole, clash] = problems(
    "sweep:\n  load.rate: [1k/s]\n  variant:\n    - {name: a}\n    - {name: a}\n    - {recovery: none}\n    - {name: b, seed: 2}\n    - {name: c, load: {rate: 2k/s}}\n",
  );
  assert.match(twice!, /"a" is there twice/);
  assert.match(nameless!, /sweep\.variant\.2\.name: missing \(write \{name: KaZoo/);
  assert.match(whole!, /seed belongs to the whole sweep/);
  assert.match(clash!, /it is set by the axis load\.rate too/);
});

test("a setting that variants make cannot be overridden in silence", () => {
  assert.match(
    problems(TWO, "recovery=none")[0] ?? "",
    /--set recovery=none: recovery: the variants of the sweep set it/,
  );
  assert.match(problems(TWO, "replication.kaZoo.session=1s")[0] ?? "", /the variants of the sweep set it/);
});
