import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { count, jsonEncoder, tumbling } from "../../../engine/dataflow/api.ts";
import { type Event, simulate, sorted } from "./simulate.ts";

const EVENTS: readonly Event[] = Array.from({ length: 200 }, (_, i) => ({
  key: i % 6,
  name: null,
  value: i,
  at: 1_000 + i * 10,
}));

/** Windows behind requests: right only if no watermark passes a row that waits for its answer. */
test("whatever the seed, the latencies and the sizes, no row is lost or late behind a request", () => {
  const expected = [...new Set(EVENTS.map(({ key, at }) => `${key} ${Math.floor(at / 100) * 100}`))].map((name) => {
    const [key, start] = name.split(" ").map(Number) as [number, number];
    const n = EVENTS.filter((event) => event.key === key && event.at >= start && event.at < start + 100).length;
    return { key, n, window_start: start, window_end: start + 100 };
  });
  const settings = fc.record({
    seed: fc.nat(),
    parallelism: fc.integer({ min: 1, max: 4 }),
    batchRecords: fc.integer({ min: 1, max: 60 }),
    maxInFlight: fc.constantFrom(1, 3, 50),
    ordered: fc.boolean(),
    slowestUs: fc.constantFrom(1, 500, 20_000),
    lost: fc.constantFrom(0, 3),
    options: fc.record({
      bufferBytes: fc.integer({ min: 1, max: 300 }),
      channelWindowBytes: fc.integer({ min: 1, max: 600 }),
      watermarkIntervalUs: fc.constantFrom(0, 1000),
    }),
  });
  const property = fc.property(settings, ({ parallelism, maxInFlight, ordered, slowestUs, lost, ...rest }) => {
    let asked = 0;
    const answer = () => {
      asked += 1;
      return lost > 0 && asked % lost === 0 ? null : new Uint8Array(1);
    };
    const run = simulate(
      EVENTS,
      parallelism,
      (events) => {
        const options = { endpoint: "e", maxInFlight, ordered, retries: 50, timeoutMs: 30, backoffMs: 1 };
        const answered = events.callOut("ask", events.schema, options, () => ({
          request: () => new Uint8Array(1),
          onResponse(row, _response, out) {
            out.addRow(row.eventTimeMs);
            for (let field = 0; field < 4; field++) out.copy(field, row, field);
          },
        }));
        const counts = answered.keyBy("key").window("counts", tumbling(100)).aggregate(count("n"));
        counts.sink("out", jsonEncoder(counts.schema));
      },
      { ...rest, surroundings: { service: { latencyUs: [1, slowestUs], answer } } },
    );
    assert.deepEqual(sorted(run.rows.out), sorted(expected));
  });
  fc.assert(property, { numRuns: 30 });
});
