import { type JobBuilder, jsonSource, type Stream } from "../../engine/dataflow/api.ts";
import { SOURCE_ID } from "../job-ids.ts";
import type { NexmarkJobParameters } from "./parameters.ts";
import { NEXMARK_WIRE } from "./wire.ts";

/** The relation of bids, with these of its columns; nothing else is decoded. */
export function bids(job: JobBuilder, columns: readonly string[], parameters: NexmarkJobParameters): Stream {
  const fields = columns.map((name) => `bid.${name}`);
  const source = jsonSource({ format: NEXMARK_WIRE, fields, rows: ["bid"] });
  return job.source(SOURCE_ID, { ...source, watermarkDelayMs: parameters.watermarkDelayMs }).project(
    "bids",
    columns.map((name) => [`bid.${name}`, name] as const),
  );
}
