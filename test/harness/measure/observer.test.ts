import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { LiveEstimate } from "../../../harness/measure/live-estimate.ts";
import { FLAG_UNDECODABLE, OBSERVATION_BYTES, type Observation } from "../../../harness/measure/observation.ts";
import { type LogFile, ObservationLog } from "../../../harness/measure/observation-log.ts";
import { emptyObservation, forEachObservation } from "../../../harness/measure/observation-reader.ts";
import { Observer } from "../../../harness/measure/observer.ts";
import { readObserverSpec } from "../../../harness/measure/observer-spec.ts";
import { Planter } from "../../../harness/measure/planter.ts";
import { RowHasher } from "../../../harness/verify/row-hash.ts";
import type { RecordBatchView, RecordCursor } from "../../../kafka/record-batch/view.ts";
import { findQuery } from "../../../queries/registry.ts";
import { temporaryFolder } from "../synthetic-run.ts";

/** A file in memory whose writes end when the test says so. */
class SlowFile implements LogFile {
  content = new Uint8Array(64 * 1024 * 1024);
  size = 0;
  pending: (() => void)[] = [];
  write(bytes: Uint8Array, position: number, done: (error: Error | null) => void): void {
    this.pending.push(() => {
      this.writeSync(bytes, position);
      done(null);
    });
  }
  writeSync(bytes: Uint8Array, position: number): void {
    this.content.set(bytes, position);
    this.size = Math.max(this.size, position + bytes.length);
  }
  drain(): void {
    for (let next = this.pending.shift(); next !== undefined; next = this.pending.shift()) next();
  }
}

const quiet = { onFull() {}, onSpace() {}, onError() {} };

function read(folder: string, bytes: Uint8Array): Observation[] {
  const file = join(folder, "observations.bin");
  writeFileSync(file, bytes);
  const found: Observation[] = [];
  forEachObservation(file, (observation) => found.push({ ...observation }));
  return found;
}

describe("observation log", () => {
  it("keeps every observation in order, across chunks and a disk that lags behind", (t) => {
    const file = new SlowFile();
    const log = new ObservationLog(file, quiet);
    const observation = emptyObservation();
    for (let i = 0; i < 100_000; i++) {
      observation.offset = i;
      log.append(observation);
      if (i % 30_000 === 0) file.drain();
    }
    log.kick();
    file.drain();
    const found = read(temporaryFolder(t), file.content.subarray(0, file.size));
    assert.equal(found.length, 100_000);
    assert.ok(found.every(({ offset }, i) => offset === i));
  });

  it("asks for a pause when the disk does not keep up, goes on afterwards, and fails rather than grow without end", () => {
    const file = new SlowFile();
    const calls: string[] = [];
    const log = new ObservationLog(file, {
      onFull: () => calls.push("full"),
      onSpace: () => calls.push("space"),
      onError() {},
    });
    const observation = emptyObservation();
    const fill = (chunks: number) => {
      for (let i = 0; i < chunks * 8192; i++) log.append(observation);
    };
    fill(20);
    assert.deepEqual(calls, ["full"]);
    file.drain();
    assert.deepEqual(calls, ["full", "space"]);
    assert.throws(
      () => fill(300),
      (error) => error instanceof FaultlineError && error.code === "observer-failed",
    );
  });

  it("a synchronous flush at the end of the process writes also what is under way", (t) => {
    const file = new SlowFile();
    const log = new ObservationLog(file, quiet);
    const observation = emptyObservation();
    for (let i = 0; i < 20_000; i++) {
      observation.offset = i;
      log.append(observation);
    }
    log.flushSync();
    const found = read(temporaryFolder(t), file.content.subarray(0, file.size));
    assert.deepEqual([found.length, found.at(-1)?.offset], [20_000, 19_999]);
  });

  it("a torn last record is left out", (t) => {
    assert.equal(read(temporaryFolder(t), new Uint8Array(OBSERVATION_BYTES * 2 + 7)).length, 2);
  });
});

/** A batch as the Kafka client gives it. */
function batch(
  partition: number,
  baseOffset: number,
  values: readonly (string | null)[],
  timestampMs: number,
): RecordBatchView {
  const texts = values.map((value) => new TextEncoder().encode(value ?? ""));
  const bytes = new Uint8Array(Buffer.concat(texts));
  let nth = -1;
  let at = 0;
  const cursor: RecordCursor = {
    next() {
      if (nth >= 0) at += texts[nth]!.length;
      return ++nth < values.length;
    },
    get offset() {
      return baseOffset + nth;
    },
    timestampMs,
    keyStart: -1,
    keyEnd: -1,
    get valueStart() {
      return values[nth] === null ? -1 : at;
    },
    get valueEnd() {
      return at + texts[nth]!.length;
    },
    headersStart: 0,
    headersEnd: 0,
  };
  const recordCount = values.length;
  return {
    partition,
    baseOffset,
    recordCount,
    nextOffset: baseOffset + recordCount,
    bytes,
    highWatermark: 0,
    walk: () => cursor,
    retain: () => batch(partition, baseOffset, values, timestampMs),
  };
}

describe("observer", () => {
  const query = findQuery("q5");
  const row = (auction: number) => `{"auction":${auction},"num":3,"window_end":1436918410000}`;

  it("notes for every record when, where and what, and flags what is no row", () => {
    const noted: Observation[] = [];
    let clockReads = 0;
    const observer = new Observer({
      query,
      isolation: 1,
      startWallMs: 1_000,
      log: { append: (observation) => noted.push({ ...observation }) },
      live: null,
      monotonicUs: () => 5_000_000 + ++clockReads,
      clockOffsetUs: 3_000_000,
    });
    observer.onBatch(batch(2, 40, [row(1), "nonsense", null, row(2)], 1_900));
    assert.equal(clockReads, 1, "one look at the clock a batch");
    assert.deepEqual([observer.observed, observer.undecodable], [4, 2]);
    assert.equal(observer.readLag.max, 100_001);
    const hasher = new RowHasher(query);
    hasher.fromValues([2, 3, 1_436_918_410_000]);
    const { nameHigh, nameLow, contentHigh, contentLow } = hasher;
    assert.deepEqual(noted[3], {
      ...{ nameHigh, nameLow, contentHigh, contentLow },
      ...{ observedUs: 5_000_001, offset: 43, appendMs: 900, partition: 2, isolation: 1, flags: 0 },
    });
    assert.deepEqual(
      noted.map(({ flags }) => flags),
      [0, FLAG_UNDECODABLE, FLAG_UNDECODABLE, 0],
    );
  });

  it("planted errors: held records are copies, nothing is hit in the warm-up, and the log holds what was counted", () => {
    const noted: Observation[] = [];
    const order = { ...query, orderKey: ["auction"] };
    const plant = { drop: 0, repeat: 1, alter: 0, delay: 0, reorder: 1, forge: 0, early: 0 };
    const planter = new Planter(order, plant, 4);
    let nowUs = 0;
    const observer = new Observer({
      query: order,
      isolation: 0,
      startWallMs: 0,
      log: { append: (observation) => noted.push({ ...observation }) },
      live: null,
      monotonicUs: () => ++nowUs,
      clockOffsetUs: 0,
      plants: { planter, warmupMs: 1 },
    });
    const give = (count: number) => {
      for (let i = 0; i < count; i++) {
        const view = batch(0, noted.length, [row(1)], 0);
        const bytes = Buffer.from(view.bytes);
        observer.onBatch({ ...view, bytes });
        bytes.fill(0x20); // the client reuses them
      }
    };
    give(50);
    observer.startUs = 0;
    give(50);
    assert.deepEqual(planter.planted, [], "before the start and in the warm-up");
    nowUs = 2_000;
    give(50);
    observer.finish();
    assert.deepEqual(planter.planted.map(({ kind }) => kind).sort(), ["reorder", "repeat"]);
    assert.equal(observer.undecodable, 0);
    assert.deepEqual([observer.observed, noted.length], [151, 151]);
  });

  it("the live estimate charges a window to the event that moves the watermark past its end", () => {
    const live = new LiveEstimate(query, {
      startUs: 0,
      schedule: { shape: "constant", ratePerSecond: 500 },
      dataset: {
        kind: "nexmark",
        options: { events: 100_000, eventRatePerSecond: 1000 } as never,
        partitions: 1,
        partitionRule: "roundRobin",
      },
      watermarkDelayMs: 4_000,
    });
    // Base time 1436918400000; one event a ms; the window's watermark comes 13,999 ms later, due 2 ms a piece.
    const bytes = new TextEncoder().encode(row(1));
    live.sample(bytes, 0, bytes.length, 27_998_000 + 7_000);
    const { p50Us } = live.take();
    assert.ok(Math.abs(p50Us! - 7_000) <= 4_000, `${p50Us}`);
    assert.deepEqual(live.take(), { p50Us: null, p99Us: null });
  });

  it("its spec is checked", () => {
    assert.throws(() => readObserverSpec(undefined), /spec/);
    assert.throws(() => readObserverSpec('{"brokers":[]}'), /brokers/);
    assert.throws(() => readObserverSpec("/nowhere/spec.json"), /cannot read/);
  });
});
