import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import type { Operator, Output } from "../../../engine/operators/operator.ts";
import type { Frame } from "../../../engine/task/frame.ts";
import { OperatorChain } from "../../../engine/task/operator-chain.ts";
import { OutputChannel } from "../../../engine/task/output-channel.ts";
import { roundRobinPartitioner } from "../../../engine/task/partitioner.ts";
import { WatermarkTracker } from "../../../engine/task/watermark-tracker.ts";
import { tinyBatch } from "../simulation/tiny-rows.ts";

const CONTEXT = { instance: 0, parallelism: 1, keyGroups: { first: 0, end: 1, total: 1 } };
const ROW = tinyBatch([{ key: 1, value: 1, time: 1 }]);

/** Passes rows on; at a watermark emits one row of its own. */
class Tracer implements Operator {
  readonly name: string;
  readonly events: string[];
  #output: Output | null = null;

  constructor(name: string, events: string[]) {
    this.name = name;
    this.events = events;
  }

  open(_context: unknown, output: Output): void {
    this.#output = output;
  }

  process(input: number): void {
    this.events.push(`${this.name} row ${input}`);
    this.#output!.emit(ROW);
  }

  advanceWatermark(timeMs: number): void {
    this.events.push(`${this.name} watermark ${timeMs}`);
    this.#output!.emit(ROW);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.text(this.name);
  }

  restore([reader]: readonly SnapshotReader[]): void {
    this.events.push(`${this.name} restores ${reader!.text()}`);
  }

  counters(): Record<string, number> {
    return { rows: this.events.length, [this.name]: 1 };
  }
}

function chainOf(names: readonly string[], events: string[]): OperatorChain {
  const links = names.map((name) => ({
    context: { ...CONTEXT, operatorId: name },
    operator: new Tracer(name, events),
  }));
  return new OperatorChain(links, { emit: () => events.push("tail") });
}

describe("an operator chain", () => {
  it("passes rows from each operator to the next, and the input's number to the first only", () => {
    const events: string[] = [];
    chainOf(["a", "b"], events).process(1, ROW);
    assert.deepEqual(events, ["a row 1", "b row 0", "tail"]);
  });

  it("gives the next operator what the one before fires, then the watermark", () => {
    const events: string[] = [];
    chainOf(["a", "b"], events).advanceWatermark(7);
    assert.deepEqual(events, ["a watermark 7", "b row 0", "tail", "b watermark 7", "tail"]);
  });

  it("restores state by operator id, not by place, and refuses a snapshot without an operator", () => {
    const writer = new SnapshotWriter();
    chainOf(["a", "b"], []).snapshot(writer);
    const bytes = writer.finish();
    const events: string[] = [];
    chainOf(["b", "a"], events).restore([new SnapshotReader(bytes)]);
    assert.deepEqual(events, ["b restores b", "a restores a"]);
    assert.throws(() => chainOf(["a", "c"], []).restore([new SnapshotReader(bytes)]), { code: "snapshot-corrupt" });
  });

  it("sums the counters of its operators", () => {
    assert.deepEqual(chainOf(["a", "b"], []).counters(), { rows: 0, a: 1, b: 1 });
  });
});

describe("the watermark tracker", () => {
  it("is the minimum of all channels' largest watermarks and never goes back", () => {
    const updates = fc.array(fc.tuple(fc.nat(2), fc.oneof(fc.nat(50), fc.constant(Number.POSITIVE_INFINITY))));
    fc.assert(
      fc.property(updates, (steps) => {
        const tracker = new WatermarkTracker(3);
        const latest = [0, 1, 2].map(() => Number.NEGATIVE_INFINITY);
        for (const [channel, timeMs] of steps) {
          const before = Math.min(...latest);
          latest[channel] = Math.max(latest[channel]!, timeMs);
          assert.equal(tracker.update(channel, timeMs), Math.min(...latest) > before);
          assert.equal(tracker.minimum, Math.min(...latest));
        }
      }),
    );
  });
});

describe("an output channel", () => {
  const rows = Uint8Array.of(1, 2, 3, 4);

  function open(replicas: number, windowBytes: number) {
    const sent: Frame[][] = Array.from({ length: replicas }, () => []);
    const receivers = sent.map((frames, subtask) => ({
      subtask,
      link: { writable: true, send: (frame: Frame) => void frames.push(frame) },
    }));
    return { sent, channel: new OutputChannel({ attempt: 1, edge: 0, sender: 0 }, receivers, windowBytes) };
  }

  it("sends within credit only, and keeps everything until it is acknowledged", () => {
    const { sent, channel } = open(1, 100);
    for (let index = 0; index < 5; index++) channel.sealRecords(rows, 2);
    assert.deepEqual([sent[0]!.length, channel.blocked, channel.kept], [2, true, 5]);
    channel.onCredit(0, 2, 200);
    assert.deepEqual([sent[0]!.length, channel.kept], [4, 4]);
    channel.onCredit(0, 4, 1000);
    assert.deepEqual(
      sent[0]!.map(({ first }) => first),
      [1, 3, 5, 7, 9],
    );
    assert.deepEqual([channel.settled, channel.blocked], [false, false]);
    channel.onCredit(0, 10, 1000);
    assert.equal(channel.settled, true);
  });

  it("is blocked by the fastest replica only and keeps what the slowest lacks", () => {
    const { sent, channel } = open(2, 100);
    for (let index = 0; index < 4; index++) channel.sealRecords(rows, 1);
    assert.equal(channel.blocked, true);
    channel.onCredit(1, 4, 1000);
    assert.deepEqual([channel.blocked, channel.kept], [false, 4]);
    assert.deepEqual(
      sent.map((frames) => frames.length),
      [2, 4],
    );
    channel.onCredit(0, 4, 100);
    assert.equal(channel.settled, true);
    channel.sealEnd();
    channel.onCredit(0, 4, 1000);
    assert.deepEqual(
      sent[0]!.map(({ first }) => first),
      [1, 2, 5],
    );
  });

  it("does not believe acknowledgements of what was never sealed, or of strangers", () => {
    const { channel } = open(1, 100);
    channel.sealRecords(rows, 2);
    assert.equal(channel.onCredit(0, 3, 1000), false);
    assert.equal(channel.onCredit(9, 1, 1000), false);
    assert.equal(channel.settled, false);
  });
});

describe("round robin", () => {
  it("starts at channel 0 and goes on where a snapshot left it", () => {
    const partitioner = roundRobinPartitioner(3);
    assert.ok(partitioner.kind === "one");
    const take = (count: number) => Array.from({ length: count }, () => partitioner.channelOf(ROW, 0));
    assert.deepEqual(take(4), [0, 1, 2, 0]);
    partitioner.position = 2;
    assert.deepEqual(take(2), [2, 0]);
  });
});
