import { FaultlineError } from "../../base/errors.ts";
import { LoopHeadOperator } from "../operators/loop-head.ts";
import type { JobBuilder } from "./builder.ts";
import { inOperator, sameSchema } from "./schemas.ts";
import type { Stream } from "./stream.ts";

/** What the body of a loop makes of its rows. */
export interface LoopBody {
  /** Goes round again; its fields are those of the loop's rows. */
  readonly feedback: Stream;
  /** Leaves the loop. */
  readonly output: Stream;
}

export interface IterateOptions {
  /** Bytes that may wait in one instance of the head because the body takes no more; more fail the job. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
}

const MAX_QUEUED_BYTES = 64 * 1024 * 1024;

/** See `Stream.iterate`. */
export function iterate(
  job: JobBuilder,
  id: string,
  stream: Stream,
  body: (rows: Stream) => LoopBody,
  { maxQueuedBytes = MAX_QUEUED_BYTES }: IterateOptions,
): Stream {
  return inOperator(id, () => {
    const { schema, parallelism } = stream;
    if (!Number.isSafeInteger(maxQueuedBytes) || maxQueuedBytes < 1) {
      throw new FaultlineError("job-invalid", `maxQueuedBytes is ${maxQueuedBytes}`);
    }
    const inputs = [stream.edges, []];
    const loop = { maxQueuedBytes };
    const head = job.operator(id, { schema, inputs, loop, parallelism, create: () => new LoopHeadOperator() });
    const { feedback, output } = body(head.withParallelism(parallelism));
    if (!sameSchema(feedback.schema, schema)) {
      throw new FaultlineError("job-invalid", "the rows that are fed back have other fields than the loop's", {
        hint: `the loop's fields are ${schema.fields.map(({ name, type }) => `${name} ${type}`).join(", ")}`,
      });
    }
    job.closeLoop(id, feedback.edges);
    return output;
  });
}
