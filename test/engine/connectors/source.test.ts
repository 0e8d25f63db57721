import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { QUIET_TIMEOUT_US } from "../../../engine/connectors/aligned-reading.ts";
import { Source } from "../../../engine/connectors/source.ts";
import { TinyDecoder, tinyBytes, tinyRows } from "../simulation/tiny-rows.ts";
import { ManualLog, ManualTime, tinyRecords } from "../task/manual-world.ts";

const row = (time: number) => ({ key: 1, value: time, time });

interface Changes {
  partitions?: number;
  instance?: number;
  bounded?: boolean;
  idleTimeoutUs?: number;
  watermarkAlignmentMs?: number;
  watermarkIntervalUs?: number;
  from?: Uint8Array;
}

function start(changes: Changes = {}) {
  const time = new ManualTime();
  const log = new ManualLog();
  const events: string[] = [];
  const over = { now: false };
  const decoder = new TinyDecoder(100);
  const source = new Source(
    {
      address: { kind: "memory", brokers: [], topic: "in" },
      partitions: changes.partitions ?? 2,
      instance: changes.instance ?? 0,
      parallelism: 1 + (changes.instance ?? 0),
      watermarkDelayMs: 5,
      watermarkIntervalUs: changes.watermarkIntervalUs ?? 1000,
      idleTimeoutUs: changes.idleTimeoutUs ?? 0,
      watermarkAlignmentMs: changes.watermarkAlignmentMs ?? 0,
      bounded: changes.bounded ?? false,
      decoder,
    },
    { ...time, clock: time.clock, timers: time.timers, log },
    {
      emit: (batch) => events.push(`rows ${tinyRows(batch).map((r) => r.time)}`),
      advanceWatermark: (timeMs) => events.push(`watermark ${timeMs}`),
      isOver: () => over.now,
      setIdle: (idle) => events.push(idle ? "idle" : "active"),
      end: () => events.push("end"),
      fail: (error) => events.push(`fail ${error.message}`),
      step: (work) => work(),
    },
  );
  if (changes.from !== undefined) source.restore([new SnapshotReader(changes.from)]);
  source.start();
  return { source, time, log, decoder, over, reader: log.readers[0]!, take: () => events.splice(0) };
}

describe("a source", () => {
  it("leaves out nothing that it did not take behind a last checkpoint, also when it is held up longer than that", () => {
    const { source, over, reader, log, take } = start();
    reader.give(0, 0, [row(10)]);
    source.pause();
    over.now = true;
    reader.give(0, 1, [row(20)]);
    over.now = false;
    reader.give(0, 2, [row(30)]);
    assert.deepEqual(take(), ["rows 10"]);
    source.resume();
    const again = log.readers[1]!;
    assert.deepEqual([again.from.map(({ offset }) => offset), reader.closed], [[1, 0], true]);
    again.give(0, 1, [row(20), row(30)]);
    assert.deepEqual(take(), ["rows 20,30"]);
  });

  it("makes no watermark before every partition has shown an event, then the minimum less the delay", () => {
    const { reader, take } = start();
    reader.give(0, 0, [row(100)]);
    assert.deepEqual(take(), ["rows 100"]);
    reader.give(1, 0, [row(40), row(30)]);
    assert.deepEqual(take(), ["rows 40,30", "watermark 35"]);
  });

  it("lets every watermark leave behind its rows when there is no interval", () => {
    const { reader, take } = start({ watermarkIntervalUs: 0 });
    reader.give(0, 0, [row(40)]);
    reader.give(1, 0, [row(30)]);
    reader.give(1, 1, [row(50)]);
    assert.deepEqual(take(), ["rows 40", "rows 30", "watermark 25", "rows 50", "watermark 35"]);
  });

  it("emits at most one watermark an interval, the last one by timer, and none that does not advance", () => {
    const { reader, time, take } = start({ partitions: 1 });
    reader.give(0, 0, [row(10)]);
    reader.give(0, 1, [row(20)]);
    reader.give(0, 2, [row(15)]);
    reader.give(0, 3, [row(30)]);
    assert.deepEqual(
      take().filter((event) => event.startsWith("watermark")),
      ["watermark 5"],
    );
    time.advance(999);
    assert.deepEqual(take(), []);
    time.advance(1);
    assert.deepEqual(take(), ["watermark 25"]);
    time.advance(5000);
    assert.deepEqual(take(), []);
  });

  it("reads the partitions of its instance", () => {
    const { reader } = start({ partitions: 5, instance: 1 });
    assert.deepEqual(reader.from, [
      { partition: 1, offset: 0 },
      { partition: 3, offset: 0 },
    ]);
  });

  it("ends at once when it has no partition", () => {
    const { take, log } = start({ partitions: 1, instance: 1 });
    assert.deepEqual([take(), log.readers.length], [["end"], 0]);
  });

  it("drains to the end offsets that it was told, then ends", () => {
    const { source, reader, take } = start();
    reader.give(0, 0, [row(1), row(2)]);
    source.drain();
    reader.ends!([3, 1]);
    reader.give(0, 2, [row(3)]);
    assert.ok(!take().includes("end"));
    reader.give(1, 0, [row(4)]);
    assert.deepEqual(take(), ["rows 4", "end"]);
    assert.equal(reader.closed, true);
    reader.give(1, 1, [row(5)]);
    assert.deepEqual(take(), []);
  });

  it("reads to the end that it was told and not a record further, in every partition", () => {
    const { source, reader, take } = start();
    source.drain();
    reader.ends!([3, 1]);
    reader.give(0, 0, [row(1), row(2), row(3), row(900)]);
    reader.give(0, 4, [row(901)]);
    reader.give(1, 0, [row(4), row(902)]);
    assert.deepEqual(take(), ["rows 1,2,3", "rows 4", "end"]);
    assert.equal(source.recordsIn, 4);
  });

  it("ends where the log's last entries are no records, told before or after", () => {
    const { source, reader, take } = start();
    reader.give(0, 0, [row(1)]);
    reader.handler.onSkipped(0, 2);
    source.drain();
    reader.ends!([2, 5]);
    const last = tinyRecords(1, 0, [tinyBytes(row(2))]);
    const { partition, baseOffset, recordCount, bytes } = last;
    reader.handler.onRecords({ partition, baseOffset, recordCount, nextOffset: 4, bytes, walk: () => last.walk() });
    assert.ok(!take().includes("end"));
    reader.handler.onSkipped(1, 5);
    assert.deepEqual(take(), ["end"]);
  });

  it("ends on the answer when it is there already; bounded sources ask at their start", () => {
    const { reader, take } = start({ bounded: true });
    reader.give(0, 0, [row(1)]);
    reader.ends!([1, 0]);
    assert.deepEqual(take(), ["rows 1", "end"]);
  });

  it("counts what it cannot decode", () => {
    const { source, reader } = start();
    reader.handler.onRecords(tinyRecords(0, 0, [Uint8Array.of(1, 2, 3)]));
    assert.deepEqual([source.counters(), source.recordsIn], [{ undecodable: 1 }, 1]);
  });

  it("goes on from a snapshot's positions and repeats no watermark", () => {
    const first = start();
    first.reader.give(0, 0, [row(100), row(110)]);
    first.reader.give(1, 0, [row(40)]);
    const writer = new SnapshotWriter();
    first.source.snapshot(writer);
    const second = start({ from: writer.finish() });
    assert.deepEqual(second.reader.from, [
      { partition: 0, offset: 2 },
      { partition: 1, offset: 1 },
    ]);
    second.reader.give(0, 2, [row(120)]);
    assert.deepEqual(second.take(), ["rows 120"]);
    second.reader.give(1, 1, [row(200)]);
    assert.deepEqual(second.take(), ["rows 200", "watermark 115"]);
  });

  it("fails on records that come again", () => {
    const { reader } = start();
    reader.give(0, 0, [row(1), row(2)]);
    assert.throws(() => reader.give(0, 1, [row(2)]), /records come again/);
  });
});

describe("a source with an idle timeout of 10 ms", () => {
  const idle = (from?: Uint8Array) => start({ idleTimeoutUs: 10_000, ...(from === undefined ? {} : { from }) });

  it("does not wait for a partition that has had nothing for so long, not even a first event", () => {
    const { reader, time, take } = idle();
    reader.give(0, 0, [row(100)]);
    time.advance(9_000);
    reader.give(0, 1, [row(110)]);
    assert.deepEqual(take(), ["rows 100", "rows 110"]);
    time.advance(1_000);
    assert.deepEqual(take(), ["watermark 105"]);
  });

  it("waits again for a partition that has records again, and never moves back", () => {
    const { reader, time, take } = idle();
    reader.give(1, 0, [row(40)]);
    for (let i = 0; i <= 12; i++) {
      reader.give(0, i, [row(100 + i)]);
      time.advance(1_000);
    }
    assert.equal(take().at(-1), "watermark 107");
    reader.give(1, 1, [row(50)]); // older than the watermark: late
    reader.give(0, 13, [row(200)]);
    time.advance(5_000);
    assert.deepEqual(take(), ["rows 50", "rows 200"]);
    reader.give(1, 2, [row(150)]);
    assert.deepEqual(take(), ["rows 150", "watermark 145"]);
  });

  it("says when all partitions are idle, once, and takes it back before the next records", () => {
    const { source, reader, time, take } = idle();
    reader.give(0, 0, [row(100)]);
    reader.give(1, 0, [row(100)]);
    take();
    time.advance(50_000);
    assert.deepEqual(take(), ["idle"]);
    assert.equal(source.idle, true);
    reader.give(0, 1, [row(90)]);
    reader.give(0, 2, [row(101)]);
    assert.deepEqual(take(), ["active", "rows 90", "rows 101", "watermark 96"]);
  });

  it("does not count the time in which it is paused", () => {
    const { source, reader, time, take } = idle();
    reader.give(0, 0, [row(100)]);
    time.advance(9_000);
    source.pause();
    time.advance(50_000);
    source.resume();
    time.advance(9_999);
    assert.deepEqual(take(), ["rows 100"]);
    time.advance(1);
    assert.deepEqual(take(), ["idle"]);
  });

  it("remembers in a snapshot what it has said", () => {
    const first = idle();
    first.reader.give(0, 0, [row(100)]);
    first.time.advance(20_000);
    assert.equal(first.source.idle, true);
    const writer = new SnapshotWriter();
    first.source.snapshot(writer);
    const second = idle(writer.finish());
    second.reader.give(0, 1, [row(120)]);
    assert.deepEqual(second.take(), ["active", "rows 120"]);
  });

  it("sets no timer once it is closed", () => {
    const { source, reader, time, take } = idle();
    reader.give(0, 0, [row(100)]);
    source.close();
    take();
    time.advance(100_000);
    assert.deepEqual(take(), []);
  });
});

describe("a source with watermark alignment", () => {
  const aligned = (changes: Changes = {}) => start({ watermarkAlignmentMs: 100, ...changes });

  it("does not read a partition that leads too far until the others have come near", () => {
    const { reader } = aligned();
    reader.give(0, 0, [row(0)]);
    reader.give(1, 0, [row(150)]);
    assert.deepEqual([...reader.held], [1]);
    reader.give(0, 1, [row(49)]);
    assert.deepEqual([...reader.held], [1]);
    reader.give(0, 2, [row(50)]);
    assert.deepEqual([...reader.held], []);
  });

  it("goes on when the slow partition gives nothing any more, but not for the time in which the source is paused", () => {
    const { reader, source, time } = aligned();
    reader.give(0, 0, [row(0)]);
    reader.give(1, 0, [row(1000)]);
    source.pause();
    time.advance(10 * QUIET_TIMEOUT_US);
    assert.deepEqual([...reader.held], [1]);
    source.resume();
    time.advance(QUIET_TIMEOUT_US - 1);
    assert.deepEqual([...reader.held], [1]);
    time.advance(1);
    assert.deepEqual([...reader.held], []);
  });

  it("goes on at once when the slow partition is at its end", () => {
    const { reader } = aligned({ bounded: true });
    reader.give(0, 0, [row(0)]);
    reader.give(1, 0, [row(1000)]);
    assert.deepEqual([...reader.held], [1]);
    reader.ends!([1, 2]);
    assert.deepEqual([...reader.held], []);
  });

  it("does not take a held partition for idle: its watermark is still waited for", () => {
    const { reader, time, take } = aligned({ idleTimeoutUs: 50_000 });
    reader.give(0, 0, [row(0)]);
    reader.give(1, 0, [row(150)]);
    for (let offset = 1; offset <= 40; offset++) {
      time.advance(10_000);
      reader.give(0, offset, [row(offset)]);
    }
    assert.deepEqual([...reader.held], [1]);
    take();
    reader.give(0, 41, [row(900)]);
    time.advance(10_000);
    assert.deepEqual(take(), ["rows 900", "watermark 145"]);
    assert.deepEqual([...reader.held], [0]);
  });
});
