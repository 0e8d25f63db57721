import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import type { DrawnRun } from "../../../harness/simulate/draw-run.ts";
import { drawMode, queriesOfSeed, type RunMode } from "../../../harness/simulate/run-mode.ts";
import { runSeed, type SeedHooks, type SeedResult } from "../../../harness/simulate/run-seed.ts";
import { queryIds } from "../../../queries/registry.ts";
import { canaryStart } from "./canary-start.ts";
import {
  acceptsWhatIsLater,
  divergesOnce,
  dropsHeads,
  fencesNoLeader,
  forgetsLostReplicas,
  ordersAgain,
} from "./fixtures/replication-defects.ts";

/** A planted defect shows within so many seeds from anywhere. */
const SEEDS = 1_000;

const ANY: RunMode = { kind: "replicated", factor: 2, sources: false, kill: true };
const KAZOO: RunMode = { ...ANY, merge: "kaZoo" };

interface Defect {
  readonly what: string;
  readonly mode: RunMode;
  readonly plant?: () => void;
  readonly hooks?: SeedHooks;
  /** What the seeds draw, made such that the defect shows as what it is. */
  readonly as?: (run: DrawnRun) => DrawnRun;
  readonly shows: RegExp;
}

const NOT_ONCE = /rows lost|once too often|lateRows|does not end|within|nothing is left|assertion|in order|job is/;

const DEFECTS: readonly Defect[] = [
  {
    what: "followers that drop the first candidate",
    mode: KAZOO,
    plant: dropsHeads,
    as: withoutCheckpoints,
    shows: NOT_ONCE,
  },
  {
    what: "leaders that order again what is in the log",
    mode: KAZOO,
    plant: ordersAgain,
    as: withoutCheckpoints,
    shows: NOT_ONCE,
  },
  { what: "deposed leaders that nobody fences", mode: KAZOO, plant: fencesNoLeader, shows: NOT_ONCE },
  {
    what: "a coordinator that forgets which replicas are lost",
    mode: ANY,
    plant: forgetsLostReplicas,
    shows: /the loss of the last replica of .* is tolerated/,
  },
  { what: "receivers that take what is later for the next", mode: ANY, plant: acceptsWhatIsLater, shows: NOT_ONCE },
  {
    what: "an operator whose replicas diverge",
    mode: ANY,
    hooks: { plantedJob: divergesOnce },
    // Instances of one operator are replicas then.
    as: (run) => ({ ...withoutCheckpoints(run), parallelism: 1 }),
    shows: /replicas? .* differ/,
  },
];

afterEach(() => mock.restoreAll());

for (const defect of DEFECTS) {
  const { what, mode, shows, plant = () => {}, hooks = {}, as = (run) => run } = defect;
  test(`a campaign finds ${what} within ${SEEDS} seeds from a random one`, { timeout: 300_000 }, async (context) => {
    const from = canaryStart();
    plant();
    const found = await firstShowing(shows, from, mode, (query, seed) =>
      runSeed(as(drawMode(mode, query, seed)), hooks),
    );
    mock.restoreAll();
    assert.ok(found !== null, `not found in ${SEEDS} seeds from ${from}`);
    context.diagnostic(
      `found by seed ${found.seed} (${found.seed - from + 1} of ${SEEDS}) of ${found.query}: ${found.problem}`,
    );
    const sound = await runSeed(as(drawMode(mode, found.query, found.seed)));
    assert.equal(sound.problem, null, `without the defect seed ${found.seed} of ${found.query} is good`);
  });
}

/** Without what only checkpoints survive: links that break and scratch files that fail may lose whole groups. */
function withoutCheckpoints(run: DrawnRun): DrawnRun {
  const { protection, conditions } = run;
  if (protection.kind !== "replicated") return run;
  const scratch = { ...conditions.scratch, failedOneIn: 0 };
  return {
    ...run,
    conditions: { ...conditions, scratch },
    protection: { ...protection, recovery: null, links: [], strikes: [] },
  };
}

/** The first seed in which the defect shows as what it is: others it may only confuse. */
async function firstShowing(
  shows: RegExp,
  from: number,
  mode: RunMode,
  runOf: (query: string, seed: number) => Promise<SeedResult>,
): Promise<SeedResult | null> {
  for (let seed = from; seed < from + SEEDS; seed++) {
    for (const query of queriesOfSeed(mode, queryIds(), seed)) {
      const result = await runOf(query, seed);
      if (result.problem !== null && shows.test(result.problem)) return result;
    }
  }
  return null;
}
