import { type LogicalGraph, sum, textEncoder } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { wordJob } from "../words.ts";

/**
 * How often each word has come so far: `word : total` for each occurrence, with the time of its line. The totals are state that a failure
 * must not cost. Parameters: `split`, `watermarkDelayMs`.
 */
export default function totals(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  return wordJob("wordcount-totals", parameters, (words) => {
    const counts = words.keyBy("word").aggregate("totals", sum("count", "total"));
    counts.sink(SINK_ID, textEncoder(counts.schema, " : "));
  });
}
