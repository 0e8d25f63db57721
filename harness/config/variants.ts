import { parsePath, startsWith } from "./paths.ts";
import { type Problem, problemAt } from "./problems.ts";
import { shown } from "./shown.ts";

/**
 * The axis `variant` couples settings: each of its values is a name and the settings that go with it, so that a campaign compares ways of
 * doing a thing that differ in several settings at once, without all the combinations that make no sense.
 *
 *     sweep:
 *       variant:
 *         - {name: passive, recovery: passive}
 *         - {name: KaZoo, recovery: active, replication.merge: kaZoo}
 */
const VARIANT = "variant";
const NAME = "name";
const HINT = "write {name: KaZoo, recovery: active, replication.merge: kaZoo}";

export function isVariantAxis(axis: string): boolean {
  return axis === VARIANT;
}

/** Path of each setting as written, and its value; [] for what is no variant. */
export function variantSettings(variant: unknown): readonly (readonly [string, unknown])[] {
  return isMapping(variant) ? Object.entries(variant).filter(([key]) => key !== NAME) : [];
}

export function variantName(variant: unknown): unknown {
  return isMapping(variant) ? variant[NAME] : undefined;
}

/**
 * What is wrong with the variants themselves: names that are missing or there twice, paths that belong to the whole sweep (`refusal`) or to
 * another axis (`others`). What they set is checked as any value is.
 */
export function checkVariants(
  variants: readonly unknown[],
  others: readonly string[],
  refusal: (path: string) => string | null,
): Problem[] {
  const names = variants.map(variantName);
  return variants.flatMap((variant, index) => {
    const at = ["sweep", VARIANT, index];
    if (!isMapping(variant)) {
      return [problemAt(at, `a variant is a mapping of a name and settings, found ${shown(variant)}`, HINT)];
    }
    const name = names[index];
    const problems: Problem[] = [];
    if (typeof name !== "string" || name.trim() === "") problems.push(problemAt([...at, NAME], "missing", HINT));
    else if (names.indexOf(name) < index) problems.push(problemAt([...at, NAME], `${shown(name)} is there twice`));
    for (const [key] of variantSettings(variant)) {
      const reason = refusal(key) ?? (isVariantAxis(key) ? "variants have no variants" : clash(key, others));
      if (reason !== null) problems.push(problemAt([...at, key], reason));
    }
    return problems;
  });
}

function clash(path: string, others: readonly string[]): string | null {
  const [own, ...found] = [parsePath(path), ...others.map(parsePath)];
  const other = found.find((one) => startsWith(own, one) || startsWith(one, own));
  return other === undefined ? null : `it is set by the axis ${other.join(".")} too`;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
