import type { Replication } from "../../../engine/cluster/job-spec.ts";
import type { LogicalGraph, LogicalNode } from "../../../engine/dataflow/graph.ts";
import { graphOf, mapNode, sinkNode, sourceNode, TinyMap, windowNode } from "../simulation/tiny-job.ts";
import { tinyBatch, tinyRows } from "../simulation/tiny-rows.ts";
import { type ReplicatedRun, windowRun } from "./replicated-run.ts";

/** Passes on the rows whose value `keeps`. */
function someNode(from: string, id: string, keeps: (value: number) => boolean): LogicalNode {
  const create = () => {
    const operator = new TinyMap((value) => value);
    let emit: (batch: ReturnType<typeof tinyBatch>) => void = () => {};
    operator.open = (_context, output) => {
      emit = (batch) => output.emit(batch);
    };
    operator.process = (_input, batch) => {
      const rows = tinyRows(batch).filter(({ value }) => keeps(value));
      if (rows.length > 0) emit(tinyBatch(rows));
    };
    return operator;
  };
  return { ...mapNode(from, "roundRobin", id), create } as LogicalNode;
}

/** source ⇒ split ⇒ {all rows, hardly any} ⇒ window: one side is full long before the other has its heartbeat. */
function skewedDiamond(): LogicalGraph {
  const window = windowNode("many", 100);
  const hash = { kind: "hash" as const, keys: ["key"] };
  const inputs = [
    [
      { from: "many", partitioning: hash },
      { from: "few", partitioning: hash },
    ],
  ];
  return graphOf(
    sourceNode(),
    mapNode("source", "roundRobin", "split"),
    someNode("split", "many", (value) => value !== 17),
    someNode("split", "few", (value) => value === 17),
    { ...window, inputs } as LogicalNode,
    sinkNode("window"),
  );
}

/** Windows of one frame, so that hardly anything fits into a channel. */
export const skewedDiamondRun = (seed: number, replication: Partial<Replication>): ReplicatedRun => ({
  ...windowRun(seed),
  job: skewedDiamond,
  options: { channelWindowBytes: 128, bufferBytes: 64 },
  maxVirtualUs: 10_000_000,
  replication,
});
