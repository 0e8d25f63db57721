import { FaultlineError } from "../../base/errors.ts";
import { hash64, lastHash } from "../../base/hash.ts";
import type { WireFormatName } from "../../generators/dataset.ts";
import type { ColumnSpec, QueryDefinition, Value } from "../../queries/query.ts";
import { BinaryRowScanner } from "./binary-scan.ts";
import { CanonicalBuffer } from "./canonical.ts";
import { RowScanner } from "./row-scan.ts";
import { parseRow } from "./typed-value.ts";

export type HashedColumns = Pick<QueryDefinition, "columns" | "identity" | "nameColumns" | "orderKey" | "volatile">;

/** All columns on the wire: the documented ones, then identity. */
export function wireColumns(query: Pick<QueryDefinition, "columns" | "identity">): readonly ColumnSpec[] {
  return [...query.columns, ...query.identity];
}

/**
 * 64-bit hashes of typed rows, the same for rows of the oracle and rows read from Kafka, whatever their format.
 * After `fromValues` or a true `fromRecord` the halves hold the row's hashes: of its name columns, of all columns that are compared and, only
 * after `fromValues`, of its order key. One row at a time; the halves are overwritten by the next.
 */
export class RowHasher {
  nameHigh = 0;
  nameLow = 0;
  contentHigh = 0;
  contentLow = 0;
  orderHigh = 0;
  orderLow = 0;
  readonly #columns: readonly ColumnSpec[];
  readonly #nameIndexes: readonly number[];
  readonly #orderIndexes: readonly number[];
  /** Columns that are compared. */
  readonly #compared: readonly number[];
  readonly #row = new CanonicalBuffer();
  readonly #part = new CanonicalBuffer();
  readonly #scanner: RowScanner | BinaryRowScanner;
  readonly #decoder = new TextDecoder();

  /** `format`: of the records. */
  constructor(query: HashedColumns, format: WireFormatName = "json") {
    this.#columns = wireColumns(query);
    this.#nameIndexes = query.nameColumns.map((name) => this.#indexOf(name));
    this.#orderIndexes = query.orderKey.map((name) => this.#indexOf(name));
    this.#compared = this.#columns.flatMap(({ name }, i) => (query.volatile?.includes(name) === true ? [] : [i]));
    const Scanner = format === "binary" ? BinaryRowScanner : RowScanner;
    this.#scanner = new Scanner(this.#columns);
  }

  /** Hashes a row of the oracle: values of all columns in wire order. Throws `assertion-failed` on a value of a wrong type. */
  fromValues(values: readonly Value[]): void {
    if (values.length !== this.#columns.length) {
      throw new FaultlineError("assertion-failed", `row has ${values.length} values, query ${this.#columns.length}`);
    }
    const { starts, ends } = this.#scanner;
    this.#row.clear();
    for (let i = 0; i < values.length; i++) {
      const column = this.#columns[i]!;
      starts[i] = this.#row.length;
      this.#row.value(column.type, values[i]!, column.name);
      ends[i] = this.#row.length;
    }
    this.#hash(true);
    this.#hashColumns(this.#orderIndexes);
    this.orderHigh = lastHash.high;
    this.orderLow = lastHash.low;
  }

  /** Hashes the output record in `bytes[start, end)`: a JSON object, or a binary row. False when it is no row of the query; the halves are then 0. */
  fromRecord(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#scanner.scan(bytes, start, end, this.#row)) {
      this.#hash(this.#scanner.inOrder);
      return true;
    }
    const isText = this.#scanner instanceof RowScanner;
    const values = isText ? parseRow(this.#columns, this.#decoder.decode(bytes.subarray(start, end))) : null;
    if (values === null) {
      this.nameHigh = this.nameLow = this.contentHigh = this.contentLow = 0;
      return false;
    }
    this.fromValues(values);
    return true;
  }

  #hash(contiguous: boolean): void {
    const whole = contiguous && this.#compared.length === this.#columns.length;
    if (whole) hash64(this.#row.bytes, 0, this.#row.length);
    else this.#hashColumns(this.#compared);
    this.contentHigh = lastHash.high;
    this.contentLow = lastHash.low;
    this.#hashColumns(this.#nameIndexes);
    this.nameHigh = lastHash.high;
    this.nameLow = lastHash.low;
  }

  #hashColumns(indexes: readonly number[]): void {
    const { starts, ends } = this.#scanner;
    const first = indexes[0];
    if (first !== undefined && this.#isContiguous(indexes)) {
      hash64(this.#row.bytes, starts[first]!, ends[indexes[indexes.length - 1]!]!);
      return;
    }
    this.#part.clear();
    for (let i = 0; i < indexes.length; i++) {
      const column = indexes[i]!;
      this.#part.copy(this.#row.bytes, starts[column]!, ends[column]!);
    }
    hash64(this.#part.bytes, 0, this.#part.length);
  }

  /** Whether these columns of the row lie behind one another, so that they can be hashed where they are. */
  #isContiguous(indexes: readonly number[]): boolean {
    const { starts, ends } = this.#scanner;
    for (let i = 1; i < indexes.length; i++) if (starts[indexes[i]!] !== ends[indexes[i - 1]!]) return false;
    return true;
  }

  #indexOf(name: string): number {
    const index = this.#columns.findIndex((column) => column.name === name);
    if (index < 0) throw new FaultlineError("assertion-failed", `query has no column ${name}`);
    return index;
  }
}
