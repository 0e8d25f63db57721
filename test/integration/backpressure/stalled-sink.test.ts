import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestBroker, type TestBroker } from "../broker.ts";
import { stallSink } from "./stalled-sink.ts";

const MIB = 2 ** 20;
/**
 * What two workers may have read beyond what is written: the producer's buffer of 4 MiB, what one step (at most a fetch answer of one
 * partition) makes beyond it, one fetch answer and the one asked for ahead, of 1 MiB for each of two partitions. docs/performance.md,
 * "Back-pressure".
 */
const READ_BOUND_BYTES = 2 * (4 + 1 + 2 * 2) * MIB;
const RSS_BOUND_BYTES = 256 * MIB;
/** After the input has been filled, which takes a second or two of the stall. */
const STALL_MS = 4_000;

let brokers: TestBroker[];

before(async () => {
  brokers = await Promise.all([startTestBroker(), startTestBroker()]);
});

after(async () => {
  await Promise.all(brokers.map((broker) => broker.close()));
});

test("a broker that takes no output for seconds stops the input: memory stays bounded, and nothing is lost or doubled", async () => {
  const stall = await stallSink(brokers[0]!, brokers[1]!, 32_000, STALL_MS);
  assert.ok(stall.inputBytes > 2 * READ_BOUND_BYTES, "less input than fits into the buffers is no test");
  assert.ok(stall.readBytes <= READ_BOUND_BYTES, `${stall.readBytes / MIB} MiB were read in the stall`);
  assert.equal(stall.readAtEnd, stall.readAtHalf, "a job that is blocked reads no further");
  assert.ok(stall.blockedUs > (STALL_MS / 2) * 1000, `blocked for ${stall.blockedUs} µs`);
  assert.equal(stall.rssBytes.size, 3);
  for (const [role, bytes] of stall.rssBytes) {
    assert.ok(bytes > 0 && bytes <= RSS_BOUND_BYTES, `${role}: ${bytes / MIB} MiB`);
  }
  assert.deepEqual(stall.observed, stall.expected);
});
