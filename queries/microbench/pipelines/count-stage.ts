import type { KeyedProcess } from "../../../engine/dataflow/api.ts";
import type { Field } from "../../../engine/rows/schema.ts";
import { MOST_SOURCES } from "./parameters.ts";
import { EVENT_FIELDS } from "./wire.ts";

/** What the stages add to an event. */
export const COUNT_FIELDS: readonly Field[] = [
  { name: "count", type: "i64" },
  { name: "total", type: "i64" },
  { name: "disagreements", type: "i64" },
];

const SOURCE = EVENT_FIELDS.indexOf("source");
const COUNT = EVENT_FIELDS.length;
const TOTAL = COUNT + 1;
const DISAGREEMENTS = COUNT + 2;
/** Behind a key's counts by source. */
const TOTAL_IN_STATE = MOST_SOURCES;

/**
 * Counts, per key, the events of each source and of all. Rows of a key keep their order from stage to stage, so all stages count alike:
 * where one finds other counts than the stage before it (which the first one has not), it adds one to `disagreements`.
 */
export function countStage(isFirst: boolean): KeyedProcess {
  return {
    state: { width: MOST_SOURCES + 1 },
    onRow(row, context, out) {
      const place = row.number(SOURCE) - 1;
      const count = context.get(place) + 1;
      const total = context.get(TOTAL_IN_STATE) + 1;
      context.set(place, count);
      context.set(TOTAL_IN_STATE, total);
      const agrees = isFirst || (row.number(COUNT) === count && row.number(TOTAL) === total);
      const disagreements = (isFirst ? 0 : row.number(DISAGREEMENTS)) + (agrees ? 0 : 1);
      out.addRow(row.eventTimeMs);
      for (let field = 0; field < EVENT_FIELDS.length; field++) out.copy(field, row, field);
      out.setNumber(COUNT, count);
      out.setNumber(TOTAL, total);
      out.setNumber(DISAGREEMENTS, disagreements);
    },
  };
}
