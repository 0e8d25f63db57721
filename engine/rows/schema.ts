import { FaultlineError } from "../../base/errors.ts";

/**
 * Type of a field. `i64` and `timestamp` (epoch ms) are integers up to 2^53 held as doubles; `decimal3` is DECIMAL(23, 3) held as
 * integer thousandths; `string` is held as JSON string bytes (see `batch.ts`).
 */
export type FieldType = "i64" | "f64" | "timestamp" | "decimal3" | "string";

export interface Field {
  readonly name: string;
  readonly type: FieldType;
}

/** Names and types of a row's fields, in order. Immutable. */
export class RowSchema {
  readonly fields: readonly Field[];
  readonly #indexes: ReadonlyMap<string, number>;

  constructor(fields: readonly Field[]) {
    this.fields = fields;
    this.#indexes = new Map(fields.map((field, index) => [field.name, index]));
    if (this.#indexes.size !== fields.length) {
      throw new FaultlineError("job-invalid", `field names repeat: ${fields.map((f) => f.name).join(", ")}`);
    }
  }

  /** Index of the field; `job-invalid` when there is none. */
  index(name: string): number {
    const index = this.#indexes.get(name);
    if (index !== undefined) return index;
    throw new FaultlineError("job-invalid", `no field "${name}"`, {
      hint: `the fields are ${this.fields.map((f) => f.name).join(", ")}`,
    });
  }

  has(name: string): boolean {
    return this.#indexes.has(name);
  }
}
