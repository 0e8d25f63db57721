import { job, type LogicalGraph, type Stream, textSource } from "../../engine/dataflow/api.ts";
import { RowSchema } from "../../engine/rows/schema.ts";

/** Source of all word counts. */
const LINES_ID = "lines";

const WORDS = new RowSchema([
  { name: "word", type: "string" },
  { name: "count", type: "i64" },
]);

/** Where a line is cut: at any white space, or at blanks only. */
const SEPARATORS = { whitespace: /\s+/, blank: / +/ } as const;

/** A job that begins with (word, 1) for each word of each line; words that differ in case are different. `finish` does the rest. */
export function wordJob(
  name: string,
  parameters: Readonly<Record<string, unknown>>,
  finish: (words: Stream) => void,
): LogicalGraph {
  const separator = SEPARATORS[parameters.split === "blank" ? "blank" : "whitespace"];
  const graph = job(name);
  const lines = graph.source(LINES_ID, { ...textSource(), watermarkDelayMs: Number(parameters.watermarkDelayMs ?? 0) });
  const words = lines.flatMap("words", WORDS, (row, out) => {
    for (const word of (row.text(0) ?? "").split(separator)) {
      if (word === "") continue;
      out.addRow(row.eventTimeMs);
      out.setText(0, word);
      out.setNumber(1, 1);
    }
  });
  finish(words);
  return graph.build();
}
