import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { eventRange, MAX_EVENTS, resolveNexmarkOptions } from "../../../generators/nexmark/options.ts";

function problemOf(input: unknown): string {
  try {
    resolveNexmarkOptions(input);
  } catch (error) {
    assert.ok(error instanceof FaultlineError);
    assert.equal(error.code, "config-invalid");
    return error.message;
  }
  return "";
}

test("defaults are the generator class's; the first id and number are those of each mode", () => {
  const head = resolveNexmarkOptions();
  assert.deepEqual([head.mode, head.firstEventId, head.firstEventNumber], ["head", 1, 1]);
  assert.deepEqual(head.proportions, { person: 1, auction: 3, bid: 46 });
  assert.deepEqual(head.hotRatios, { auction: 2, sellers: 4, bidders: 4 });
  assert.deepEqual(head.avgByteSizes, { person: 200, auction: 500, bid: 100 });
  assert.deepEqual(head.seeds, { extra: 1, tables: 3, events: 42 });
  assert.equal(head.baseTimeMs, 1_436_918_400_000);
  const classic = resolveNexmarkOptions({ mode: "classic" });
  assert.deepEqual([classic.firstEventId, classic.firstEventNumber], [0, 0]);
  assert.equal(eventRange(head).events, MAX_EVENTS);
});

test("resolving resolved options changes nothing, so they can go to another process", () => {
  for (const input of [{}, { mode: "classic" }, { events: 1000, split: { index: 1, of: 3 } }]) {
    const once = resolveNexmarkOptions(input);
    assert.deepEqual(resolveNexmarkOptions(JSON.parse(JSON.stringify(once))), once);
  }
});

test("an unknown key, a wrong type and a value out of bounds are all told at once", () => {
  const problem = problemOf({ evnets: 5, eventRatePerSecond: 0, proportions: { persons: 1 } });
  assert.match(problem, /evnets/);
  assert.match(problem, /eventRatePerSecond/);
  assert.match(problem, /persons/);
  assert.match(problemOf({ mode: "beam" }), /mode/);
  assert.match(problemOf({ proportions: { person: 0, auction: 0, bid: 0 } }), /share/);
  assert.match(problemOf({ split: { index: 0, of: 2 } }), /totalEvents/);
  assert.match(problemOf({ split: { index: 2, of: 2, totalEvents: 10 } }), /below split.of/);
});

test("a split: disjoint ids, the rest of the division in the last part, one timeline for all parts", () => {
  const parts = [0, 1, 2].map((index) => {
    const options = resolveNexmarkOptions({ mode: "classic", split: { index, of: 3, totalEvents: 1000 } });
    const cursor = new NexmarkDataSet({ options }).open();
    const events = [];
    while (cursor.advance()) events.push(cursor.event());
    return events;
  });
  assert.deepEqual(
    parts.map((part) => part.length),
    [333, 333, 334],
  );
  assert.deepEqual(
    parts.flat().map((event) => event.id),
    Array.from({ length: 1000 }, (_, id) => id),
  );
  for (const part of parts) assert.equal(part[0]!.timestampMs, 1_436_918_400_000);
  const whole = new NexmarkDataSet({ options: resolveNexmarkOptions({ mode: "classic", events: 10 }) }).open();
  const single = resolveNexmarkOptions({ mode: "classic", split: { index: 0, of: 1, totalEvents: 10 } });
  const cursor = new NexmarkDataSet({ options: single }).open();
  for (let i = 0; i < 10; i++) {
    assert.ok(whole.advance() && cursor.advance());
    assert.deepEqual(cursor.event(), whole.event());
  }
});
