import { FaultlineError } from "../../base/errors.ts";
import { type NexmarkOptions, nexmarkOptionsSchema, resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { parseOverrides } from "../config/overrides.ts";
import { withValue } from "../config/paths.ts";
import { configError, locateProblem, problemsOf } from "../config/problems.ts";

/** Nexmark options from `--set KEY=VALUE`, keys as in the options' schema. Throws `config-invalid` with all problems. */
export function nexmarkOptionsFromSets(sets: readonly string[]): NexmarkOptions {
  const overrides = parseOverrides(sets);
  let raw: unknown = {};
  for (const { path, value } of overrides) raw = withValue(raw, path, value);
  const checked = nexmarkOptionsSchema.safeParse(raw);
  if (checked.success) return resolveNexmarkOptions(raw);
  const problems = problemsOf(checked.error.issues, raw, nexmarkOptionsSchema);
  const located = problems.map((problem) => {
    const text = overrides.findLast(({ path }) => path[0] === problem.path[0])?.text;
    return locateProblem(problem, text === undefined ? "" : `--set ${text}:`);
  });
  const error = configError("the options of nexmark", located);
  throw new FaultlineError("config-invalid", error.message, {
    context: error.context,
    hint: "bench generate --help lists the settings.",
  });
}
