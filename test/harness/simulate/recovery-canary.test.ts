import assert from "node:assert/strict";
import { test } from "node:test";
import type { FaultKind } from "../../../harness/simulate/protection.ts";
import { drawMode, queriesOfSeed, type RunMode } from "../../../harness/simulate/run-mode.ts";
import { runSeed, type SeedHooks, type SeedResult } from "../../../harness/simulate/run-seed.ts";
import { queryIds } from "../../../queries/registry.ts";
import { canaryStart } from "./canary-start.ts";
import {
  acknowledgesBeforePersisting,
  fencesNobody,
  forgetsRecordsInFlight,
  losesTimers,
  skipsAlignment,
} from "./fixtures/recovery-defects.ts";

/** A planted defect shows within so many seeds from anywhere. */
const SEEDS = 1_000;

const passive = (
  guarantee: "exactly-once" | "at-least-once" | null,
  faults: readonly FaultKind[] | null = null,
): RunMode => ({ kind: "passive", guarantee, faults });

const DEFECTS: readonly {
  readonly what: string;
  readonly mode: RunMode;
  readonly hooks: SeedHooks;
  readonly shows: RegExp;
}[] = [
  {
    what: "snapshots that are acknowledged before they are durable",
    mode: passive(null),
    hooks: { tamper: acknowledgesBeforePersisting },
    shows: /damaged|no file|no complete checkpoint|before a checkpoint that names it|lost/,
  },
  {
    what: "barriers that do not align",
    mode: passive("exactly-once", ["kill", "pause"]),
    hooks: { plantedSpec: skipsAlignment },
    shows: /rows lost|once too often|lateRows/,
  },
  {
    what: "records in flight that a checkpoint forgets",
    mode: passive("at-least-once", ["kill"]),
    hooks: { tamper: forgetsRecordsInFlight },
    shows: /rows lost/,
  },
  {
    what: "zombies that nobody fences",
    mode: passive("exactly-once"),
    hooks: { tamper: fencesNobody },
    shows: /rows lost|once too often/,
  },
  {
    what: "timers that never fire",
    mode: passive(null),
    hooks: { tamper: losesTimers },
    shows: /does not end|no restart within|nothing is left to happen/,
  },
];

for (const { what, mode, hooks, shows } of DEFECTS) {
  test(`a campaign finds ${what} within ${SEEDS} seeds from a random one`, { timeout: 300_000 }, async (context) => {
    const from = canaryStart();
    const found = await firstFailure(from, mode, hooks);
    assert.ok(found !== null, `not found in ${SEEDS} seeds from ${from}`);
    context.diagnostic(
      `found by seed ${found.seed} (${found.seed - from + 1} of ${SEEDS}) of ${found.query}: ${found.problem}`,
    );
    assert.match(found.problem!, shows, `seed ${found.seed} of ${found.query}`);
    const sound = await runSeed(drawMode(mode, found.query, found.seed));
    assert.equal(sound.problem, null, `without the defect seed ${found.seed} of ${found.query} is good`);
  });
}

async function firstFailure(from: number, mode: RunMode, hooks: SeedHooks): Promise<SeedResult | null> {
  for (let seed = from; seed < from + SEEDS; seed++) {
    for (const query of queriesOfSeed(mode, queryIds(), seed)) {
      const result = await runSeed(drawMode(mode, query, seed), hooks);
      if (result.problem !== null) return result;
    }
  }
  return null;
}
