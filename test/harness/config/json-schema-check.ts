import type { JsonSchema } from "../../../harness/config/json-schema.ts";

/** What of `value` the schema refuses, as paths with reasons: as much of JSON Schema as the config's schema uses. */
export function schemaErrors(schema: JsonSchema, value: unknown, path = "$"): string[] {
  const errors = [...scalarErrors(schema, value, path)];
  const { oneOf, anyOf } = schema;
  if (oneOf !== undefined) {
    const fits = oneOf.filter((option) => schemaErrors(option, value, path).length === 0);
    if (fits.length !== 1) errors.push(`${path}: fits ${fits.length} of ${oneOf.length} forms`);
  }
  if (anyOf?.every((option) => schemaErrors(option, value, path).length > 0)) {
    errors.push(`${path}: fits none of ${anyOf.length} forms`);
  }
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0)) errors.push(`${path}: too few`);
    if (schema.items !== undefined)
      errors.push(...value.flatMap((item, i) => schemaErrors(schema.items!, item, `${path}[${i}]`)));
  } else if (typeof value === "object" && value !== null) {
    errors.push(...objectErrors(schema, value as Record<string, unknown>, path));
  }
  return errors;
}

function objectErrors(schema: JsonSchema, value: Record<string, unknown>, path: string): string[] {
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key));
  const more = schema.additionalProperties;
  return [
    ...missing.map((key) => `${path}.${key}: missing`),
    ...Object.entries(value).flatMap(([key, item]) => {
      const known = schema.properties?.[key];
      if (known !== undefined) return schemaErrors(known, item, `${path}.${key}`);
      if (more === false) return [`${path}.${key}: unknown`];
      return typeof more === "object" ? schemaErrors(more, item, `${path}.${key}`) : [];
    }),
  ];
}

function* scalarErrors(schema: JsonSchema, value: unknown, path: string): Generator<string> {
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) yield `${path}: no ${types.join(" or ")}`;
  if (schema.const !== undefined && schema.const !== value) yield `${path}: not ${schema.const}`;
  if (schema.enum !== undefined && !schema.enum.includes(value)) yield `${path}: none of ${schema.enum}`;
  if (typeof value === "string" && schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) {
    yield `${path}: not like ${schema.pattern}`;
  }
  if (typeof value === "number") {
    if (value < (schema.minimum ?? value) || value > (schema.maximum ?? value)) yield `${path}: out of bounds`;
  }
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}
