/** What a job module imports: the builder, windows and aggregates, and the formats of sources and sinks. */
export { jsonSource } from "../connectors/json/decoder.ts";
export { jsonEncoder } from "../connectors/json/encoder.ts";
export type { WireField, WireFormat } from "../connectors/json/wire-format.ts";
export { count } from "../operators/window/aggregates.ts";
export { hopping } from "../operators/window/window-spec.ts";
export { type JobBuilder, job } from "./builder.ts";
export type { LogicalGraph } from "./graph.ts";
export type { Stream } from "./stream.ts";
