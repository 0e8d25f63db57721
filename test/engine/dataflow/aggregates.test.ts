import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  avg,
  count,
  countDistinct,
  hopping,
  jsonEncoder,
  max,
  min,
  processingTime,
  sideOutput,
  sum,
  tumbling,
} from "../../../engine/dataflow/api.ts";
import { counted, type Event, simulate, someEvents, sorted } from "./simulate.ts";

const EVENTS = someEvents(600);
const AGGREGATES = [
  count("n"),
  sum("value", "sum"),
  min("value", "min"),
  max("value", "max"),
  avg("value", "avg"),
  countDistinct("name", "names"),
  count("positive", (row) => row.number(2) > 0),
];

/** The same aggregates of a list of events, naively. */
function aggregate(events: readonly Event[]) {
  const values = events.flatMap(({ value }) => (value === null ? [] : [value]));
  const total = values.reduce((a, b) => a + b, 0);
  const some = (value: number) => (values.length === 0 ? null : value);
  return {
    n: events.length,
    sum: some(total),
    min: some(Math.min(...values)),
    max: some(Math.max(...values)),
    avg: some(Math.trunc(total / values.length) + 0),
    names: new Set(events.flatMap(({ name }) => name ?? [])).size,
    positive: values.filter((value) => value > 0).length,
  };
}

const keysOf = (events: readonly Event[]) => [...new Set(events.map(({ key }) => key))];

for (const parallelism of [1, 2, 4]) {
  describe(`aggregates at parallelism ${parallelism}`, () => {
    it("per key: an upsert for each row, with the results so far", () => {
      const { rows } = simulate(EVENTS, parallelism, (events) => {
        const totals = events.keyBy("key").aggregate("totals", ...AGGREGATES);
        totals.sink("out", jsonEncoder(totals.schema));
      });
      const expected = keysOf(EVENTS).flatMap((key) => {
        const own = EVENTS.filter((event) => event.key === key);
        return own.map((_, i) => ({ key, ...aggregate(own.slice(0, i + 1)) }));
      });
      assert.deepEqual(sorted(rows.out), sorted(expected));
    });

    it("per key: a row that changes no result gives nothing", () => {
      const { rows } = simulate(EVENTS, parallelism, (events) => {
        const highest = events.keyBy("key").aggregate("highest", max("value", "max"), countDistinct("name", "names"));
        highest.sink("out", jsonEncoder(highest.schema));
      });
      const expected = keysOf(EVENTS).flatMap((key) => {
        const own = EVENTS.filter((event) => event.key === key);
        const results = own.map((_, i) => {
          const { max, names } = aggregate(own.slice(0, i + 1));
          return { key, max, names };
        });
        return results.filter((result, i) => i === 0 || JSON.stringify(result) !== JSON.stringify(results[i - 1]));
      });
      assert.deepEqual(sorted(rows.out), sorted(expected));
    });

    it("in hopping windows, values that are in several panes count once", () => {
      const [size, slide] = [700, 200];
      const { rows, counters } = simulate(
        EVENTS,
        parallelism,
        (events) => {
          // One watermark at the end: no row is late.
          const windows = events
            .keyBy("key")
            .window("windows", hopping(size, slide))
            .aggregate(...AGGREGATES);
          windows.sink("out", jsonEncoder(windows.schema));
        },
        { options: { watermarkIntervalUs: 1e12 } },
      );
      const starts = new Set(
        EVENTS.flatMap(({ at }) => {
          const last = Math.floor(at / slide) * slide;
          return Array.from({ length: Math.ceil(size / slide) }, (_, i) => last - i * slide);
        }),
      );
      const expected = [...starts].flatMap((start) =>
        keysOf(EVENTS).flatMap((key) => {
          const own = EVENTS.filter((event) => event.key === key && event.at >= start && event.at < start + size);
          return own.length === 0 ? [] : [{ key, ...aggregate(own), window_start: start, window_end: start + size }];
        }),
      );
      assert.equal(
        counters.reduce((late, { custom }) => late + (custom?.lateRows ?? 0), 0),
        0,
      );
      assert.deepEqual(sorted(rows.out), sorted(expected));
    });

    it("over the last rows: each row with those of its key before it, in the order of time", () => {
      const { rows } = simulate(
        EVENTS,
        parallelism,
        (events) => {
          const over = events.keyBy("key").over("over", {
            preceding: 3,
            aggregates: [count("n"), sum("value", "sum"), avg("value", "avg"), min("value", "min")],
          });
          over.sink("out", jsonEncoder(over.schema));
        },
        { options: { watermarkIntervalUs: 1e12 } },
      );
      const expected = keysOf(EVENTS).flatMap((key) => {
        const own = EVENTS.filter((event) => event.key === key).sort((a, b) => a.at - b.at);
        return own.map((event, i) => {
          const { n, sum, avg, min } = aggregate(own.slice(Math.max(0, i - 3), i + 1));
          return { ...event, n, sum, avg, min };
        });
      });
      assert.deepEqual(sorted(rows.out), sorted(expected));
    });

    it("late rows leave by the side output of a window, and no row is lost", () => {
      const run = simulate(
        EVENTS,
        parallelism,
        (events) => {
          const late = sideOutput("late", events.schema);
          const windows = events.keyBy("key").window("windows", tumbling(10), { late }).aggregate(count("n"));
          windows.sink("out", jsonEncoder(windows.schema));
          windows.side(late).keyBy("name").sink("late", jsonEncoder(late.schema));
        },
        { batchRecords: 3, options: { watermarkIntervalUs: 0 } },
      );
      const { out = [], late = [] } = run.rows;
      assert.ok(late.length > 0);
      assert.equal(late.length, counted(run, "lateRows"));
      const known = new Set(EVENTS.map((event) => JSON.stringify(event)));
      assert.ok(late.every((row) => known.has(JSON.stringify(row))));
      assert.equal(
        out.reduce((n, row) => n + Number(row.n), late.length),
        EVENTS.length,
      );
    });

    it("in windows of processing time: every row in one, at most one row a key and window", () => {
      const { rows, virtualUs } = simulate(
        EVENTS,
        parallelism,
        (events) => {
          const windows = events
            .keyBy("key")
            .window("windows", processingTime(tumbling(2)))
            .aggregate(count("n"));
          windows.sink("out", jsonEncoder(windows.schema));
        },
        { batchRecords: 3 },
      );
      const out = rows.out!;
      assert.ok(new Set(out.map(({ window_start }) => window_start)).size > 1, "several windows");
      for (const { window_start, window_end } of out) {
        assert.equal(Number(window_start) % 2, 0);
        assert.equal(window_end, Number(window_start) + 2);
        assert.ok(Number(window_start) * 1000 <= virtualUs);
      }
      assert.equal(new Set(out.map(({ key, window_start }) => `${key} ${window_start}`)).size, out.length);
      for (const key of keysOf(EVENTS)) {
        const rowsOfKey = out.filter((row) => row.key === key).reduce((n, row) => n + Number(row.n), 0);
        assert.equal(rowsOfKey, EVENTS.filter((event) => event.key === key).length);
      }
    });
  });
}
