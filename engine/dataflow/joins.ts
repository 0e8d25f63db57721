import { FaultlineError } from "../../base/errors.ts";
import { type JoinCondition, JoinOperator, type JoinSide } from "../operators/join/join.ts";
import { type JoinSelection, joinOutput } from "../operators/join/join-output.ts";
import { WindowJoinOperator, type WindowJoinType } from "../operators/join/window-join.ts";
import { RowKeys } from "../operators/keyed-rows.ts";
import { type WindowSpec, windowGeometry } from "../operators/window/window-spec.ts";
import type { Field, RowSchema } from "../rows/schema.ts";
import type { JobBuilder } from "./builder.ts";
import type { OperatorNode } from "./graph.ts";
import type { KeyedStream } from "./keyed-stream.ts";
import { inOperator } from "./schemas.ts";
import type { Stream } from "./stream.ts";

export interface JoinOptions {
  /** Fields of the joined rows. */
  readonly select: JoinSelection;
  /** A pair of rows with equal keys is a result only where this holds. */
  readonly where?: JoinCondition;
}

export interface WindowJoinOptions {
  /** Fields of the joined rows; `window_start` and `window_end` come after them. */
  readonly select: JoinSelection;
  /** `inner` unless given. A semi-join has fields of the left side only. */
  readonly type?: WindowJoinType;
}

const BOUNDS: readonly Field[] = [
  { name: "window_start", type: "timestamp" },
  { name: "window_end", type: "timestamp" },
];

/** See `KeyedStream.join`. */
export function joinKeyed(
  job: JobBuilder,
  id: string,
  left: KeyedStream,
  right: KeyedStream,
  { select, where }: JoinOptions,
): Stream {
  return inOperator(id, () => {
    const joined = joinOutput(left.schema, right.schema, select);
    const create = () => new JoinOperator(sideOf(left), sideOf(right), joined, where ?? null);
    return addJoin(job, id, left, right, joined.schema, create);
  });
}

/** See `KeyedStream.windowJoin`. */
export function windowJoinKeyed(
  job: JobBuilder,
  id: string,
  left: KeyedStream,
  right: KeyedStream,
  spec: WindowSpec,
  { select, type = "inner" }: WindowJoinOptions,
): Stream {
  return inOperator(id, () => {
    const { sizeMs, slideMs } = windowGeometry(spec);
    if (sizeMs !== slideMs) throw new FaultlineError("job-invalid", "window joins need tumbling windows");
    if (type === "semi" && (select.right ?? []).length > 0) {
      throw new FaultlineError("job-invalid", "a semi-join has no fields of the right side");
    }
    const joined = joinOutput(left.schema, right.schema, select, BOUNDS);
    const create = () => new WindowJoinOperator({ left: sideOf(left), right: sideOf(right), type, sizeMs, joined });
    return addJoin(job, id, left, right, joined.schema, create);
  });
}

function addJoin(
  job: JobBuilder,
  id: string,
  left: KeyedStream,
  right: KeyedStream,
  schema: RowSchema,
  create: OperatorNode["create"],
): Stream {
  const [one, other] = [typesOfKey(left), typesOfKey(right)];
  if (one !== other) throw new FaultlineError("job-invalid", `its inputs are keyed by (${one}) and (${other})`);
  const { parallelism } = left;
  const inputs = [left.edges, right.edges];
  const made = job.operator(id, { schema, inputs, keys: [left.keys, right.keys], parallelism, create });
  return made.withParallelism(parallelism);
}

function typesOfKey({ schema, keys }: KeyedStream): string {
  return keys.map((key) => schema.fields[schema.index(key)]!.type).join(", ");
}

function sideOf({ schema, keys }: KeyedStream): JoinSide {
  return { schema, keys: new RowKeys(schema, keys) };
}
