import type { z } from "zod";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError } from "../../base/errors.ts";
import {
  type BetterCloudOptions,
  betterCloudOptionsSchema,
  resolveBetterCloudOptions,
} from "../../generators/bettercloud/options.ts";
import {
  type MicrobenchOptions,
  microbenchOptionsSchema,
  resolveMicrobenchOptions,
} from "../../generators/microbench/options.ts";
import { type NexmarkOptions, nexmarkOptionsSchema, resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { parseOverrides } from "../config/overrides.ts";
import { withValue } from "../config/paths.ts";
import { configError, locateProblem, problemsOf } from "../config/problems.ts";

/** Nexmark options from `--set KEY=VALUE`, keys as in the options' schema. Throws `config-invalid` with all problems. */
export function nexmarkOptionsFromSets(sets: readonly string[]): NexmarkOptions {
  return resolveNexmarkOptions(checkedSets(sets, nexmarkOptionsSchema, "nexmark"));
}

/** BetterCloud options from `--set KEY=VALUE`. Throws `config-invalid` with all problems. */
export function betterCloudOptionsFromSets(sets: readonly string[]): BetterCloudOptions {
  return resolveBetterCloudOptions(checkedSets(sets, betterCloudOptionsSchema, "bettercloud"));
}

/** Options of the microbenchmarks' events from `--set KEY=VALUE`. Throws `config-invalid` with all problems. */
export function microbenchOptionsFromSets(sets: readonly string[]): MicrobenchOptions {
  return resolveMicrobenchOptions(checkedSets(sets, microbenchOptionsSchema, "microbench"));
}

/** The sets as one object that the schema accepts, defaults not filled in. */
function checkedSets(sets: readonly string[], schema: z.ZodType, generator: string): unknown {
  const overrides = parseOverrides(sets);
  let raw: unknown = {};
  for (const { path, value } of overrides) raw = withValue(raw, path, value);
  const checked = schema.safeParse(raw);
  if (checked.success) return raw;
  const problems = problemsOf(checked.error.issues, raw, schema);
  const located = problems.map((problem) => {
    const text = overrides.findLast(({ path }) => path[0] === problem.path[0])?.text;
    return locateProblem(problem, text === undefined ? "" : `--set ${text}:`);
  });
  const error = configError(`the options of ${generator}`, located);
  throw new FaultlineError("config-invalid", error.message, {
    context: error.context,
    hint: `${benchLine`generate --help`} lists the settings.`,
  });
}
