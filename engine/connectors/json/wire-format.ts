import { FaultlineError } from "../../../base/errors.ts";
import { type Field, type FieldType, RowSchema } from "../../rows/schema.ts";

/**
 * A stream of JSON records, described as data. Each record is one object that begins with the discriminator (an integer that tells
 * which variant it is), followed by the `members`, all present, in order: the variant's member holds its fields, the others are null.
 *
 *     {"event_type":2,"person":null,"auction":null,"bid":{"auction":1000,"bidder":1001,…}}
 *
 * Without discriminator and members (`discriminator: null`) there is one variant, and its fields are those of the record itself.
 */
export interface WireFormat {
  readonly discriminator: string | null;
  readonly members: readonly string[];
  readonly variants: readonly WireVariant[];
}

export interface WireVariant {
  /** Name by which jobs ask for rows of this variant. */
  readonly name: string;
  /** Value of the discriminator; small and not negative. */
  readonly tag: number;
  /** Member that holds the fields; null: the record itself does. */
  readonly member: string | null;
  /** Fields, in the order in which they are written. */
  readonly fields: readonly WireField[];
  /** Name of the field (a timestamp in epoch ms) that is the record's event time. */
  readonly eventTime: string;
}

export interface WireField extends Field {
  /** The field may be absent; it is NULL then. Not allowed for a variant's first field. */
  readonly optional?: boolean;
}

/** Column of a variant's field: `member.field`, or `field` where the record itself holds it. */
export function columnName(variant: WireVariant, field: string): string {
  return variant.member === null ? field : `${variant.member}.${field}`;
}

/** Schema of the columns `names`, in that order: the discriminator or fields of variants. `job-invalid` when there is no such one. */
export function wireSchema(format: WireFormat, names: readonly string[]): RowSchema {
  const types = new Map<string, FieldType>();
  if (format.discriminator !== null) types.set(format.discriminator, "i64");
  for (const variant of format.variants) {
    for (const field of variant.fields) types.set(columnName(variant, field.name), field.type);
  }
  return new RowSchema(
    names.map((name) => {
      const type = types.get(name);
      if (type !== undefined) return { name, type };
      throw new FaultlineError("job-invalid", `records have no field "${name}"`, {
        hint: `the fields are ${[...types.keys()].join(", ")}`,
      });
    }),
  );
}

/** Names of the variants that become rows: these, all unless given. `job-invalid` when the format has no such variant. */
export function wantedVariants(format: WireFormat, names?: readonly string[]): ReadonlySet<string> {
  const unknown = names?.find((name) => !format.variants.some((variant) => variant.name === name));
  if (unknown !== undefined) throw new FaultlineError("job-invalid", `records have no variant "${unknown}"`);
  return new Set(names ?? format.variants.map((variant) => variant.name));
}

/** Throws `job-invalid` when the description contradicts itself. */
export function checkWireFormat(format: WireFormat): void {
  const problem = wireFormatProblem(format);
  if (problem !== null) throw new FaultlineError("job-invalid", `wire format: ${problem}`);
}

function wireFormatProblem({ discriminator, members, variants }: WireFormat): string | null {
  if (variants.length === 0) return "no variants";
  if (discriminator === null && (variants.length > 1 || members.length > 0)) return "members need a discriminator";
  for (const { name, tag, member, fields, eventTime } of variants) {
    if (!Number.isInteger(tag) || tag < 0 || tag > 255) return `variant "${name}": tag ${tag} is not in 0 … 255`;
    if (variants.filter((other) => other.tag === tag || other.name === name).length > 1)
      return `two variants "${name}"`;
    if ((member === null) !== (discriminator === null))
      return `variant "${name}": member and discriminator go together`;
    if (member !== null && !members.includes(member)) return `variant "${name}": no member "${member}"`;
    if (fields.length === 0 || fields[0]!.optional === true) return `variant "${name}": the first field must be there`;
    const time = fields.find((field) => field.name === eventTime);
    if (time?.type !== "timestamp" || time.optional === true)
      return `variant "${name}": "${eventTime}" must be a timestamp`;
  }
  return null;
}
