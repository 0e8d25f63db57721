import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { runSlowOperator } from "./slow-operator.ts";

const MIB = 2 ** 20;
const WORK_US = 200;
const EVENTS = 24_000;
/**
 * What may lie between two sources and two slow operators: a window of 512 KiB at each end of the four channels, of rows that are no larger
 * than their records, and beyond it what fetch answers of 1 MiB for each of the four partitions make. docs/performance.md, "Back-pressure".
 */
const AHEAD_BOUND_BYTES = (4 * 2 * 0.5 + 4) * MIB;
const RSS_BOUND_BYTES = 256 * MIB;

let broker: TestBroker;

before(async () => {
  broker = await startTestBroker();
});
after(() => broker.close());

test("an operator slower than its input holds the sources back: memory stays bounded, and nothing is lost or doubled", async () => {
  const run = await runSlowOperator(broker, EVENTS, WORK_US);
  assert.ok(run.inputBytes > 3 * AHEAD_BOUND_BYTES, "less input than fits into the buffers is no test");
  assert.ok(run.doneWhenFilled < 0.7, `${run.doneWhenFilled} of the rows were through when the input was filled`);
  assert.ok(run.aheadBytes > 0 && run.aheadBytes <= AHEAD_BOUND_BYTES, `${run.aheadBytes / MIB} MiB read ahead`);
  assert.ok(run.blockedUs > 500_000, `sources were blocked for ${run.blockedUs} µs`);
  assert.equal(run.rssBytes.size, 3);
  for (const [role, bytes] of run.rssBytes) {
    assert.ok(bytes > 0 && bytes <= RSS_BOUND_BYTES, `${role}: ${bytes / MIB} MiB`);
  }
  assert.deepEqual(run.observed, run.expected);
});
