import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { jsonEncoder, type Stream } from "../../../engine/dataflow/api.ts";
import { counted, simulate, someEvents, sorted } from "./simulate.ts";

/** Each row goes round key + 1 times. `fan`: so many rows come back for each that goes round. */
function rounds(events: Stream, fan: number, maxQueuedBytes?: number): void {
  const begun = events.map("begin", events.schema, (row, out) => {
    out.copy(0, row, 0);
    out.setNumber(2, row.number(0) + 1);
    out.copy(3, row, 3);
  });
  const left = begun.iterate(
    "loop",
    (rows) => {
      const open = rows.filter("open", (row) => row.number(2) > 0).keyBy("value");
      const back = open.process("turn", events.schema, () => ({
        state: { width: 1 },
        onRow(row, _context, out) {
          for (let i = 0; i < fan; i++) {
            out.addRow(row.eventTimeMs);
            out.copy(0, row, 0);
            out.setNumber(2, row.number(2) - 1);
            out.copy(3, row, 3);
          }
        },
      }));
      return { feedback: back.rebalance(), output: rows.filter("left", (row) => row.number(2) === 0) };
    },
    maxQueuedBytes === undefined ? {} : { maxQueuedBytes },
  );
  const result = left.project("result", ["key", "at"]);
  result.sink("out", jsonEncoder(result.schema));
}

test("whatever the seed, and with channels so small that everything blocks, a loop loses nothing and ends", () => {
  const events = someEvents(150, 5);
  const expected = sorted(events.map(({ key, at }) => ({ key, at })));
  const turns = events.reduce((sum, { key }) => sum + key + 1, 0);
  const settings = fc.record({
    seed: fc.nat(),
    parallelism: fc.integer({ min: 1, max: 4 }),
    workers: fc.integer({ min: 1, max: 3 }),
    batchRecords: fc.integer({ min: 1, max: 100 }),
    options: fc.record({
      bufferBytes: fc.integer({ min: 1, max: 300 }),
      channelWindowBytes: fc.integer({ min: 1, max: 600 }),
      bufferTimeoutUs: fc.constantFrom(0, 100, 5000),
      maxBatchRows: fc.integer({ min: 1, max: 20 }),
    }),
  });
  const property = fc.property(settings, ({ parallelism, ...rest }) => {
    const run = simulate(events, parallelism, (source) => rounds(source, 1), rest);
    assert.deepEqual(sorted(run.rows.out), expected);
    assert.equal(counted(run, "fedBack"), turns);
  });
  fc.assert(property, { numRuns: 40 });
});

test("a loop that makes more rows than it lets go fails by its name when they are too many", () => {
  const events = someEvents(200, 7);
  const attempt = () =>
    simulate(events, 2, (source) => rounds(source, 6, 20_000), {
      options: { channelWindowBytes: 2_000, bufferBytes: 500 },
    });
  assert.throws(attempt, { code: "job-failed", message: /"loop".*more than 20000 bytes wait in the loop/ });
});
