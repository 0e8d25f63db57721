import type { OperatorNode } from "../dataflow/graph.ts";
import type { OperatorContext } from "../operators/operator.ts";
import type { CallOut, Timer, World } from "../ports.ts";

type Capabilities = Pick<OperatorContext, "processingTimeUs" | "after" | "callOut" | "files">;

/**
 * What an operator's node lets it have of the world. Callbacks run by way of `run`: as a step of the task, in the operator's name.
 * Clock, timers and requests only where the node declares `processingTime`, because their rows are no function of the input. Those that
 * are under way are in `open`: what is left there when the task ends would keep its state in memory.
 */
export function operatorCapabilities(
  node: OperatorNode,
  world: Pick<World, "clock" | "timers" | "callOut" | "files">,
  run: (work: () => void) => void,
  open: Set<Timer>,
): Capabilities {
  const { clock, timers, callOut, files } = world;
  const readable = files === undefined ? {} : { files };
  if (node.processingTime !== true) return readable;
  return {
    ...readable,
    processingTimeUs: () => clock.nowUs() + (clock.epochOffsetUs ?? 0),
    after: (delayUs, callback) => {
      return tracked(open, callback, (done) => timers.after(delayUs, () => run(done)));
    },
    ...(callOut === undefined ? {} : { callOut: guarded(callOut, run, open) }),
  };
}

function guarded(callOut: CallOut, run: (work: () => void) => void, open: Set<Timer>): CallOut {
  return {
    call: (endpoint, request, answer) => {
      let answered = () => {};
      return tracked(
        open,
        () => answered(),
        (done) =>
          callOut.call(endpoint, request, (error, response) => {
            answered = () => answer(error, response);
            run(done);
          }),
      );
    },
  };
}

/** Begins something that is in `open` until it is done or cancelled. */
function tracked(open: Set<Timer>, callback: () => void, begin: (done: () => void) => Timer): Timer {
  let under: Timer | null = null;
  const one: Timer = {
    cancel: () => {
      open.delete(one);
      under?.cancel();
    },
  };
  open.add(one);
  under = begin(() => {
    open.delete(one);
    callback();
  });
  return one;
}
