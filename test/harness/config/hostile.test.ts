import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { FaultlineError } from "../../../base/errors.ts";
import { Random } from "../../../base/random.ts";
import { decodeConfig, resolveText } from "../../../harness/config/load.ts";
import { valueAt } from "../../../harness/config/paths.ts";
import type { ResolvedSweep } from "../../../harness/config/resolve.ts";
import { configTemplate } from "../../../harness/config/template.ts";
import { type Mutant, mutate } from "./mutate.ts";

const MUTANTS = 10_000;
const FILE = "hostile.yaml";

const ready = (name: string) => readFileSync(new URL(`../../../configs/${name}`, import.meta.url), "utf8");
const steps = "query: q2\nload: {shape: steps, steps: [{rate: 1k/s, duration: 9s}, {rate: 2k/s, duration: 3s}]}\n";
const TREES = [ready("smoke.yaml"), ready("latency.yaml"), configTemplate(FILE), steps].map((text) => parse(text));

test("10,000 hostile configs: none crashes the loader, and none is taken for something else in silence", () => {
  const random = new Random(4);
  const outcomes = { accepted: 0, refused: 0 };
  for (let i = 0; i < MUTANTS; i++) {
    const mutant = mutate(TREES, random);
    try {
      checkAccepted(mutant, resolveText(decodeConfig(mutant.bytes, FILE), FILE, []));
      outcomes.accepted++;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      checkRefused(mutant, error, i);
      outcomes.refused++;
    }
  }
  // Both sides are worth something only when both are there.
  assert.ok(outcomes.accepted > MUTANTS / 20, `${outcomes.accepted} accepted`);
  assert.ok(outcomes.refused > MUTANTS / 2, `${outcomes.refused} refused`);
});

/** Everything that was written is in the resolved config. */
function checkAccepted(mutant: Mutant, sweep: ResolvedSweep): void {
  const source = Buffer.from(mutant.bytes).toString();
  assert.equal(mutant.strangeKey, null, `${mutant.how}: accepted\n${source}`);
  const { sweep: axes, ...written } = (parse(source) ?? {}) as Record<string, unknown>;
  for (const path of leafPaths(written)) {
    assert.notEqual(valueAt(sweep.config, path), undefined, `${mutant.how}: ${path.join(".")} was dropped`);
  }
  const names = sweep.axes.map((axis) => axis.name);
  assert.deepEqual(names, Object.keys(axes ?? {}), `${mutant.how}: an axis was dropped`);
}

function checkRefused(mutant: Mutant, error: unknown, index: number): void {
  const told = `mutant ${index} (${mutant.how})`;
  if (!(error instanceof FaultlineError)) throw new Error(`${told} crashed the loader`, { cause: error });
  assert.equal(error.code, "config-invalid", told);
  assert.match(error.message, /hostile\.yaml:\d+:\d+/, `${told} has no place`);
  assert.notEqual(error.hint ?? "", "", `${told} has no hint`);
  // What somebody else wrote must not flood or control a terminal.
  assert.ok(error.message.length < 30_000, `${told}: a message of ${error.message.length} characters`);
  assert.doesNotMatch(
    error.message.replaceAll("\n", ""),
    /[\p{Cc}\p{Cf}]/u,
    `${told}: ${JSON.stringify(error.message)}`,
  );
  const { strangeKey } = mutant;
  if (strangeKey !== null && /^[\w ]{1,40}$/.test(strangeKey)) {
    assert.ok(error.message.includes(strangeKey), `${told}: ${strangeKey} is not named in ${error.message}`);
  }
}

function leafPaths(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, child]) => leafPaths(child, [...path, key]));
}
