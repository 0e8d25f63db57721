import { hopping, type LogicalGraph, processingTime, sum, textEncoder } from "../../../engine/dataflow/api.ts";
import { SINK_ID } from "../../job-ids.ts";
import { wordJob } from "../words.ts";

const SIZE_MS = 5_000;

/**
 * Word count in windows of the clock: `word : count` at each window's end. Parameters: `sizeMs` (default 5000), `slideMs` (default: the
 * size, so that windows tumble), `split`.
 */
export default function windowCounts(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const sizeMs = Number(parameters.sizeMs ?? SIZE_MS);
  const slideMs = Number(parameters.slideMs ?? sizeMs);
  return wordJob("wordcount", parameters, (words) => {
    const counts = words
      .keyBy("word")
      .window("counts", processingTime(hopping(sizeMs, slideMs)))
      .aggregate(sum("count", "total"))
      .project("pairs", ["word", "total"]);
    counts.sink(SINK_ID, textEncoder(counts.schema, " : "));
  });
}
