import { FaultlineError } from "../../base/errors.ts";
import { BatchBuilder, type RowCollector } from "../rows/batch-builder.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { OperatorContext, Output } from "./operator.ts";
import { OUTPUT_BATCH_ROWS } from "./output-batch.ts";

/** A second output of an operator: its name among the operator's outputs, and the fields of its rows. */
export interface SideOutput {
  readonly tag: string;
  readonly schema: RowSchema;
}

/** Names a side output: hand it to the operator that makes its rows, and to `Stream.side` of that operator's stream to read them. */
export function sideOutput(tag: string, schema: RowSchema): SideOutput {
  return { tag, schema };
}

/** Where a process function gets the collectors of its side outputs, once, when it is made. */
export interface SideCollectors {
  /** `job-invalid` for one that the operator does not declare. */
  collector(side: SideOutput): RowCollector;
}

interface Side {
  readonly side: SideOutput;
  readonly rows: BatchBuilder;
  output: Output | null;
}

/** The side outputs of one operator instance. Rows of those that nobody reads are forgotten. */
export class SideBatches implements SideCollectors {
  readonly #sides: readonly Side[];

  constructor(sides: readonly SideOutput[]) {
    this.#sides = sides.map((side) => ({ side, rows: new BatchBuilder(side.schema), output: null }));
  }

  collector({ tag }: SideOutput): RowCollector {
    const found = this.#sides.find(({ side }) => side.tag === tag);
    if (found !== undefined) return found.rows;
    throw new FaultlineError("job-invalid", `the operator does not declare the side output "${tag}"`, {
      hint: "list it under sideOutputs",
    });
  }

  open(context: OperatorContext): void {
    for (const side of this.#sides) side.output = context.sideOutput?.(side.side.tag) ?? null;
  }

  /** Call between rows. */
  flushIfFull(): void {
    for (const side of this.#sides) if (side.rows.rowCount >= OUTPUT_BATCH_ROWS) flush(side);
  }

  flush(): void {
    for (const side of this.#sides) flush(side);
  }
}

function flush({ rows, output }: Side): void {
  if (rows.rowCount === 0) return;
  output?.emit(rows);
  rows.clear();
}
