import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "@node-rs/crc32";
import fc from "fast-check";
import { takeBatches } from "../../kafka/fetcher/answer.ts";
import type { FetchedBatch } from "../../kafka/fetcher/partition.ts";
import { BatchView } from "../../kafka/record-batch/decode.ts";
import { BatchBuilder } from "../../kafka/record-batch/encode.ts";
import { ATTRIBUTE, BATCH, MARKER } from "../../kafka/record-batch/layout.ts";
import type { AbortedTransaction } from "../../kafka/requests/fetch.ts";

type Step =
  | { readonly kind: "append"; readonly producer: number; readonly count: number }
  | { readonly kind: "end"; readonly producer: number; readonly isCommit: boolean }
  | { readonly kind: "plain"; readonly count: number };

interface Transaction {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly offsets: number[];
  outcome: "commit" | "abort" | "open";
  /** Offset of its marker. */
  end: number;
}

function finish(bytes: Buffer, offset: number, attributes: number): Buffer {
  bytes.writeInt32BE(offset, BATCH.baseOffset + 4);
  bytes.writeInt16BE(attributes, BATCH.attributes);
  bytes.writeUInt32BE(crc32c(bytes.subarray(BATCH.attributes)), BATCH.crc);
  return bytes;
}

function dataBatch(offset: number, count: number, producerId: number): Buffer {
  const builder = new BatchBuilder();
  for (let i = 0; i < count; i++) builder.append(5, Buffer.from("x"), 0, 1, null);
  const isTransactional = producerId >= 0;
  const bytes = builder.finish({ producerId, producerEpoch: 0, baseSequence: -1, isTransactional });
  return finish(bytes, offset, isTransactional ? ATTRIBUTE.transactional : 0);
}

/** A control batch: one record whose key is version 0 and the type. */
function markerBatch(offset: number, producerId: number, type: number): Buffer {
  const builder = new BatchBuilder();
  builder.append(5, Buffer.alloc(6), 0, 6, null);
  const plain = builder.finish({ producerId, producerEpoch: 0, baseSequence: -1 });
  // length, attributes, time, offset, key length 4, key, value length 6, value, no headers
  const record = Buffer.from([2 * 16, 0, 0, 0, 2 * 4, 0, 0, 0, type, 2 * 6, 0, 0, 0, 0, 0, 0, 0]);
  const bytes = Buffer.concat([plain.subarray(0, BATCH.records), record]);
  bytes.writeInt32BE(bytes.length - 12, BATCH.batchLength);
  return finish(bytes, offset, ATTRIBUTE.control | ATTRIBUTE.transactional);
}

/** A partition as a broker would hold it after these steps, and what became of each transaction. */
function buildLog(steps: readonly Step[]) {
  const batches: { readonly offset: number; readonly next: number; readonly bytes: Buffer }[] = [];
  const transactions: Transaction[] = [];
  const open = new Map<number, Transaction>();
  const plain: number[] = [];
  let offset = 0;
  const put = (bytes: Buffer, count: number) => {
    batches.push({ offset, next: offset + count, bytes });
    offset += count;
  };
  const offsetsOf = (count: number) => Array.from({ length: count }, (_, i) => offset + i);
  for (const step of steps) {
    if (step.kind === "plain") {
      plain.push(...offsetsOf(step.count));
      put(dataBatch(offset, step.count, -1), step.count);
      continue;
    }
    let current = open.get(step.producer);
    if (step.kind === "append") {
      if (current === undefined) {
        current = { producerId: step.producer, firstOffset: offset, offsets: [], outcome: "open", end: Infinity };
        open.set(step.producer, current);
        transactions.push(current);
      }
      current.offsets.push(...offsetsOf(step.count));
      put(dataBatch(offset, step.count, step.producer), step.count);
    } else if (current !== undefined) {
      current.outcome = step.isCommit ? "commit" : "abort";
      current.end = offset;
      open.delete(step.producer);
      put(markerBatch(offset, step.producer, step.isCommit ? MARKER.commit : MARKER.abort), 1);
    }
  }
  const lastStableOffset = Math.min(offset, ...[...open.values()].map(({ firstOffset }) => firstOffset));
  return { batches, transactions, plain, lastStableOffset, end: offset };
}

const producer = fc.integer({ min: 1, max: 4 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("append" as const), producer, count: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("end" as const), producer, isCommit: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("plain" as const), count: fc.integer({ min: 1, max: 3 }) }) },
  ),
  { minLength: 1, maxLength: 60, size: "max" },
);

/** Half of them end all transactions. */
const script = fc
  .tuple(steps, fc.boolean(), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
  .map(([list, endsAll, commits]): Step[] => {
    if (!endsAll) return list;
    return [...list, ...commits.map((isCommit, i) => ({ kind: "end" as const, producer: i + 1, isCommit }))];
  });

test("whatever transactions interleave and however answers cut the log: readers of committed records are given just those, in order", () => {
  let dropped = 0;
  fc.assert(
    fc.property(script, fc.nat(), fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (all, from, cuts) => {
      const log = buildLog(all);
      const start = from % (log.end + 1);
      const state = { partition: 0, offset: start, isWaiting: false, isHeld: false, silentMs: 0 };
      const view = new BatchView();
      const given: number[] = [];
      for (let turn = 0; state.offset < log.lastStableOffset; turn++) {
        // As a broker answers: whole batches from the one that holds the offset on, and transactions aborted within them.
        const first = log.batches.findIndex(({ next }) => next > state.offset);
        const chosen = log.batches.slice(first, first + cuts[turn % cuts.length]!);
        const bytes = Buffer.concat(chosen.map((batch) => batch.bytes));
        const upTo = chosen.at(-1)!.next;
        const aborted: AbortedTransaction[] = log.transactions
          .filter(({ outcome, firstOffset, end }) => outcome === "abort" && end >= state.offset && firstOffset < upTo)
          .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
        const answer = {
          ...{ partition: 0, errorCode: 0, highWatermark: log.end, lastStableOffset: log.lastStableOffset },
          ...{ aborted: aborted.reverse(), recordsStart: 0, recordsEnd: bytes.length },
        };
        const batches: FetchedBatch[] = [];
        const before = state.offset;
        takeBatches(view, bytes, answer, state, "read_committed", batches);
        assert.ok(state.offset > before);
        for (const batch of batches) {
          view.load(bytes, batch.start, batch.end, false);
          if (batch.isAborted) dropped += 1;
          if (batch.isAborted || view.isControl) continue;
          view.skipTo(batch.fromOffset);
          for (const cursor = view.walk(); cursor.next(); ) given.push(cursor.offset);
        }
      }
      const committed = log.transactions
        .filter(({ outcome }) => outcome === "commit")
        .flatMap(({ offsets }) => offsets);
      const expected = [...log.plain, ...committed]
        .filter((offset) => offset >= start && offset < log.lastStableOffset)
        .sort((a, b) => a - b);
      assert.deepEqual(given, expected);
    }),
    { numRuns: 500 },
  );
  assert.ok(dropped > 500, `only ${dropped} batches were dropped`);
});

test("markers are told apart, and anything else is none", () => {
  const view = new BatchView();
  for (const [type, expected] of [
    [0, "abort"],
    [1, "commit"],
    [2, null],
  ] as const) {
    const bytes = markerBatch(7, 99, type);
    view.load(bytes, 0, bytes.length, true);
    assert.deepEqual([view.marker(), view.producerId, view.producerEpoch, view.isControl], [expected, 99, 0, true]);
  }
  const data = dataBatch(0, 1, 5);
  view.load(data, 0, data.length, true);
  assert.deepEqual([view.marker(), view.isTransactional], [null, true]);
});
