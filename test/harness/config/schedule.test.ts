import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveText } from "../../../harness/config/load.ts";
import { eventCount, loadDurationMs, offeredRatePerSecond } from "../../../harness/config/schedule.ts";

const config = (text: string) => resolveText(text, "c.yaml", []).config;

test("the number of events is what falls due over the load", () => {
  assert.equal(eventCount(config("query: q0\nload: {rate: 10k/s, duration: 20s}\n")), 200_000);
  assert.equal(eventCount(config("query: q0\nload: {rate: 3/s, duration: 10500ms}\n")), 32);
  const steps = "query: q0\nload: {steps: [{rate: 1k/s, duration: 5s}, {rate: 3k/s, duration: 2s}]}\n";
  assert.equal(eventCount(config(steps)), 11_000);
  assert.equal(loadDurationMs(config(steps)), 7000);
});

test("a fixed number of events is paced freely", () => {
  const fixed = config("query: q0\nload: {rate: 2k/s}\ndata: {events: 30000}\n");
  assert.equal(eventCount(fixed), 30_000);
  assert.equal(loadDurationMs(fixed), 15_000);
  assert.equal(offeredRatePerSecond(fixed), 2000);
});
