import { stringify } from "yaml";
import { benchLine } from "../../base/command-line.ts";
import { queryIds } from "../../queries/registry.ts";
import { configJsonSchema, type JsonSchema } from "./json-schema.ts";
import { QUANTITY_PATTERNS } from "./units.ts";

/** Settings below this depth are shown, but left out: few people change them. */
const MOST_DEPTH = 2;
const WIDTH = 110;

/**
 * A config with every setting, its meaning, unit and default, as `bench init` writes it: read from the schema, so that it says
 * what is true. Prose begins with `# `; a setting that is shown but left out begins with `#` alone and works without it, unless
 * it holds a `<placeholder>`.
 */
export function configTemplate(file: string): string {
  const schema = configJsonSchema();
  const heading = [
    "# A Faultline campaign: every setting with its meaning and its default. Delete what you do not want to fix.",
    `#   ${benchLine`sweep ${file} --dry-run`}   what it would do, and for how long`,
    `#   ${benchLine`sweep ${file}`}             do it, and write the report`,
    "# Rates: 500/s, 50k/s, 1.5M/s, 600/min. Durations: 500us, 250ms, 10s, 1min30s. Sizes: 512B, 64KiB, 1GiB.",
    "# A # right before a setting leaves it out: it is optional, or seldom changed.",
  ];
  const required = new Set(schema.anyOf?.[0]?.required);
  const settings = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    "",
    ...setting({ key, schema: value, depth: 1, isRequired: required.has(key), isLeftOut: false }),
  ]);
  return `${[...heading, ...settings, ...AXES_EXAMPLE].join("\n")}\n`;
}

/** `sweep` is a mapping of paths, which the schema cannot list. */
const AXES_EXAMPLE = ["# For example, six cells:", "#sweep:", "#  query: [q0, q5]", "#  load.rate: [1k/s, 2k/s, 5k/s]"];

interface Setting {
  readonly key: string;
  readonly schema: JsonSchema;
  readonly depth: number;
  readonly isRequired: boolean;
  readonly isLeftOut: boolean;
}

/** The lines of one setting, those below it included. A mapping of which nothing is written is itself left out. */
function setting({ key, schema, depth, isRequired, isLeftOut }: Setting): string[] {
  const indent = "  ".repeat(depth - 1);
  const isOptional = !isRequired && schema.default === undefined && schema.const === undefined;
  const leftOut = isLeftOut || isOptional || depth > MOST_DEPTH;
  const prose = schema.description === undefined ? [] : comment(`${schema.description}${bounds(schema)}`, indent);
  const line = (text: string, isOut: boolean) => `${indent}${isOut ? "#" : ""}${text}`;
  const below = { depth: depth + 1, isLeftOut: leftOut };
  const [first, ...others] = formsOf(schema);
  const within = properties(first, below);
  const isEmpty = within.every((text) => text.trimStart().startsWith("#"));
  const own =
    first.properties === undefined
      ? [line(`${key}: ${yamlValue(key, { ...first, default: schema.default })}`, leftOut)]
      : [line(`${key}:`, leftOut || isEmpty), ...within];
  return [
    ...prose,
    ...own,
    ...others.flatMap((option) => [
      `${indent}# Or instead:`,
      line(`${key}:`, true),
      ...properties(option, { ...below, isLeftOut: true }),
    ]),
  ];
}

/** The forms that a setting can take, when one of them is a mapping; else the setting itself. */
function formsOf(schema: JsonSchema): readonly [JsonSchema, ...JsonSchema[]] {
  const [first, ...others] = schema.oneOf ?? schema.anyOf ?? [];
  const hasMapping = [first, ...others].some((form) => form?.properties !== undefined);
  return first === undefined || !hasMapping ? [schema] : [first, ...others];
}

function properties(schema: JsonSchema, below: Pick<Setting, "depth" | "isLeftOut">): string[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) =>
    setting({ key, schema: value, isRequired: required.has(key), ...below }),
  );
}

/** The default as YAML, else what is needed, else a `<placeholder>`. */
function yamlValue(key: string, schema: JsonSchema): string {
  const given = schema.default ?? schema.const;
  if (given !== undefined) return stringify(given, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
  if (key === "query") return queryIds()[0] ?? "<query>";
  return placeholder(schema);
}

function placeholder(schema: JsonSchema): string {
  if (schema.anyOf?.[0] !== undefined) return placeholder(schema.anyOf[0]);
  if (schema.enum !== undefined) return `<${schema.enum.join(" or ")}>`;
  if (schema.type === "array")
    return `<list${schema.items?.properties === undefined ? "" : ` of ${keysOf(schema.items)}`}>`;
  if (schema.type === "integer") return "<whole number>";
  if (schema.type === "number" || schema.type === "boolean") return `<${schema.type}>`;
  return Object.values(QUANTITY_PATTERNS).includes(schema.pattern ?? "") ? "<value with unit>" : "<text>";
}

function keysOf(schema: JsonSchema): string {
  return `{${Object.keys(schema.properties ?? {}).join(", ")}}`;
}

/** ` [1 … 64]`, ` [a | b]`, or nothing where the text has to say it. */
function bounds(schema: JsonSchema): string {
  if (schema.enum !== undefined && schema.enum.length > 1) return ` [${schema.enum.join(" | ")}]`;
  const { minimum, maximum } = schema;
  if (minimum === undefined || maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER) return "";
  return ` [${minimum} … ${maximum}]`;
}

/** Prose in comment lines of at most `WIDTH` columns. */
function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && indent.length + 2 + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((part) => `${indent}# ${part}`);
}
