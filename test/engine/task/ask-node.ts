import type { LogicalNode } from "../../../engine/dataflow/graph.ts";
import { CallOutOperator } from "../../../engine/operators/call-out.ts";
import type { CallOut } from "../../../engine/ports.ts";
import { TINY } from "../simulation/tiny-rows.ts";

const SETTINGS = {
  endpoint: "e",
  maxInFlight: 9,
  ordered: true,
  timeoutMs: 1000,
  retries: 0,
  backoffMs: 1,
  failed: null,
};

/** Behind the source: asks a service about each row, and gives the row on when it has the answer. */
export const ASK: LogicalNode = {
  kind: "operator",
  id: "ask",
  parallelism: null,
  inputs: [[{ from: "source", partitioning: { kind: "roundRobin" } }]],
  schema: TINY,
  keys: null,
  chainable: true,
  processingTime: true,
  create: () =>
    new CallOutOperator(
      TINY,
      TINY,
      () => ({
        request: () => new Uint8Array(1),
        onResponse(row, _response, out) {
          out.addRow(row.eventTimeMs);
          for (let field = 0; field < 3; field++) out.copy(field, row, field);
        },
      }),
      SETTINGS,
    ),
};

/** The service that ASK asks: its answers so far, to be given when the test wants, and the requests that were called off. */
export function lateService() {
  const answers: (() => void)[] = [];
  const cancelled: number[] = [];
  const callOut: CallOut = {
    call(_endpoint, _request, done) {
      answers.push(() => done(null, new Uint8Array(1)));
      return { cancel: () => cancelled.push(answers.length) };
    },
  };
  return { callOut, answers, cancelled };
}
