import type { QueryDefinition, Value } from "../../queries/query.ts";
import type { RowTaker } from "./bundled/run-in-one-thread.ts";

/** Takes a chunk of output, lines with their line feeds; answers false when nobody reads any more. */
export type WriteLines = (chunk: string) => Promise<boolean> | boolean;

const CHUNK_CHARACTERS = 64 * 1024;

/** Result rows as JSON lines: documented columns only, in their order. Gathers them: flush when `full` and at the end. */
export class RowLines implements RowTaker {
  /** Nobody reads any more. */
  refused = false;
  readonly #names: readonly string[];
  readonly #write: WriteLines;
  #chunk = "";

  constructor(query: QueryDefinition, write: WriteLines) {
    this.#names = query.columns.map((column) => JSON.stringify(column.name));
    this.#write = write;
  }

  /** `values`: of the documented columns, in order; what follows them (identity) is left out. */
  add(values: readonly Value[]): void {
    const fields = this.#names.map((name, i) => `${name}:${JSON.stringify(values[i] ?? null)}`);
    this.#chunk += `{${fields.join(",")}}\n`;
  }

  /** Enough has been gathered for a flush to be worth it. */
  get full(): boolean {
    return this.#chunk.length >= CHUNK_CHARACTERS;
  }

  async flush(): Promise<void> {
    const chunk = this.#chunk;
    this.#chunk = "";
    if (chunk !== "" && !this.refused) this.refused = !(await this.#write(chunk));
  }
}
