import {
  type JobBuilder,
  job,
  jsonEncoder,
  jsonSource,
  type LogicalGraph,
  type Stream,
} from "../../../engine/dataflow/api.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { STREAMS } from "../../../generators/microbench/model.ts";
import { SINK_ID } from "../../job-ids.ts";
import { COUNT_FIELDS, countStage } from "./count-stage.ts";
import { pipelineParameters } from "./parameters.ts";
import { EVENT_FIELDS, EVENT_WIRE } from "./wire.ts";

/** Sources and sink have one instance each, stages the job's parallelism. */
const ONE = 1;

/**
 * The paper's pipelines: one to three sources, their union, `stages` operators with an exchange before each, and a sink. Plain stages do
 * nothing and rows go to them in turn; keyed ones count, and rows go to them by key.
 */
export default function pipelineJob(parameters: Readonly<Record<string, unknown>>): LogicalGraph {
  const { watermarkDelayMs, sources, stages, keyed } = pipelineParameters(parameters);
  const graph = job("pipeline");
  const [first, ...others] = STREAMS.slice(0, sources).map((name) => source(graph, name, watermarkDelayMs));
  let rows = first!.union(...others).withParallelism(null);
  for (let stage = 1; stage <= stages; stage++) rows = keyed ? counted(rows, stage) : passedOn(rows, stage);
  rows = rows.rebalance().withParallelism(ONE);
  rows.sink(SINK_ID, jsonEncoder(rows.schema));
  return graph.build();
}

function source(graph: JobBuilder, name: string, watermarkDelayMs: number): Stream {
  const format = jsonSource({ format: EVENT_WIRE, fields: EVENT_FIELDS });
  return graph.source(name, { ...format, watermarkDelayMs, parallelism: ONE });
}

function passedOn(rows: Stream, stage: number): Stream {
  return rows.rebalance().project(`stage${stage}`, EVENT_FIELDS);
}

function counted(rows: Stream, stage: number): Stream {
  const columns = stage === 1 ? [...rows.schema.fields, ...COUNT_FIELDS] : rows.schema.fields;
  return rows.keyBy("key").process(`stage${stage}`, new RowSchema(columns), () => countStage(stage === 1));
}
