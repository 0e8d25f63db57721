import type { z } from "zod";
import { type Path, valueAt } from "./paths.ts";

type Definition = {
  readonly type: string;
  readonly shape?: Record<string, z.ZodType>;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
};

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** Schemas that describe the same place: wrappers removed, unions opened, to the alternative that `value` says it is meant for. */
function alternatives(schema: z.ZodType, value?: unknown): readonly Definition[] {
  const definition = definitionOf(schema);
  if (definition.innerType !== undefined) return alternatives(definition.innerType, value);
  if (definition.type === "pipe") {
    // A preprocessed schema has the transform first, a transformed one last.
    const first = definition.in!;
    return alternatives(definitionOf(first).type === "transform" ? definition.out! : first, value);
  }
  const { options, discriminator } = definition;
  if (options === undefined) return [definition];
  const all = options.flatMap((option) => alternatives(option, value));
  if (discriminator === undefined) return all;
  const meant = all.filter(({ shape }) => isMeant(shape?.[discriminator], valueAt(value, [discriminator])));
  return meant.length > 0 ? meant : all;
}

function isMeant(literal: z.ZodType | undefined, written: unknown): boolean {
  return literal !== undefined && definitionOf(literal).values?.includes(written) === true;
}

/**
 * The keys that the schema knows in the object at `path`; empty when it is no object. With `raw`, what was written, of alternatives only
 * those of the one that it is meant for.
 */
export function knownKeys(schema: z.ZodType, path: Path, raw?: unknown): string[] {
  let places = alternatives(schema, raw);
  for (const [depth, key] of path.entries()) {
    const value = valueAt(raw, path.slice(0, depth + 1));
    places = places.flatMap((place) => {
      const next = typeof key === "number" ? place.element : place.shape?.[key];
      return next === undefined ? [] : alternatives(next, value);
    });
  }
  return [...new Set(places.flatMap((place) => Object.keys(place.shape ?? {})))];
}

/** Every path of the schema down to its leaves, dotted; lists end a path. */
export function allPaths(schema: z.ZodType, prefix: Path = []): string[] {
  return knownKeys(schema, prefix).flatMap((key) => {
    const path = [...prefix, key];
    const below = allPaths(schema, path);
    return below.length === 0 ? [path.join(".")] : below;
  });
}
