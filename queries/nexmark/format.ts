import { binaryEncoder, binarySource, jsonEncoder, jsonSource } from "../../engine/dataflow/api.ts";
import type { NexmarkJobParameters } from "./parameters.ts";
import { NEXMARK_WIRE } from "./wire.ts";

interface EventSelection {
  readonly fields: readonly string[];
  readonly rows: readonly string[];
}

type Format = Pick<NexmarkJobParameters, "format">;

/** Schema and decoder of Nexmark's events in the job's format. */
export function nexmarkSource(selection: EventSelection, { format }: Format): ReturnType<typeof jsonSource> {
  const source = format === "binary" ? binarySource : jsonSource;
  return source({ format: NEXMARK_WIRE, ...selection });
}

/** Makes the encoders of the job's output rows, in its format. */
export function rowEncoder(
  schema: Parameters<typeof jsonEncoder>[0],
  { format }: Format,
): ReturnType<typeof jsonEncoder> {
  return format === "binary" ? binaryEncoder(schema) : jsonEncoder(schema);
}
