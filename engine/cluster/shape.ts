/**
 * Shapes of JSON values, for messages that come from outside this process. A shape says what is wrong with a value: null when nothing
 * is, else what was expected and where (`tasks[2].subtask: a count`).
 */
export type Shape = (value: unknown) => string | null;

const shape =
  (expected: string, holds: (value: unknown) => boolean): Shape =>
  (value) =>
    holds(value) ? null : `: ${expected}`;

export const text = shape("a text that is not empty", (value) => typeof value === "string" && value !== "");
export const anyText = shape("a text", (value) => typeof value === "string");
/** JSON has no NaN or Infinity: both arrive as null. */
export const number = shape("a number", (value) => typeof value === "number");
export const count = shape("a whole number, 0 or more", (value) => Number.isSafeInteger(value) && Number(value) >= 0);
/** Times and sizes that need not be whole. */
export const amount = shape("a number, 0 or more", (value) => typeof value === "number" && value >= 0);
export const positive = shape(
  "a whole number, 1 or more",
  (value) => Number.isSafeInteger(value) && Number(value) >= 1,
);
export const flag = shape("true or false", (value) => typeof value === "boolean");
export const anything: Shape = () => null;

export function oneOf(...values: readonly string[]): Shape {
  return shape(`one of ${values.join(", ")}`, (value) => typeof value === "string" && values.includes(value));
}

export function optional(inner: Shape): Shape {
  return (value) => (value === undefined ? null : inner(value));
}

export function nullable(inner: Shape): Shape {
  return (value) => (value === null ? null : inner(value));
}

export function list(item: Shape): Shape {
  return (value) => {
    if (!Array.isArray(value)) return ": a list";
    for (const [index, entry] of value.entries()) {
      const problem = item(entry);
      if (problem !== null) return `[${index}]${problem}`;
    }
    return null;
  };
}

/** An object with these fields; others may be there. */
export function record(fields: Readonly<Record<string, Shape>>): Shape {
  return (value) => {
    if (!isObject(value)) return ": an object";
    for (const [name, field] of Object.entries(fields)) {
      const problem = field(Object.hasOwn(value, name) ? value[name] : undefined);
      if (problem !== null) return `.${name}${problem}`;
    }
    return null;
  };
}

/** An object whose fields, of any name, all have one shape. */
export function mapOf(item: Shape): Shape {
  return (value) => {
    if (!isObject(value)) return ": an object";
    for (const [name, entry] of Object.entries(value)) {
      const problem = item(entry);
      if (problem !== null) return `.${name}${problem}`;
    }
    return null;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
