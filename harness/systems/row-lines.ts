import type { ColumnSpec, QueryDefinition, Value } from "../../queries/query.ts";
import type { RowTaker } from "./bundled/run-in-one-thread.ts";

/** Takes a chunk of output, lines with their line feeds; answers false when nobody reads any more. */
export type WriteLines = (chunk: string) => Promise<boolean> | boolean;

const CHUNK_CHARACTERS = 64 * 1024;

/** Names are JSON strings. Columns of one parent are neighbours. */
interface Field {
  readonly parent: string | null;
  readonly name: string;
  readonly isJson: boolean;
}

function fieldOf({ name, type }: ColumnSpec): Field {
  const dot = name.indexOf(".");
  const parent = dot < 0 ? null : JSON.stringify(name.slice(0, dot));
  return { parent, name: JSON.stringify(name.slice(dot + 1)), isJson: type === "json" };
}

/** Result rows as JSON lines: documented columns only, in their order. Gathers them: flush when `full` and at the end. */
export class RowLines implements RowTaker {
  /** Nobody reads any more. */
  refused = false;
  readonly #fields: readonly Field[];
  readonly #write: WriteLines;
  #chunk = "";

  constructor(query: QueryDefinition, write: WriteLines) {
    this.#fields = query.columns.map(fieldOf);
    this.#write = write;
  }

  /** `values`: of the documented columns, in order; what follows them (identity) is left out. */
  add(values: readonly Value[]): void {
    let line = "";
    let parent: string | null = null;
    for (const [i, field] of this.#fields.entries()) {
      if (field.parent !== parent && parent !== null) line += "}";
      if (i > 0) line += ",";
      if (field.parent !== parent && field.parent !== null) line += `${field.parent}:{`;
      parent = field.parent;
      line += `${field.name}:${field.isJson && values[i] !== null ? values[i] : JSON.stringify(values[i] ?? null)}`;
    }
    this.#chunk += `{${line}${parent === null ? "" : "}"}}\n`;
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
