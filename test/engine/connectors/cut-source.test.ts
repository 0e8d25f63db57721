import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../base/random.ts";
import { CutSource } from "../../../engine/connectors/cut-source.ts";
import { KeptRecords } from "../../../engine/connectors/kept-records.ts";
import { SuppliedRecords } from "../../../engine/connectors/source-supplier.ts";
import type { Log, LogReaderHandler } from "../../../engine/ports.ts";
import { encodeCutLogEntry } from "../../../engine/replication/cut-entry.ts";
import { MemoryLog } from "../replication/memory-log.ts";
import { TinyDecoder, tinyRows, tinySupplier } from "../simulation/tiny-rows.ts";
import { ManualTime } from "../task/manual-world.ts";
import { NO_TRANSACTIONS } from "./no-transactions.ts";

const ROWS = 40;
const PARTITIONS = 2;
const CUTS = { kind: "memory", brokers: [], topic: "cuts" };
const INPUT = { kind: "memory", brokers: [], topic: "in" };
const DELAY_MS = 5;

/** A replica of a source over `cuts`; the test hands it its input, piece by piece. */
function replica(cuts: MemoryLog, idleTimeoutUs = 0) {
  const time = new ManualTime();
  const supplier = tinySupplier(PARTITIONS, ROWS, 3);
  const done: string[] = [];
  const at = [0, 0];
  const input: { handler: LogReaderHandler | null; paused: boolean } = { handler: null, paused: false };
  const log: Log = {
    ...NO_TRANSACTIONS,
    openReader: (address, from, handler) => {
      if (address.topic === "cuts") return cuts.openReader(address, from, handler);
      input.handler = handler;
      return {
        pause: () => {
          input.paused = true;
        },
        resume: () => {
          input.paused = false;
        },
        hold: () => {},
        endOffsets: (answer) => answer([ROWS, ROWS]),
        close: () => {},
      };
    },
    openWriter: (address, partitions, handler) => cuts.openWriter(address, partitions, handler),
  };
  const source = new CutSource(
    {
      address: INPUT,
      partitions: PARTITIONS,
      instance: 0,
      parallelism: 1,
      watermarkDelayMs: DELAY_MS,
      watermarkIntervalUs: 0,
      idleTimeoutUs,
      bounded: true,
      decoder: new TinyDecoder(7),
    },
    { world: { ...time, log }, cutLog: CUTS, attempt: 1, intervalUs: 1_000_000_000, records: 0, group: "source/0" },
    { clock: time.clock, timers: time.timers, log },
    {
      emit: (batch) => done.push(...tinyRows(batch).map(({ value }) => String(value))),
      advanceWatermark: (timeMs) => done.push(`wm${timeMs}`),
      isOver: () => false,
      setIdle: (idle) => done.push(idle ? "idle" : "active"),
      heartbeat: (heartbeat, checkpointId) => done.push(`HB${heartbeat}${checkpointId === null ? "" : "!"}`),
      heartbeatDue: () => {},
      end: () => done.push("end"),
      fail: (error) => assert.fail(error),
      step: (work) => work(),
    },
  );
  source.start();
  /** Up to `count` records of the partition. */
  const give = (partition: number, count: number) => {
    const taken = Math.min(count, ROWS - at[partition]!);
    if (taken === 0) return;
    const values = supplier.read(partition, at[partition]!, taken);
    input.handler!.onRecords(new SuppliedRecords(partition, at[partition]!, values));
    at[partition]! += taken;
  };
  return { source, done, give, time, input };
}

let ticks = 0;
function tick(cuts: MemoryLog, checkpointId: number | null = null): void {
  cuts.values.push(encodeCutLogEntry({ kind: "tick", attempt: 1, heartbeat: ++ticks, checkpointId }));
}

describe("a replica of a source", () => {
  it("emits a slice when its cut is read, in partition order, then the watermark and the heartbeat", () => {
    ticks = 0;
    const cuts = new MemoryLog();
    const { done, give, time } = replica(cuts);
    give(1, 2);
    give(0, 3);
    assert.deepEqual(done, []);
    tick(cuts);
    cuts.deliver();
    give(0, 3);
    time.advance();
    assert.deepEqual(done, ["0", "2", "4", "1", "3", `wm${3 - DELAY_MS}`, "HB1"]);
  });

  it("follows the cut of another replica, also through the middle of what it has read, and waits for what it has not", () => {
    ticks = 0;
    const cuts = new MemoryLog();
    const { done, give, time } = replica(cuts);
    give(0, 5);
    tick(cuts);
    cuts.values.push(
      encodeCutLogEntry({ kind: "cut", attempt: 1, group: "source/0", heartbeat: 1, ends: [3, 2], last: false }),
    );
    cuts.deliver();
    time.advance();
    assert.deepEqual(done, ["0", "2", "4"]);
    give(1, 1);
    time.advance();
    give(1, 4);
    time.advance();
    assert.deepEqual(done.slice(3), ["1", "3", `wm${3 - DELAY_MS}`, "HB1"]);
  });

  it("emits what its siblings emit, however each one's input arrives", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        ticks = 0;
        const random = new Random(seed);
        const cuts = new MemoryLog();
        const replicas = [replica(cuts), replica(cuts), replica(cuts)];
        for (let step = 0; step < 300; step++) {
          const { give, time, source } = replicas[random.below(3)]!;
          if (random.below(6) === 0) tick(cuts, ticks >= 2 && random.below(5) === 0 ? 100 + ticks : null);
          else if (random.below(4) === 0) source.pause();
          else if (random.below(3) === 0) source.resume();
          else give(random.below(PARTITIONS), 1 + random.below(6));
          if (random.below(3) === 0) cuts.deliver();
          time.advance();
        }
        for (const { source, give } of replicas) {
          source.resume();
          for (const partition of [0, 1]) give(partition, ROWS);
        }
        for (let round = 0; round < 5; round++) {
          tick(cuts);
          cuts.deliver();
          for (const { time } of replicas) time.advance();
        }
        const [first, ...others] = replicas.map(({ done }) => done);
        for (const other of others) assert.deepEqual(other, first);
        assert.equal(first!.at(-1), "end");
        assert.equal(first!.filter((word) => /^\d+$/.test(word)).length, PARTITIONS * ROWS);
        const flagged = first!.filter((word) => word.endsWith("!"));
        assert.equal(new Set(flagged).size, flagged.length);
      }),
      { numRuns: 100 },
    );
  });

  it("counts idleness in slices: a partition without records for so many holds nothing back", () => {
    ticks = 0;
    const cuts = new MemoryLog();
    const { done, give, time } = replica(cuts, 3_000_000_000);
    give(0, 10);
    for (let round = 0; round < 4; round++) {
      tick(cuts);
      cuts.deliver();
      time.advance();
      give(0, 1);
    }
    assert.deepEqual(
      done.filter((word) => /^(wm|HB)/.test(word)),
      ["HB1", "HB2", `wm${22 - DELAY_MS}`, "HB3", `wm${24 - DELAY_MS}`, "HB4"],
    );
  });

  it("proposes no more cuts than it can emit, and keeps the ones with a checkpoint", () => {
    ticks = 0;
    const cuts = new MemoryLog();
    const { source, done, time } = replica(cuts);
    source.pause();
    for (let count = 1; count <= 50; count++) {
      tick(cuts, count === 20 ? 7 : null);
      cuts.deliver();
    }
    assert.ok(cuts.values.length < 50 + 10, `${cuts.values.length - 50} cuts proposed`);
    source.resume();
    for (let round = 0; round < 20; round++) {
      time.advance();
      cuts.deliver();
    }
    assert.deepEqual(done, ["HB1", "HB2", "HB3", "HB4", "HB20!", "HB50"]);
  });
});

describe("kept records", () => {
  it("are cut anywhere without losing any", () => {
    const values = tinySupplier(1, 10, 3).read(0, 0, 10);
    const kept = KeptRecords.copyOf(new SuppliedRecords(0, 100, values));
    for (let offset = 100; offset <= 110; offset++) {
      const [before, after] = kept.cutAt(offset);
      const offsets = [before, after].flatMap((part) => {
        const found: number[] = [];
        for (const cursor = part.walk(); cursor.next(); ) found.push(cursor.offset);
        return found;
      });
      assert.deepEqual(
        offsets,
        Array.from({ length: 10 }, (_, index) => 100 + index),
      );
      assert.equal(before.recordCount, offset - 100);
      assert.equal(before.nextOffset, offset);
      assert.equal(after.nextOffset, 110);
    }
  });
});
