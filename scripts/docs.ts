/**
 * `node scripts/docs.ts` writes the generated part of docs/configuration.md from the config's JSON Schema (`bench schema`);
 * `--check` writes nothing and exits with 1 when the file is stale.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What is read of a JSON Schema. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

const BEGIN = "<!-- generated from the schema by scripts/docs.ts: begin -->";
const END = "<!-- generated: end -->";
/** An object with more settings than this has a section of its own. */
const MAX_INLINE = 5;
/** A text with a unit is known by what its pattern takes. */
const QUANTITIES = { duration: "1s", rate: "1k/s", size: "1KiB" } as const;

interface Row {
  readonly key: string;
  readonly type: string;
  readonly value: string;
  readonly meaning: string;
}

interface Section {
  readonly title: string;
  readonly text: string;
  readonly rows: readonly Row[];
}

/** `page` with its generated part as `schema` has it. Throws when the page has no place for it. */
export function withSettings(page: string, schema: Schema): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the page has no lines "${BEGIN}" and "${END}"`);
  const required = schema.required ?? schema.anyOf?.[0]?.required ?? [];
  const sections = sectionsOf("", "Top level", { ...schema, required });
  return `${page.slice(0, begin)}${BEGIN}\n\n${sections.map(sectionText).join("\n")}\n${page.slice(end)}`;
}

/** The section of the object at `path`, and those of the large objects in it. */
function sectionsOf(path: string, title: string, schema: Schema): Section[] {
  const large: Section[] = [];
  const rows = rowsOf(path, schema, large);
  return [{ title, text: schema.description ?? "", rows }, ...large];
}

function rowsOf(path: string, schema: Schema, large: Section[]): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const key = path === "" ? name : `${path}.${name}`;
    // What an object says goes for its settings that say nothing themselves.
    const described = { ...property, description: property.description ?? inherited(path, schema) };
    return settingRows(key, described, schema.required?.includes(name) ?? false, large);
  });
}

/** An object of the top level is too general to speak for one setting. */
function inherited(path: string, { description }: Schema): string {
  return path.split(".").length > 2 ? (description ?? "") : "";
}

/** Rows of one setting: its own, and those below it unless they go to a section. */
function settingRows(key: string, schema: Schema, isRequired: boolean, large: Section[]): Row[] {
  const own = { key, type: typeOf(schema), value: defaultOf(schema, isRequired), meaning: schema.description ?? "" };
  const objects = alternatives(schema).filter((option) => option.properties !== undefined);
  if (objects.length === 0) return [own, ...itemRows(key, schema, large)];
  const isPlain = objects.length === 1 && objects[0] === schema;
  if (isPlain && leafCount(schema) <= MAX_INLINE) return rowsOf(key, schema, large);
  if (!isPlain && objects.every((option) => leafCount(option) <= MAX_INLINE && discriminator(option) === "")) {
    return [own, ...objects.flatMap((option) => rowsOf(key, option, large))];
  }
  for (const option of objects) {
    const title = `\`${key}\`${discriminator(option)}`;
    large.push(...sectionsOf(key, title, { ...option, description: schema.description ?? "" }));
  }
  return isPlain ? [] : [own];
}

/** Settings of the objects in a list: `load.steps[].rate`; of a list of several kinds a section for each. */
function itemRows(key: string, schema: Schema, large: Section[]): Row[] {
  const items = alternatives(schema).flatMap((option) =>
    option.items === undefined ? [] : alternatives(option.items),
  );
  return items.flatMap((item) => {
    if (item.properties === undefined) return [];
    const kind = discriminator(item);
    if (kind === "") return rowsOf(`${key}[]`, item, large);
    large.push(...sectionsOf(`${key}[]`, `\`${key}[]\`${kind}`, { ...item, description: schema.description ?? "" }));
    return [];
  });
}

function alternatives(schema: Schema): readonly Schema[] {
  return schema.oneOf ?? (schema.properties === undefined ? schema.anyOf : undefined) ?? [schema];
}

/** What tells an alternative from the others: ` with shape: constant`. */
function discriminator(schema: Schema): string {
  const [name, property] = Object.entries(schema.properties ?? {})[0] ?? [];
  return property?.const === undefined ? "" : ` with \`${name}: ${String(property.const)}\``;
}

function leafCount(schema: Schema): number {
  return Object.values(schema.properties ?? {}).reduce((sum, property) => {
    return sum + (property.properties === undefined ? 1 : leafCount(property));
  }, 0);
}

function typeOf(schema: Schema): string {
  const quantity = quantityOf(schema);
  if (quantity !== null) return quantity;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(", ");
  const options = schema.oneOf ?? schema.anyOf;
  if (options !== undefined) return [...new Set(options.map(typeOf))].join(" or ");
  switch (schema.type) {
    case "string":
      return "text";
    case "integer":
    case "number":
      return schema.type + boundsOf(schema);
    case "array":
      return schema.items === undefined ? "list" : `list of ${typeOf(schema.items)}`;
    case "object":
      return "mapping";
    default:
      return schema.type === undefined ? "any" : String(schema.type);
  }
}

function quantityOf(schema: Schema): string | null {
  const pattern = schema.pattern ?? schema.anyOf?.find((option) => option.pattern !== undefined)?.pattern;
  if (pattern === undefined) return null;
  const taken = Object.entries(QUANTITIES).filter(([, example]) => new RegExp(pattern).test(example));
  return taken.length === 1 ? taken[0]![0] : null;
}

function boundsOf({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const shown = (bound: number | undefined) => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const least = exclusiveMinimum === undefined ? `${minimum}` : `above ${exclusiveMinimum}`;
  if (shown(minimum ?? exclusiveMinimum)) return shown(maximum) ? ` ${least} … ${maximum}` : ` from ${least}`;
  return shown(maximum) ? ` up to ${maximum}` : "";
}

function defaultOf(schema: Schema, isRequired: boolean): string {
  if (isRequired) return "required";
  if (schema.default === undefined || JSON.stringify(schema.default) === "{}") return "–";
  return schema.default === "" ? "empty" : code(schema.default);
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function sectionText({ title, text, rows }: Section): string {
  const lines = rows.map(
    ({ key, type, value, meaning }) => `| \`${key}\` | ${type} | ${value} | ${escaped(meaning)} |`,
  );
  const head = ["| key | type | default | meaning |", "|---|---|---|---|"];
  return [`## ${title}`, "", ...(text === "" ? [] : [text, ""]), ...head, ...lines, ""].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}

function run(isCheck: boolean): number {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const page = `${root}docs/configuration.md`;
  const schema = execFileSync(process.execPath, [`${root}harness/main.ts`, "schema"], { encoding: "utf8" });
  const before = readFileSync(page, "utf8");
  const after = withSettings(before, JSON.parse(schema) as Schema);
  if (before === after) return 0;
  if (!isCheck) writeFileSync(page, after);
  else console.error("docs/configuration.md is stale: run node scripts/docs.ts");
  return isCheck ? 1 : 0;
}

if (import.meta.main) process.exitCode = run(process.argv.includes("--check"));
