import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import type { BarrierMode } from "../../../engine/cluster/job-spec.ts";
import { ArrivalMerge } from "../../../engine/merge/arrival.ts";
import type { Element } from "../../../engine/task/element.ts";

const row = (first: number): Element => ({ kind: "records", first, count: 1, skip: 0, payload: Uint8Array.of(1) });
const barrier = (first: number, checkpointId: number): Element => ({ kind: "barrier", first, checkpointId });
const end = (first: number): Element => ({ kind: "end", first });

/** What the merge gives until it gives nothing: `c:first` for rows, `b<id>` for a snapshot that is due, `c:end`. */
function drain(merge: ArrivalMerge): string[] {
  const given: string[] = [];
  for (let event = merge.next(); event !== null; event = merge.next()) {
    if (event.kind === "barrier") given.push(`b${event.checkpointId}`);
    else if (event.kind === "element" && event.element.kind === "records")
      given.push(`${event.channel}:${event.element.first}`);
    else if (event.kind === "element" && event.element.kind === "end") given.push(`${event.channel}:end`);
  }
  return given;
}

describe("the arrival merge", () => {
  it("keeps the order of arrival", () => {
    const merge = new ArrivalMerge(2, "aligned");
    for (const [channel, first] of [
      [0, 1],
      [1, 1],
      [1, 2],
      [0, 2],
    ] as const)
      merge.offer(channel, row(first));
    assert.deepEqual(drain(merge), ["0:1", "1:1", "1:2", "0:2"]);
  });

  it("blocks channels that have shown the barrier until all have", () => {
    const merge = new ArrivalMerge(2, "aligned");
    merge.offer(0, barrier(1, 7));
    merge.offer(0, row(2));
    merge.offer(1, row(1));
    assert.deepEqual(drain(merge), ["1:1"]);
    assert.deepEqual(merge.blockedChannels(), [0]);
    merge.offer(1, barrier(2, 7));
    merge.offer(1, row(3));
    assert.deepEqual(drain(merge), ["b7", "0:2", "1:3"]);
    assert.deepEqual(merge.blockedChannels(), []);
  });

  it("blocks nothing in at-least-once mode and takes the snapshot at the last barrier", () => {
    const merge = new ArrivalMerge(2, "at-least-once");
    merge.offer(0, barrier(1, 7));
    merge.offer(0, row(2));
    merge.offer(1, barrier(1, 7));
    merge.offer(1, row(2));
    assert.deepEqual(drain(merge), ["0:2", "b7", "1:2"]);
  });

  it("holds the end of a channel behind its barrier in at-least-once mode: the snapshot's task has not ended", () => {
    const merge = new ArrivalMerge(2, "at-least-once");
    merge.offer(0, barrier(1, 7));
    merge.offer(0, row(2));
    merge.offer(0, end(3));
    merge.offer(1, row(1));
    assert.deepEqual(drain(merge), ["0:2", "1:1"]);
    merge.offer(1, end(2));
    assert.deepEqual(drain(merge), ["1:end", "b7", "0:end"]);
  });

  it("takes an ended channel as having shown every later barrier", () => {
    const merge = new ArrivalMerge(2, "aligned");
    merge.offer(0, barrier(1, 1));
    merge.offer(1, end(1));
    merge.offer(0, barrier(2, 2));
    assert.deepEqual(drain(merge), ["1:end", "b1", "b2"]);
  });

  it("drops an unfinished alignment when a newer barrier comes, and ignores late barriers", () => {
    const merge = new ArrivalMerge(2, "aligned");
    merge.offer(0, barrier(1, 1));
    merge.offer(0, row(2));
    merge.offer(1, barrier(1, 2));
    merge.offer(1, row(2));
    assert.deepEqual(drain(merge), ["0:2"]);
    merge.offer(0, barrier(3, 2));
    merge.offer(0, barrier(4, 1));
    merge.offer(0, row(5));
    assert.deepEqual(drain(merge), ["b2", "1:2", "0:5"]);
  });

  it("splits every channel's rows exactly at its barrier, in channel order, for any interleaving", () => {
    const script = fc.array(fc.tuple(fc.nat(2), fc.constantFrom("row", "row", "barrier")), { maxLength: 60 });
    fc.assert(
      fc.property(script, fc.constantFrom<BarrierMode>("aligned"), (steps, mode) => {
        const merge = new ArrivalMerge(3, mode);
        const next = [1, 1, 1];
        const barriers = [0, 0, 0];
        /** Rows of each channel before its barrier n. */
        const before: number[][] = [[], [], []];
        const delivered = [0, 0, 0];
        const rows = [0, 0, 0];
        const check = () => {
          for (const given of drain(merge)) {
            if (given.startsWith("b")) {
              const id = Number(given.slice(1));
              assert.deepEqual(
                delivered,
                before.map((counts, channel) => counts[id - 1] ?? rows[channel]),
              );
            } else if (!given.endsWith("end")) delivered[Number(given.split(":")[0])]!++;
          }
        };
        for (const [channel, what] of steps) {
          if (what === "row") {
            rows[channel]!++;
            merge.offer(channel, row(next[channel]!++));
          } else {
            before[channel]!.push(rows[channel]!);
            merge.offer(channel, barrier(next[channel]!++, ++barriers[channel]!));
          }
          if (next[channel]! % 3 === 0) check();
        }
        for (const channel of [0, 1, 2]) merge.offer(channel, end(next[channel]!));
        check();
        assert.deepEqual(delivered, rows);
        assert.equal(merge.queued, 0);
      }),
    );
  });

  it("restores its position", () => {
    const merge = new ArrivalMerge(2, "aligned");
    merge.offer(1, end(1));
    merge.offer(0, barrier(1, 4));
    assert.deepEqual(drain(merge), ["1:end", "b4"]);
    const writer = new SnapshotWriter();
    merge.snapshot(writer);
    const restored = new ArrivalMerge(2, "aligned");
    restored.restore(new SnapshotReader(writer.finish()));
    restored.offer(0, barrier(2, 4));
    restored.offer(0, barrier(3, 5));
    assert.deepEqual(drain(restored), ["b5"]);
  });
});
