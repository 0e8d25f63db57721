import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MicrobenchEvents } from "../../../generators/microbench/events.ts";
import { microbenchInput } from "../../../generators/microbench/input.ts";
import type { MicrobenchEvent } from "../../../generators/microbench/model.ts";
import { resolveMicrobenchOptions } from "../../../generators/microbench/options.ts";
import { compileSchedule } from "../../../generators/schedule/schedule.ts";

const schedule = compileSchedule({ shape: "constant", ratePerSecond: 300 });

function stream(input: object, source = 1, partitions = 1): MicrobenchEvents {
  return new MicrobenchEvents({ options: resolveMicrobenchOptions(input), source, schedule, partitions });
}

function eventsOf(dataSet: MicrobenchEvents, first = 0): MicrobenchEvent[] {
  const events: MicrobenchEvent[] = [];
  for (const cursor = dataSet.open(first); cursor.advance(); ) events.push(cursor.event());
  return events;
}

test("an event is a function of seed, source, index and schedule: any can be the first, and the wire says the same", () => {
  const knobs = fc.record({
    events: fc.integer({ min: 1, max: 60 }),
    keys: fc.constantFrom(1, 3, 10_000, 10_000_000),
    payloadBytes: fc.constantFrom(0, 1, 8, 9, 1000),
    seed: fc.nat(),
    baseTimeMs: fc.constantFrom(0, 8_640_000_000_000),
  });
  fc.assert(
    fc.property(knobs, fc.constantFrom(1, 2, 3), fc.nat(59), (options, source, first) => {
      const dataSet = stream(options, source, 3);
      const all = eventsOf(dataSet);
      assert.equal(all.length, options.events);
      assert.deepEqual(eventsOf(dataSet, first), all.slice(first));
      const bytes = new Uint8Array(2000);
      for (const cursor = dataSet.open(); cursor.advance(); ) {
        const end = cursor.writeWire(bytes, 5);
        assert.ok(end - 5 <= cursor.maxWireBytes);
        const event = all[cursor.index]!;
        assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes.subarray(5, end))), event);
        assert.equal(event.payload.length, options.payloadBytes);
        assert.equal(event.createdAt, options.baseTimeMs + Math.floor(schedule.dueNs(cursor.index) / 1e6));
        assert.equal(cursor.partition, event.key % 3);
        assert.deepEqual([event.source, event.sequence], [source, cursor.index]);
      }
    }),
  );
});

test("all keys are used about equally, and sources and seeds differ", () => {
  const counts = new Array<number>(100).fill(0);
  for (const { key } of eventsOf(stream({ events: 100_000, keys: 100 }))) counts[key]! += 1;
  assert.ok(Math.min(...counts) > 850 && Math.max(...counts) < 1150, `${Math.min(...counts)} … ${Math.max(...counts)}`);
  const keysOf = (dataSet: MicrobenchEvents) => eventsOf(dataSet).map(({ key }) => key);
  const first = keysOf(stream({ events: 100 }));
  assert.notDeepEqual(keysOf(stream({ events: 100 }, 2)), first);
  assert.notDeepEqual(keysOf(stream({ events: 100, seed: 2 })), first);
});

test("all streams end with the first one, and each has an event", () => {
  const options = resolveMicrobenchOptions({ events: 1001, rate: 1000, rate2: 500, rate3: 0.1 });
  const counts = (sources: number) => microbenchInput(options, sources, 2).map(({ dataSet }) => dataSet.events);
  assert.deepEqual(counts(3), [1001, 501, 1]);
  assert.deepEqual(counts(1), [1001]);
});

test("unknown and impossible options are refused", () => {
  assert.throws(() => resolveMicrobenchOptions({ keyz: 1 }), { code: "config-invalid", message: /keyz/ });
  assert.throws(() => resolveMicrobenchOptions({ keys: 0, rate: 0 }), {
    code: "config-invalid",
    message: /keys.*rate/,
  });
});
