import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import type { Operator } from "../../../engine/operators/operator.ts";
import { keyGroupRange } from "../../../engine/rows/key-groups.ts";
import type { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, type PlainRow, rowsOf } from "../rows/rows.ts";

export const KEY_GROUPS = 8;

/** What happens to an operator: a row, or its watermark advances. */
export type Step = PlainRow | { readonly watermarkMs: number };

/** An opened operator instance whose output rows are collected in `rows`. */
export interface Running {
  readonly operator: Operator;
  readonly rows: PlainRow[];
}

export function open(create: () => Operator, instance = 0, parallelism = 1): Running {
  const operator = create();
  const rows: PlainRow[] = [];
  const keyGroups = keyGroupRange(instance, parallelism, KEY_GROUPS);
  operator.open(
    { operatorId: "tested", instance, parallelism, keyGroups },
    { emit: (batch) => rows.push(...rowsOf(batch)) },
  );
  return { operator, rows };
}

/** Feeds steps, consecutive rows in batches of at most `batchRows`. */
export function feed({ operator }: Running, schema: RowSchema, steps: readonly Step[], batchRows: number): void {
  let pending: PlainRow[] = [];
  const flush = () => {
    if (pending.length > 0) operator.process(0, batchOf(schema, pending, pending.length % 2));
    pending = [];
  };
  for (const step of steps) {
    if ("watermarkMs" in step) {
      flush();
      operator.advanceWatermark(step.watermarkMs);
      continue;
    }
    pending.push(step);
    if (pending.length >= batchRows) flush();
  }
  flush();
}

export function snapshotOf({ operator }: Running): Uint8Array {
  const writer = new SnapshotWriter();
  operator.snapshot(writer);
  return writer.finish().slice();
}

/** Opens instances that go on from `snapshots`. */
export function reopen(create: () => Operator, parallelism: number, snapshots: readonly Uint8Array[]): Running[] {
  return Array.from({ length: parallelism }, (_, instance) => {
    const running = open(create, instance, parallelism);
    running.operator.restore(snapshots.map((bytes) => new SnapshotReader(bytes)));
    return running;
  });
}
