import type { JobBuilder, Stream } from "../../engine/dataflow/api.ts";
import { SOURCE_ID } from "../job-ids.ts";
import { nexmarkSource } from "./format.ts";
import type { NexmarkJobParameters } from "./parameters.ts";

/** The relation of bids, with these of its columns; nothing else is decoded. */
export function bids(job: JobBuilder, columns: readonly string[], parameters: NexmarkJobParameters): Stream {
  const fields = columns.map((name) => `bid.${name}`);
  const source = nexmarkSource({ fields, rows: ["bid"] }, parameters);
  return job.source(SOURCE_ID, { ...source, watermarkDelayMs: parameters.watermarkDelayMs }).project(
    "bids",
    columns.map((name) => [`bid.${name}`, name] as const),
  );
}
