import type { NumberColumnBuffer } from "../../../rows/columns.ts";
import type { ReusableBatch } from "../../../rows/reusable-batch.ts";
import { factorOf, surroundings } from "../variant-program.ts";
import { columnName, type WireField, type WireFormat, type WireVariant } from "../wire-format.ts";
import { PROGRAM_BYTES } from "./kernel.ts";
import { ProgramWriter } from "./program-writer.ts";

/** Kinds and flags of steps, as in parse.as. */
const STEP = { end: 0, number: 1, string: 2 } as const;
const FLAG = { optional: 1, eventTime: 2 } as const;
const STEP_WORDS = 10;
/** One digit tells the variant. */
const TAGS = 10;
const HEADER_WORDS = 4 + TAGS;
const VARIANT_WORDS = 4;

/** Addresses of a column: numbers have values and NULL flags (0: none), strings offsets and lengths. */
interface Place {
  readonly isString: boolean;
  readonly first: number;
  readonly second: number;
}

const NOWHERE: Place = { isString: false, first: 0, second: 0 };

/**
 * The table by which the kernel reads records of `format` into `batch`, whose columns lie in the kernel's memory; for address `at`. null
 * for what the kernel does not do: tags of several digits, numeric columns of optional fields, formats too large.
 */
export function parseProgram(
  format: WireFormat,
  batch: ReusableBatch,
  rows: ReadonlySet<string>,
  at: number,
): Uint8Array | null {
  if (format.variants.some(({ tag }) => tag >= TAGS)) return null;
  const program = new ProgramWriter(at, PROGRAM_BYTES);
  const { discriminator } = format;
  const places = new Map(batch.schema.fields.map(({ name }, column) => [name, placeOf(batch, column)]));
  const isOptionalNumber = ({ name, type, optional }: WireField, variant: WireVariant) =>
    optional === true && type !== "string" && places.has(columnName(variant, name));
  if (format.variants.some((variant) => variant.fields.some((field) => isOptionalNumber(field, variant)))) return null;

  const header = program.reserve(HEADER_WORDS);
  program.set(header, 0, discriminator === null ? -1 : tagPosition(discriminator));
  program.set(header, 1, (discriminator === null ? undefined : places.get(discriminator)?.first) ?? 0);
  program.set(header, 2, batch.eventTimes.byteOffset);
  for (const variant of format.variants) {
    const address = writeVariant(program, format, variant, places, rows.has(variant.name));
    program.set(header, 4 + (discriminator === null ? 0 : variant.tag), address);
  }
  return program.finish();
}

/** Columns of numbers that some row of the batch may not have: they always have NULL flags, which the kernel sets. */
export function absentNumbers(format: WireFormat, names: readonly string[]): ReadonlySet<string> {
  const absent = names.filter((name) => name !== format.discriminator && format.variants.some((v) => !has(v, name)));
  return new Set(absent);
}

function has(variant: WireVariant, column: string): boolean {
  return variant.fields.some(({ name }) => columnName(variant, name) === column);
}

function placeOf(batch: ReusableBatch, column: number): Place {
  const buffer = batch.columns[column]!;
  return buffer.kind === "string"
    ? { isString: true, first: buffer.offsets.byteOffset, second: buffer.lengths.byteOffset }
    : { isString: false, first: buffer.values.byteOffset, second: flagsOf(buffer) };
}

function flagsOf({ nulls }: NumberColumnBuffer): number {
  return nulls === null ? 0 : nulls.byteOffset;
}

/** Bytes before the discriminator's value. */
function tagPosition(discriminator: string): number {
  return new TextEncoder().encode(`{${JSON.stringify(discriminator)}:`).length;
}

function writeVariant(
  program: ProgramWriter,
  format: WireFormat,
  variant: WireVariant,
  places: ReadonlyMap<string, Place>,
  wanted: boolean,
): number {
  const steps = stepsOf(program, format, variant, wanted ? places : new Map());
  const own = [...places].filter(([name]) => name !== format.discriminator);
  const absent = own.filter(([name]) => !has(variant, name)).map(([, place]) => place);
  const list = program.reserve(2 * absent.length);
  absent.forEach(({ isString, first, second }, i) => {
    program.set(list, 2 * i, isString ? second : first);
    program.set(list, 2 * i + 1, isString ? 0 : second);
  });
  const address = program.reserve(VARIANT_WORDS + steps.length * STEP_WORDS);
  program.set(address, 0, wanted ? 1 : 0);
  program.set(address, 1, list);
  program.set(address, 2, absent.length);
  steps.forEach((step, i) => {
    const start = VARIANT_WORDS + i * STEP_WORDS;
    for (const [j, word] of step.words.entries()) program.set(address, start + j, word);
    program.setF64(address, start + 6, step.factor);
  });
  return address;
}

interface Step {
  /** Literal's address and length, kind, the two addresses, flags. */
  readonly words: readonly number[];
  readonly factor: number;
}

function stepsOf(
  program: ProgramWriter,
  format: WireFormat,
  variant: WireVariant,
  places: ReadonlyMap<string, Place>,
): readonly Step[] {
  const { discriminator } = format;
  const start = discriminator === null ? "" : `{${JSON.stringify(discriminator)}:${variant.tag}`;
  const { before, after } = surroundings(format, variant);
  const steps = variant.fields.map(({ name, type, optional }, i): Step => {
    const isString = type === "string";
    const text = `${i === 0 ? `${start}${before}{` : ","}${JSON.stringify(name)}:${isString ? '"' : ""}`;
    const literal = program.literal(text);
    const { first, second } = places.get(columnName(variant, name)) ?? NOWHERE;
    const flags = (optional === true ? FLAG.optional : 0) | (name === variant.eventTime ? FLAG.eventTime : 0);
    const kind = isString ? STEP.string : STEP.number;
    return { words: [literal.at, literal.length, kind, first, isString ? second : 0, flags], factor: factorOf(type) };
  });
  const end = program.literal(after);
  return [...steps, { words: [end.at, end.length, STEP.end, 0, 0, 0], factor: 0 }];
}
