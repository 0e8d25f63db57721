import assert from "node:assert/strict";
import { test } from "node:test";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { CallOutOperator, type CallOutSettings } from "../../../engine/operators/call-out.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { batchOf, rowsOf } from "../rows/rows.ts";

const schema = new RowSchema([{ name: "n", type: "i64" }]);
const SETTINGS: CallOutSettings = {
  endpoint: "e",
  maxInFlight: 2,
  ordered: true,
  timeoutMs: 10,
  retries: 1,
  backoffMs: 4,
  failed: null,
};

/** An operator whose requests and timers are answered by hand; `lines` is what it gives on. */
function rig(changed: Partial<CallOutSettings> = {}) {
  const lines: string[] = [];
  const calls: { n: number; done: (error: Error | null, response: Uint8Array | null) => void; open: boolean }[] = [];
  const timers: { delayUs: number; callback: () => void; open: boolean }[] = [];
  const state = { full: false };
  let start = () => {};
  const operator = new CallOutOperator(
    schema,
    schema,
    () => ({
      request: (row) => Uint8Array.of(row.number(0)),
      onResponse(row, response, out) {
        out.addRow(row.eventTimeMs);
        out.setNumber(0, row.number(0) * 100 + response[0]!);
      },
    }),
    { ...SETTINGS, ...changed },
  );
  operator.open(
    {
      operatorId: "ask",
      instance: 0,
      parallelism: 1,
      keyGroups: { first: 0, end: 8, total: 8 },
      callOut: {
        call(_endpoint, request, done) {
          const call = { n: request[0]!, done, open: true };
          calls.push(call);
          return { cancel: () => (call.open = false) };
        },
      },
      after(delayUs, callback) {
        const timer = { delayUs, callback, open: true };
        timers.push(timer);
        return { cancel: () => (timer.open = false) };
      },
      control: {
        holdWatermarks: () => (timeMs) => lines.push(`wm${timeMs}`),
        setFull: (full) => {
          state.full = full;
        },
        onFeedback: () => {},
        onStart: (handler) => {
          start = handler;
        },
      },
    },
    { emit: (batch) => lines.push(...rowsOf(batch).map(({ values }) => String(values[0]))) },
  );
  const feed = (...numbers: number[]) =>
    operator.process(
      0,
      batchOf(
        schema,
        numbers.map((n) => ({ eventTimeMs: n, values: [n] })),
      ),
    );
  const answer = (n: number) => {
    const call = calls.findLast((candidate) => candidate.n === n && candidate.open)!;
    call.open = false;
    call.done(null, Uint8Array.of(n));
  };
  return { operator, lines, calls, timers, state, feed, answer, start: () => start() };
}

test("as many requests as allowed are under way; more rows fill the operator until answers come", () => {
  const { feed, answer, calls, state, lines } = rig();
  feed(1, 2);
  assert.equal(state.full, false);
  feed(3, 4);
  assert.deepEqual([calls.map(({ n }) => n), state.full], [[1, 2], true]);
  answer(2);
  assert.deepEqual([calls.map(({ n }) => n), state.full, lines], [[1, 2, 3], true, []]);
  answer(1);
  assert.deepEqual([calls.map(({ n }) => n), state.full, lines], [[1, 2, 3, 4], false, ["101", "202"]]);
});

for (const ordered of [true, false]) {
  test(`a watermark waits for the rows before it, and they for it, ${ordered ? "ordered" : "unordered"}`, () => {
    const { operator, feed, answer, lines } = rig({ ordered, maxInFlight: 10 });
    operator.advanceWatermark(5);
    assert.deepEqual(lines, ["wm5"]);
    feed(1, 2);
    operator.advanceWatermark(6);
    operator.advanceWatermark(7);
    feed(3, 4);
    operator.advanceWatermark(Number.POSITIVE_INFINITY);
    answer(4);
    answer(2);
    assert.deepEqual(lines.slice(1), ordered ? [] : ["202"]);
    answer(1);
    const before = ordered ? ["101", "202", "wm7"] : ["202", "101", "wm7", "404"];
    assert.deepEqual(lines.slice(1), before);
    answer(3);
    assert.deepEqual(lines.slice(1), [...before, "303", ...(ordered ? ["404"] : []), "wmInfinity"]);
  });
}

test("a request without answer in time is made again after a wait, then fails the job by the endpoint's name", () => {
  const { feed, calls, timers } = rig();
  feed(1);
  assert.deepEqual([calls.length, timers[0]!.delayUs], [1, 10_000]);
  timers[0]!.callback();
  assert.deepEqual([calls.length, calls[0]!.open, timers[1]!.delayUs], [1, false, 4_000]);
  timers[1]!.callback();
  assert.equal(calls.length, 2);
  assert.throws(() => calls[1]!.done(new Error("refused"), null), {
    code: "job-failed",
    message: /2 attempts to call e failed: refused/,
  });
});

test("after a restore, rows that had not gone on are asked about again, once the task has started", () => {
  const { operator, feed, answer, lines } = rig({ maxInFlight: 10 });
  feed(1, 2, 3);
  answer(2);
  answer(1);
  assert.deepEqual(lines, ["101", "202"]);
  feed(4);
  answer(4);
  const writer = new SnapshotWriter();
  operator.snapshot(writer);
  const next = rig({ maxInFlight: 1 });
  next.operator.restore([new SnapshotReader(writer.finish().slice())]);
  assert.equal(next.calls.length, 0);
  next.start();
  next.operator.advanceWatermark(9);
  next.answer(3);
  next.answer(4);
  assert.deepEqual(next.lines, ["303", "404", "wm9"]);
});
