import type { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow } from "../rows/rows.ts";
import type { Running } from "./run.ts";

/** What happens to an operator with two inputs. */
export type Step2 = { readonly input: 0 | 1; readonly row: PlainRow } | { readonly watermarkMs: number };

/** Feeds steps, consecutive rows of one input in batches of at most `batchRows`. */
export function feedTwo(
  { operator }: Running,
  schemas: readonly [RowSchema, RowSchema],
  steps: readonly Step2[],
  batchRows: number,
): void {
  let pending: PlainRow[] = [];
  let input: 0 | 1 = 0;
  const flush = () => {
    if (pending.length > 0) operator.process(input, batchOf(schemas[input], pending, pending.length % 2));
    pending = [];
  };
  for (const step of steps) {
    if ("watermarkMs" in step) {
      flush();
      operator.advanceWatermark(step.watermarkMs);
      continue;
    }
    if (step.input !== input || pending.length >= batchRows) flush();
    input = step.input;
    pending.push(step.row);
  }
  flush();
}
