import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../base/random.ts";
import { LogicalChannel } from "../../../engine/replication/logical-channel.ts";
import type { Element } from "../../../engine/task/element.ts";

/** The records element of numbers first … last. Its payload is not looked at: `first − skip` says which numbers it began with. */
function records(first: number, last: number): Element {
  return { kind: "records", first, count: last - first + 1, skip: 0, payload: Uint8Array.of(1) };
}

function numbersOf(element: Element): number[] {
  const count = element.kind === "records" ? element.count : 1;
  return Array.from({ length: count }, (_, index) => element.first + index);
}

/** One copy of the stream 1 … total, cut into elements at any place, with parts of it sent again later. */
function copyOf(total: number): fc.Arbitrary<Element[]> {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: total - 1 }), { maxLength: total - 1 });
  return fc.tuple(cuts, fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { maxLength: 4 })).map(([unsorted, resends]) => {
    const ends = [...unsorted.toSorted((a, b) => a - b), total];
    const elements = ends.map((last, index) => records((ends[index - 1] ?? 0) + 1, last));
    for (const [from, at] of resends) {
      const begin = from % elements.length;
      const again = elements.slice(begin, begin + 3);
      elements.splice(Math.max(at % (elements.length + 1), begin), 0, ...again);
    }
    return elements;
  });
}

describe("a logical channel", () => {
  it("delivers every number once and in order, whatever the replicas send and however it interleaves", () => {
    const runs = fc.integer({ min: 2, max: 40 }).chain((total) => {
      return fc.tuple(
        fc.constant(total),
        fc.array(copyOf(total), { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat()),
      );
    });
    fc.assert(
      fc.property(runs, ([total, copies, choices]) => {
        const channel = new LogicalChannel(1000);
        const queues = copies.map((copy) => [...copy]);
        const delivered: number[] = [];
        for (const choice of choices) {
          const open = queues.filter((queue) => queue.length > 0);
          if (open.length === 0) break;
          const element = open[choice % open.length]!.shift()!;
          channel.offer(element, (accepted) => {
            delivered.push(...numbersOf(accepted));
          });
          assert.equal(channel.latest, delivered.length);
        }
        assert.deepEqual(
          delivered,
          Array.from({ length: total }, (_, index) => index + 1),
        );
        assert.equal(channel.heldCount, 0);
      }),
    );
  });

  it("trims an overlap so that the skipped rows are those delivered before", () => {
    const channel = new LogicalChannel(10);
    const accepted: Element[] = [];
    channel.offer(records(1, 4), (element) => accepted.push(element));
    channel.offer(records(3, 9), (element) => accepted.push(element));
    channel.offer(records(2, 8), (element) => accepted.push(element));
    assert.equal(accepted.length, 2);
    assert.deepEqual(
      { ...accepted[1], payload: null },
      { kind: "records", first: 5, count: 5, skip: 2, payload: null },
    );
    assert.equal(channel.duplicates, 2 + 7);
  });

  it("holds what lies beyond a gap until another replica fills it", () => {
    const channel = new LogicalChannel(10);
    const delivered: number[] = [];
    const deliver = (element: Element) => delivered.push(...numbersOf(element));
    channel.offer(records(6, 8), deliver);
    channel.offer({ kind: "watermark", first: 9, timeMs: 5 }, deliver);
    assert.deepEqual([delivered, channel.latest], [[], 0]);
    channel.offer(records(1, 6), deliver);
    assert.deepEqual(delivered, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("does not hold without bound", () => {
    const channel = new LogicalChannel(3);
    const offer = (first: number) => channel.offer(records(first, first), () => assert.fail("nothing is deliverable"));
    for (const first of [3, 4, 5, 4]) offer(first);
    assert.throws(() => offer(6), /gap after element 0/);
  });

  it("goes on after the number of a snapshot and drops what the snapshot covers", () => {
    const channel = new LogicalChannel(3);
    channel.resumeAfter(10);
    const delivered: number[] = [];
    channel.offer(records(8, 12), (element) => delivered.push(...numbersOf(element)));
    assert.deepEqual(delivered, [11, 12]);
  });

  it("loses nothing beside a replica that joins ahead of the others, where the published rule does", () => {
    /** Accepts whatever is newer than the latest, as the published system does. */
    const published = () => {
      let latest = 0;
      return (element: Element, deliver: (element: Element) => void) => {
        const last = numbersOf(element).at(-1)!;
        if (last <= latest) return;
        const next = Math.max(element.first, latest + 1);
        latest = last;
        deliver(records(next, last));
      };
    };
    const ours = () => {
      const channel = new LogicalChannel(1000);
      return (element: Element, deliver: (element: Element) => void) => channel.offer(element, deliver);
    };
    const lossesOf = (make: typeof ours) => {
      let losses = 0;
      for (let seed = 0; seed < 200; seed++) {
        const random = new Random(seed);
        const survivor = Array.from({ length: 20 }, (_, index) => records(index + 1, index + 1));
        const newcomer = survivor.slice(1 + random.below(18));
        const offer = make();
        const delivered: number[] = [];
        while (survivor.length + newcomer.length > 0) {
          const queue = survivor.length === 0 || (newcomer.length > 0 && random.below(2) === 0) ? newcomer : survivor;
          offer(queue.shift()!, (element) => delivered.push(...numbersOf(element)));
        }
        if (delivered.length !== 20) losses++;
      }
      return losses;
    };
    assert.equal(lossesOf(ours), 0);
    assert.ok(lossesOf(published) > 100);
  });
});
