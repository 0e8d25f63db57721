import type { OperatorNode } from "../dataflow/graph.ts";
import type { OperatorContext } from "../operators/operator.ts";
import type { CallOut, World } from "../ports.ts";

type Capabilities = Pick<OperatorContext, "processingTimeUs" | "after" | "callOut" | "files">;

/**
 * What an operator's node lets it have of the world. Callbacks run by way of `run`: as a step of the task, in the operator's name.
 * Clock, timers and requests only where the node declares `processingTime`, because their rows are no function of the input.
 */
export function operatorCapabilities(
  node: OperatorNode,
  world: Pick<World, "clock" | "timers" | "callOut" | "files">,
  run: (work: () => void) => void,
): Capabilities {
  const { clock, timers, callOut, files } = world;
  const readable = files === undefined ? {} : { files };
  if (node.processingTime !== true) return readable;
  return {
    ...readable,
    processingTimeUs: () => clock.nowUs() + (clock.epochOffsetUs ?? 0),
    after: (delayUs, callback) => timers.after(delayUs, () => run(callback)),
    ...(callOut === undefined ? {} : { callOut: guarded(callOut, run) }),
  };
}

function guarded(callOut: CallOut, run: (work: () => void) => void): CallOut {
  return {
    call: (endpoint, request, done) =>
      callOut.call(endpoint, request, (error, response) => run(() => done(error, response))),
  };
}
