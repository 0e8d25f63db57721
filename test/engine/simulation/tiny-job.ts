import type { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import type { LogicalGraph, LogicalNode } from "../../../engine/dataflow/graph.ts";
import type { Operator, OperatorContext, Output } from "../../../engine/operators/operator.ts";
import type { ColumnBatch } from "../../../engine/rows/batch.ts";
import { TINY, TinyDecoder, TinyEncoder, tinyBatch, tinyRows } from "./tiny-rows.ts";

/** Counts rows per key and tumbling window of `windowMs`; emits (key, count, window end) when the watermark passes the end. */
export class TinyWindowCount implements Operator {
  readonly #windowMs: number;
  readonly #counts = new Map<string, number>();
  #output: Output | null = null;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  late = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  open(_context: OperatorContext, output: Output): void {
    this.#output = output;
  }

  process(_input: number, batch: ColumnBatch): void {
    for (const { key, time } of tinyRows(batch)) {
      const end = (Math.floor(time / this.#windowMs) + 1) * this.#windowMs;
      if (end - 1 <= this.#watermarkMs) this.late++;
      else this.#counts.set(`${end} ${key}`, (this.#counts.get(`${end} ${key}`) ?? 0) + 1);
    }
  }

  advanceWatermark(timeMs: number): void {
    this.#watermarkMs = timeMs;
    const due = [...this.#counts]
      .map(([name, count]) => ({ name, count, end: Number(name.split(" ")[0]), key: Number(name.split(" ")[1]) }))
      .filter(({ end }) => end - 1 <= timeMs)
      .sort((a, b) => a.end - b.end || a.key - b.key);
    for (const { name } of due) this.#counts.delete(name);
    if (due.length > 0)
      this.#output!.emit(tinyBatch(due.map(({ key, count, end }) => ({ key, value: count, time: end }))));
  }

  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#watermarkMs);
    writer.u32(this.#counts.size);
    for (const [name, count] of this.#counts) {
      writer.text(name);
      writer.u32(count);
    }
  }

  restore([reader]: readonly SnapshotReader[]): void {
    this.#watermarkMs = reader!.f64();
    for (let left = reader!.u32(); left > 0; left--) this.#counts.set(reader!.text(), reader!.u32());
  }

  counters(): Record<string, number> {
    return { late: this.late };
  }
}

/** Passes rows on after `change`; may throw. */
export class TinyMap implements Operator {
  readonly #change: (value: number) => number;
  #output: Output | null = null;

  constructor(change: (value: number) => number) {
    this.#change = change;
  }

  open(_context: OperatorContext, output: Output): void {
    this.#output = output;
  }

  process(_input: number, batch: ColumnBatch): void {
    this.#output!.emit(tinyBatch(tinyRows(batch).map((row) => ({ ...row, value: this.#change(row.value) }))));
  }

  advanceWatermark(): void {}
  snapshot(): void {}
  restore(): void {}
}

export function graphOf(...nodes: LogicalNode[]): LogicalGraph {
  return { name: "tiny", nodes: new Map(nodes.map((node) => [node.id, node])) };
}

export function sourceNode(id = "source", watermarkDelayMs = 0): LogicalNode {
  const decoder = (maxBatchRows: number) => new TinyDecoder(maxBatchRows);
  return { kind: "source", id, parallelism: null, inputs: [], schema: TINY, watermarkDelayMs, decoder };
}

export function sinkNode(from: string, id = "sink"): LogicalNode {
  const inputs = [[{ from, partitioning: { kind: "forward" as const } }]];
  return { kind: "sink", id, parallelism: null, inputs, schema: TINY, encoder: () => new TinyEncoder() };
}

export function windowNode(from: string, windowMs: number, id = "window"): LogicalNode {
  return {
    kind: "operator",
    id,
    parallelism: null,
    inputs: [[{ from, partitioning: { kind: "hash", keys: ["key"] } }]],
    schema: TINY,
    keys: [["key"]],
    chainable: true,
    create: () => new TinyWindowCount(windowMs),
  };
}

export function mapNode(
  from: string,
  kind: "forward" | "roundRobin" | "broadcast",
  id: string,
  change = (v: number) => v,
): LogicalNode {
  return {
    kind: "operator",
    id,
    parallelism: null,
    inputs: [[{ from, partitioning: { kind } }]],
    schema: TINY,
    keys: null,
    chainable: true,
    create: () => new TinyMap(change),
  };
}

/** source ⇒ map (round robin) ⇒ window count (hash) → sink. */
export function countJob(windowMs: number, watermarkDelayMs = 0): LogicalGraph {
  return graphOf(
    sourceNode("source", watermarkDelayMs),
    mapNode("source", "roundRobin", "map"),
    windowNode("map", windowMs),
    sinkNode("window"),
  );
}
