/** What a job module imports: the builder, windows and aggregates, and the formats of sources and sinks. */
export { jsonSource } from "../connectors/json/decoder.ts";
export { jsonDocuments } from "../connectors/json/document-decoder.ts";
export { jsonEncoder } from "../connectors/json/encoder.ts";
export { nestedJsonEncoder } from "../connectors/json/nested-encoder.ts";
export type { WireField, WireFormat } from "../connectors/json/wire-format.ts";
export type { BroadcastConnect } from "../operators/broadcast-connect.ts";
export type { KeyedConnect } from "../operators/connect.ts";
export type { RowExpander } from "../operators/flat-map.ts";
export type { KeyedContext } from "../operators/keyed-context.ts";
export type { KeyedProcess } from "../operators/keyed-process.ts";
export { count } from "../operators/window/aggregates.ts";
export { hopping, sessions, tumbling } from "../operators/window/window-spec.ts";
export { END_OF_LIST } from "../state/row-lists.ts";
export { type JobBuilder, job } from "./builder.ts";
export { connectBroadcast, connectKeyed } from "./connect.ts";
export type { LogicalGraph } from "./graph.ts";
export type { Stream } from "./stream.ts";
