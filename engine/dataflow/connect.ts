import { FaultlineError } from "../../base/errors.ts";
import { type BroadcastConnect, BroadcastConnectOperator } from "../operators/broadcast-connect.ts";
import { type KeyedConnect, KeyedConnectOperator } from "../operators/connect.ts";
import { KeyCodec } from "../rows/key.ts";
import type { RowSchema } from "../rows/schema.ts";
import type { JobBuilder } from "./builder.ts";
import type { KeyedStream } from "./keyed-stream.ts";
import { inOperator } from "./schemas.ts";
import type { Stream } from "./stream.ts";

/** Two keyed streams as the inputs of one function, which sees their rows of equal key with one state. `create` makes one an instance. */
export function connectKeyed(
  job: JobBuilder,
  id: string,
  first: KeyedStream,
  second: KeyedStream,
  schema: RowSchema,
  create: () => KeyedConnect,
): Stream {
  return inOperator(id, () => {
    const { parallelism } = first;
    const codecs = () => [new KeyCodec(first.schema, first.keys), new KeyCodec(second.schema, second.keys)] as const;
    const [one, other] = codecs().map(({ fields }) => fields.map(({ type }) => type).join(", "));
    if (one !== other) throw new FaultlineError("job-invalid", `its inputs are keyed by (${one}) and (${other})`);
    const made = job.operator(id, {
      schema,
      inputs: [first.edges, second.edges],
      keys: [first.keys, second.keys],
      parallelism,
      create: () => new KeyedConnectOperator(codecs(), schema, create()),
    });
    return made.withParallelism(parallelism);
  });
}

/** A stream and a broadcast one as the inputs of one function; `broadcast` is broadcast here. `create` makes one an instance. */
export function connectBroadcast(
  job: JobBuilder,
  id: string,
  rows: Stream | KeyedStream,
  broadcast: Stream,
  schema: RowSchema,
  create: () => BroadcastConnect,
): Stream {
  const { parallelism } = rows;
  const made = job.operator(id, {
    schema,
    inputs: [rows.edges, broadcast.broadcast().edges],
    parallelism,
    create: () => new BroadcastConnectOperator(schema, create()),
  });
  return made.withParallelism(parallelism);
}
