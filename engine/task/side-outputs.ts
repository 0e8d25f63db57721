import type { PlanEdge } from "../dataflow/plan.ts";
import type { Output } from "../operators/operator.ts";
import type { EdgeOutput } from "./edge-output.ts";
import type { OutputGate } from "./output-gate.ts";

/** Where rows of side output `tag` of an operator go; null when no edge carries them. */
export type SideOutputs = (operator: string, tag: string) => Output | null;

/** `outputs[i]` is the sending end of `edges[i]`. */
export function sideOutputs(edges: readonly PlanEdge[], outputs: readonly EdgeOutput[], gate: OutputGate): SideOutputs {
  return (operator, tag) => {
    const carrying = outputs.filter((_, index) => {
      const output = edges[index]!.output;
      return output?.operator === operator && output.tag === tag;
    });
    return carrying.length === 0 ? null : { emit: (batch) => gate.emitTo(carrying, batch) };
  };
}
