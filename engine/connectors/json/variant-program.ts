import type { NumberColumnBuffer, StringColumnBuffer } from "../../rows/columns.ts";
import type { ReusableBatch } from "../../rows/reusable-batch.ts";
import type { FieldType, RowSchema } from "../../rows/schema.ts";
import { type JsonScanner, type Literal, literal } from "./scanner.ts";
import { columnName, type WireFormat, type WireVariant } from "./wire-format.ts";

/** What to do at a field: the literal up to its value, then the value. */
interface Step {
  readonly before: Literal;
  readonly isString: boolean;
  /** DECIMAL columns hold thousandths. */
  readonly factor: number;
  readonly optional: boolean;
  readonly isEventTime: boolean;
  /** Column that takes the value; −1: none. */
  readonly column: number;
}

const NULL = literal("null");

/** The scanning of one variant's records, from behind the discriminator's value to the record's end. */
export class VariantProgram {
  readonly variant: WireVariant;
  /** Are rows of this variant wanted? */
  readonly wanted: boolean;
  /** Columns that are NULL in rows of this variant, since other variants' members hold them. */
  readonly absentColumns: readonly number[];
  /** Event time of the last record that `scan` accepted. */
  eventTimeMs = 0;
  readonly #steps: readonly Step[];
  readonly #after: Literal;

  constructor(format: WireFormat, variant: WireVariant, schema: RowSchema, wanted: boolean) {
    this.variant = variant;
    this.wanted = wanted;
    const own = new Set(variant.fields.map((field) => columnName(variant, field.name)));
    this.absentColumns = schema.fields.flatMap(({ name }, column) =>
      own.has(name) || name === format.discriminator ? [] : [column],
    );
    const { before, after } = surroundings(format, variant);
    this.#after = literal(after);
    this.#steps = variant.fields.map(({ name, type, optional }, i): Step => {
      const column = columnName(variant, name);
      return {
        before: literal(`${i === 0 ? `${before}{` : ","}${JSON.stringify(name)}:`),
        isString: type === "string",
        factor: factorOf(type),
        optional: optional ?? false,
        isEventTime: name === variant.eventTime,
        column: wanted && schema.has(column) ? schema.index(column) : -1,
      };
    });
  }

  /** Reads the rest of a record into row `row` of `batch`; false: not in the documented form, the row is not set. */
  scan(scanner: JsonScanner, batch: ReusableBatch, row: number): boolean {
    const steps = this.#steps;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      if (!scanner.literal(step.before)) {
        if (!step.optional) return false;
        if (step.column >= 0) batch.setNull(step.column, row);
      } else if (!this.#value(scanner, step, batch, row)) return false;
    }
    return scanner.literal(this.#after) && scanner.at === scanner.end;
  }

  #value(scanner: JsonScanner, step: Step, batch: ReusableBatch, row: number): boolean {
    const { column } = step;
    if (step.isString) {
      if (scanner.string()) {
        if (column >= 0) setSpan(batch.columns[column] as StringColumnBuffer, row, scanner);
        return true;
      }
    } else if (scanner.integer()) {
      if (column >= 0) (batch.columns[column] as NumberColumnBuffer).values[row] = scanner.number * step.factor;
      if (step.isEventTime) this.eventTimeMs = scanner.number;
      return true;
    }
    if (step.isEventTime || !scanner.literal(NULL)) return false;
    if (column >= 0) batch.setNull(column, row);
    return true;
  }
}

/** Thousandths per unit for decimals, else 1. */
export function factorOf(type: FieldType): number {
  return type === "decimal3" ? 1000 : 1;
}

function setSpan(column: StringColumnBuffer, row: number, scanner: JsonScanner): void {
  column.offsets[row] = scanner.start;
  column.lengths[row] = scanner.length;
}

/** The text between the discriminator's value and the variant's object, and from its closing brace to the record's end. */
export function surroundings(
  format: WireFormat,
  variant: WireVariant,
): { readonly before: string; readonly after: string } {
  if (variant.member === null) return { before: "", after: "}" };
  const at = format.members.indexOf(variant.member);
  const nulls = (members: readonly string[]) => members.map((member) => `,${JSON.stringify(member)}:null`).join("");
  return {
    before: `${nulls(format.members.slice(0, at))},${JSON.stringify(variant.member)}:`,
    after: `}${nulls(format.members.slice(at + 1))}}`,
  };
}
