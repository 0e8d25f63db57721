import type { QueryDefinition, Value } from "../../queries/query.ts";
import type { RowTaker } from "./bundled/run-in-one-thread.ts";
import type { RowLines } from "./row-lines.ts";

/** Keeps the last row of each key of an upsert query, and writes them in the order of keys once all have come. */
export class FinalRows implements RowTaker {
  readonly full = false;
  readonly #keyColumns: readonly number[];
  readonly #rows = new Map<string, readonly Value[]>();
  readonly #lines: RowLines;

  constructor(query: QueryDefinition, key: readonly string[], lines: RowLines) {
    this.#keyColumns = key.map((name) => query.columns.findIndex((column) => column.name === name));
    this.#lines = lines;
  }

  /** Nobody reads any more. */
  get refused(): boolean {
    return this.#lines.refused;
  }

  add(values: readonly Value[]): void {
    this.#rows.set(JSON.stringify(this.#keyColumns.map((column) => values[column])), values);
  }

  /** Nothing before the end. */
  async flush(): Promise<void> {}

  /** Writes the final rows. */
  async finish(): Promise<void> {
    const rows = [...this.#rows.values()].sort((a, b) => this.#compare(a, b));
    for (const values of rows) {
      this.#lines.add(values);
      if (this.#lines.full) await this.#lines.flush();
      if (this.refused) return;
    }
  }

  #compare(a: readonly Value[], b: readonly Value[]): number {
    for (const column of this.#keyColumns) {
      const order = compareValues(a[column] ?? null, b[column] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  }
}

/** NULL first, numbers by value, strings by code units. */
function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}
