import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { RecordDecoder, RowEncoder } from "../connectors/format.ts";
import type { LogicalGraph, LogicalNode, OperatorNode } from "../dataflow/graph.ts";
import type { Operator, OperatorContext, Output } from "../operators/operator.ts";
import type { LogRecords } from "../ports.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import type { Core } from "./core.ts";
import type { Situations } from "./situations.ts";

/** Rows that one watermark makes one operator emit, from which on it is a burst. */
const BURST_ROWS = 8;

interface Costs {
  readonly core: Core;
  readonly rowNs: number;
}

/**
 * The same graph, in which decoders, operators and encoders spend time of the process's core for every row they are given. What they
 * compute is what the originals compute. `rowNs` is asked once for each instance.
 */
export function withCosts(graph: LogicalGraph, core: Core, rowNs: () => number, situations: Situations): LogicalGraph {
  const costs = () => ({ core, rowNs: rowNs() });
  const costed = (node: LogicalNode): LogicalNode => {
    switch (node.kind) {
      case "source":
        return { ...node, decoder: (maxBatchRows) => new CostedDecoder(node.decoder(maxBatchRows), costs()) };
      case "operator":
        return costedOperator(node, (create) => () => new CostedOperator(create(), costs(), situations));
      case "sink":
        return { ...node, encoder: () => new CostedEncoder(node.encoder(), costs()) };
    }
  };
  return { ...graph, nodes: new Map([...graph.nodes].map(([id, node]) => [id, costed(node)])) };
}

function costedOperator(node: OperatorNode, costed: (create: () => Operator) => () => Operator): OperatorNode {
  const { create, twoPhase } = node;
  if (twoPhase === undefined) return { ...node, create: costed(create) };
  const { createLocal, createGlobal } = twoPhase;
  const phases = { ...twoPhase, createLocal: costed(createLocal), createGlobal: costed(createGlobal) };
  return { ...node, create: costed(create), twoPhase: phases };
}

class CostedDecoder implements RecordDecoder {
  readonly #inner: RecordDecoder;
  readonly #costs: Costs;

  constructor(inner: RecordDecoder, costs: Costs) {
    this.#inner = inner;
    this.#costs = costs;
  }

  get undecodable(): number {
    return this.#inner.undecodable;
  }

  decode(records: LogRecords, emit: (batch: ColumnBatch) => void): number {
    this.#costs.core.work(records.recordCount * this.#costs.rowNs);
    return this.#inner.decode(records, emit);
  }
}

class CostedEncoder implements RowEncoder {
  readonly #inner: RowEncoder;
  readonly #costs: Costs;

  constructor(inner: RowEncoder, costs: Costs) {
    this.#inner = inner;
    this.#costs = costs;
  }

  maxBytes(batch: ColumnBatch, row: number): number {
    return this.#inner.maxBytes(batch, row);
  }

  encode(batch: ColumnBatch, row: number, target: Uint8Array, at: number): number {
    this.#costs.core.work(this.#costs.rowNs);
    return this.#inner.encode(batch, row, target, at);
  }
}

class CostedOperator implements Operator {
  readonly #inner: Operator;
  readonly #costs: Costs;
  readonly #situations: Situations;
  /** Rows that the watermark has made the operator emit so far; null: no watermark is being handled. */
  #fired: number | null = null;

  constructor(inner: Operator, costs: Costs, situations: Situations) {
    this.#inner = inner;
    this.#costs = costs;
    this.#situations = situations;
  }

  open(context: OperatorContext, output: Output): void {
    this.#inner.open(context, {
      emit: (batch) => {
        if (this.#fired !== null) this.#fired += batch.selectedCount;
        output.emit(batch);
      },
    });
  }

  process(input: number, batch: ColumnBatch): void {
    this.#costs.core.work(batch.selectedCount * this.#costs.rowNs);
    this.#inner.process(input, batch);
  }

  advanceWatermark(timeMs: number): void {
    this.#fired = 0;
    this.#inner.advanceWatermark(timeMs);
    this.#costs.core.work(this.#fired * this.#costs.rowNs);
    if (this.#fired >= BURST_ROWS && Number.isFinite(timeMs)) this.#situations.meet("timerBurst");
    this.#fired = null;
  }

  snapshot(writer: SnapshotWriter): void {
    this.#inner.snapshot(writer);
  }

  restore(snapshots: readonly SnapshotReader[]): void {
    this.#inner.restore(snapshots);
  }

  handOn(): void {
    this.#inner.handOn?.();
  }

  holdsRows(): boolean {
    return this.#inner.holdsRows?.() === true;
  }

  counters(): Readonly<Record<string, number>> {
    return this.#inner.counters?.() ?? {};
  }
}
