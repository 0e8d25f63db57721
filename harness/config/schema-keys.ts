import type { z } from "zod";
import type { Path } from "./paths.ts";

type Definition = {
  readonly type: string;
  readonly shape?: Record<string, z.ZodType>;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly element?: z.ZodType;
  readonly options?: readonly z.ZodType[];
};

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** Schemas that describe the same place: wrappers removed, unions opened. */
function alternatives(schema: z.ZodType): readonly Definition[] {
  const definition = definitionOf(schema);
  if (definition.innerType !== undefined) return alternatives(definition.innerType);
  if (definition.type === "pipe") {
    // A preprocessed schema has the transform first, a transformed one last.
    const first = definition.in!;
    return alternatives(definitionOf(first).type === "transform" ? definition.out! : first);
  }
  if (definition.options !== undefined) return definition.options.flatMap(alternatives);
  return [definition];
}

/** The keys that the schema knows in the object at `path`; empty when it is no object. */
export function knownKeys(schema: z.ZodType, path: Path): string[] {
  let places = alternatives(schema);
  for (const key of path) {
    places = places.flatMap((place) => {
      const next = typeof key === "number" ? place.element : place.shape?.[key];
      return next === undefined ? [] : alternatives(next);
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
