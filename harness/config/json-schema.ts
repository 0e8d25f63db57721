import { z } from "zod";
import { impliedShape } from "./load-shapes.ts";
import { configSchema } from "./schema.ts";
import { QUANTITY_PATTERNS, type Quantity } from "./units.ts";

/** The parts of JSON Schema (draft 2020-12) that the config's schema uses. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

/** Before the last step: a text with a unit is marked by its kind, and what a preprocessor accepts besides is beside it. */
type RawSchema = JsonSchema & { readonly quantity?: Quantity; readonly shorthand?: JsonSchema };

/**
 * JSON Schema of a config as people write it, for editors. It knows types, units, choices and bounds of single settings; rules
 * between settings are the loader's alone.
 */
export function configJsonSchema(): JsonSchema {
  const raw = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" }) as unknown as RawSchema;
  const { $schema, required, ...rest } = withUnits(raw);
  const needed = required ?? [];
  // What is needed may come from an axis instead.
  const viaAxes: JsonSchema = { required: ["sweep"], properties: { sweep: { required: needed } } };
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: "Faultline campaign",
    ...rest,
    anyOf: [{ required: needed }, viaAxes],
  };
}

/** Quantities as patterned text, shorthands as another form, discriminators optional where other keys imply them; all the way down. */
function withUnits(schema: RawSchema): JsonSchema {
  const { quantity, shorthand, ...rest } = schema;
  if (shorthand !== undefined) {
    const { description, default: value, ...form } = withUnits(rest);
    const described = {
      ...(description === undefined ? {} : { description }),
      ...(value === undefined ? {} : { default: value }),
    };
    return { ...described, anyOf: [form, shorthand] };
  }
  if (quantity !== undefined) {
    const { type: _type, ...described } = rest;
    const text: JsonSchema = { type: "string", pattern: QUANTITY_PATTERNS[quantity] };
    // A zero needs no unit.
    return quantity === "duration" ? { ...described, anyOf: [text, { const: 0 }] } : { ...described, ...text };
  }
  const { properties, items, oneOf, anyOf, additionalProperties: more } = rest;
  return {
    ...rest,
    ...(properties === undefined ? {} : { properties: mapValues(properties, withUnits) }),
    ...(items === undefined ? {} : { items: withUnits(items) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map((option) => withImpliedShape(withUnits(option))) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((option) => withUnits(option)) }),
    ...(typeof more === "object" ? { additionalProperties: withUnits(more) } : {}),
  };
}

/** `shape` need not be written where the other keys tell it: asks the very function that the loader uses. */
function withImpliedShape(option: JsonSchema): JsonSchema {
  const shape = option.properties?.shape?.const;
  if (shape === undefined || option.required === undefined) return option;
  const others = option.required.filter((key) => key !== "shape");
  const written = Object.fromEntries(others.map((key) => [key, null]));
  const implied = impliedShape(written) as { readonly shape?: unknown };
  return implied.shape === shape ? { ...option, required: others } : option;
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
