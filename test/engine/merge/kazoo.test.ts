import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../base/random.ts";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { KaZoo } from "../../../engine/merge/kazoo.ts";
import { KaZooOrdering } from "../../../engine/merge/kazoo-ordering.ts";
import { RunQueue } from "../../../engine/merge/kazoo-runs.ts";
import { NoOrdering } from "../../../engine/merge/none.ts";
import { type Element, elementCount } from "../../../engine/task/element.ts";
import { type Contents, elementAt, type Item, randomContents } from "../replication/kazoo/contents.ts";

const LOG = { onArrived: () => {}, onBarrier: () => {}, snapshot: () => {}, restore: () => {} };

/** `a` record, `3` heartbeat, `3!` flagged heartbeat, `.` end. */
function parsed(line: string): Item[] {
  return line.split(" ").map((word): Item => {
    if (word === ".") return { kind: "end" };
    const heartbeat = Number.parseInt(word, 10);
    if (Number.isNaN(heartbeat)) return { kind: "record" };
    return { kind: "heartbeat", heartbeat, flagged: word.endsWith("!") };
  });
}

function offerAll(merge: KaZoo, contents: Contents, most: () => number, from: readonly number[] = []): void {
  for (const [channel, items] of contents.entries()) {
    for (let first = from[channel] ?? 1; first <= items.length; ) {
      const element = elementAt(items, first, most());
      merge.offer(channel, element);
      first += elementCount(element);
    }
  }
}

/** What comes out: `0:1` for number 1 of channel 0, `HB1`, `snapshot2`; at most `most` events. */
function drain(merge: KaZoo, most = Number.POSITIVE_INFINITY): string[] {
  const order: string[] = [];
  for (let left = most; left > 0; left--) {
    const event = merge.next();
    if (event === null) break;
    if (event.kind === "barrier") order.push(`snapshot${event.checkpointId}`);
    else if (event.kind === "forward") order.push(`HB${event.heartbeat}`);
    else {
      const { first } = event.element;
      for (let number = first; number < first + elementCount(event.element); number++)
        order.push(`${event.channel}:${number}`);
    }
  }
  return order;
}

/** Orders that let everything out, in bits. */
function someOrders(ordering: KaZooOrdering, random: Random): (readonly number[])[] {
  const orders: (readonly number[])[] = [];
  ordering.begin();
  for (let order = ordering.take(1 + random.below(4)); order !== null; order = ordering.take(1 + random.below(4)))
    orders.push(order);
  return orders;
}

describe("KaZoo", () => {
  it("delivers as ordered, whatever arrives first, and nothing that is not ordered (golden vector)", () => {
    const contents = ["a a 1 a 2! a .", "b 1 b b 2! ."].map(parsed);
    const merge = new KaZoo(2, LOG);
    merge.onOrder([1, 1, 0, 3, 1, 1]);
    assert.deepEqual(drain(merge), []);
    offerAll(merge, contents, () => 9);
    assert.deepEqual(drain(merge), "1:1 0:1 0:2 0:3 1:2 HB1".split(" "));
    merge.onOrder([0, 2, 1, 2]);
    merge.onOrder([1, 1]);
    merge.onOrder([0, 2, 1, 1]);
    assert.deepEqual(drain(merge), "0:4 0:5 1:3 1:4 1:5 snapshot2 HB2 0:6 0:7 1:6".split(" "));
    assert.equal(merge.queued, 0);
  });

  it("gives slices, not records: an order that covers whole elements is as many events as there are elements", () => {
    const merge = new KaZoo(1, LOG);
    offerAll(merge, [parsed(`${"a ".repeat(1000)}.`)], () => 500);
    merge.onOrder([0, 700]);
    merge.onOrder([0, 301]);
    const counts: number[] = [];
    for (let event = merge.next(); event !== null; event = merge.next())
      if (event.kind === "element") counts.push(elementCount(event.element));
    assert.deepEqual(counts, [500, 500, 1], "runs of one channel join");
  });

  it("delivers the same however the elements were cut on their way", () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = new Random(seed);
      const contents = randomContents(random, 1 + random.below(4));
      const leader = new KaZoo(contents.length, LOG);
      offerAll(leader, contents, () => 1 + random.below(4));
      const orders = someOrders(leader.ordering as KaZooOrdering, random);
      const results = [1, 2, 99].map((most) => {
        const merge = new KaZoo(contents.length, LOG);
        // Orders may come before what they name, or after it.
        const isEarly = random.below(2) === 0;
        if (isEarly) for (const order of orders) merge.onOrder(order);
        offerAll(merge, contents, () => most);
        if (!isEarly) for (const order of orders) merge.onOrder(order);
        const order = drain(merge);
        assert.equal(merge.queued, 0);
        return order;
      });
      assert.deepEqual(results[1], results[0], `seed ${seed}`);
      assert.deepEqual(results[2], results[0], `seed ${seed}`);
    }
  });

  it("goes on from a snapshot as if nothing had been", () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = new Random(seed);
      const contents = randomContents(random, 1 + random.below(4));
      const first = new KaZoo(contents.length, LOG);
      offerAll(first, contents, () => 1 + random.below(4));
      const orders = someOrders(first.ordering as KaZooOrdering, random);
      const whole = new KaZoo(contents.length, LOG);
      for (const order of orders) whole.onOrder(order);
      offerAll(whole, contents, () => 2);
      const expected = drain(whole);
      const read = random.below(orders.length + 1);
      for (const order of orders.slice(0, read)) first.onOrder(order);
      const before = drain(first, random.below(expected.length + 1));
      // A snapshot is taken between two elements, not before what follows from one.
      while (before.length < expected.length && !expected[before.length]!.includes(":")) {
        const more = drain(first, 1);
        if (more.length === 0) break;
        before.push(...more);
      }
      const writer = new SnapshotWriter();
      first.snapshot(writer);
      const second = new KaZoo(contents.length, LOG);
      second.restore(new SnapshotReader(writer.finish()), "same");
      for (const order of orders.slice(read)) second.onOrder(order);
      const next = contents.map((_, channel) => 1 + before.filter((word) => word.startsWith(`${channel}:`)).length);
      offerAll(second, contents, () => 1 + random.below(4), next);
      assert.deepEqual([...before, ...drain(second)], expected, `seed ${seed}`);
    }
  });

  it("lets other channels exceed their bound only while what it awaits has not come", () => {
    const merge = new KaZoo(2, LOG);
    assert.ok(!merge.mayExceed(0) && !merge.mayExceed(1));
    merge.offer(1, elementAt(parsed("b"), 1, 1));
    assert.ok(!merge.mayExceed(1));
    merge.onOrder([0, 1, 1, 1]);
    assert.ok(merge.mayExceed(1) && !merge.mayExceed(0));
    assert.deepEqual(merge.blockedChannels(), [1]);
    merge.offer(0, elementAt(parsed("a"), 1, 1));
    assert.ok(!merge.mayExceed(1));
  });

  it("refuses to deliver behind a flagged heartbeat that another channel lacks", () => {
    const merge = new KaZoo(2, LOG);
    offerAll(merge, ["2! a", "b"].map(parsed), () => 1);
    merge.onOrder([0, 2]);
    assert.throws(() => drain(merge), /behind a flagged heartbeat/);
  });
});

describe("KaZoo's ordering", () => {
  const offer = (ordering: KaZooOrdering, channel: number, elements: readonly Element[]) => {
    for (const element of elements) ordering.offer(channel, element);
  };
  const elements = (line: string): Element[] => {
    const items = parsed(line);
    return items.map((_, index) => elementAt(items, index + 1, 1));
  };

  it("orders in the order of arrival, runs joined, each number once", () => {
    const ordering = new KaZooOrdering(2);
    ordering.begin();
    offer(ordering, 1, elements("b b"));
    offer(ordering, 0, elements("a"));
    assert.deepEqual(ordering.take(99), [1, 2, 0, 1]);
    assert.equal(ordering.take(99), null);
    assert.ok(ordering.unread);
    ordering.onOrdered(1, 2);
    ordering.onOrdered(0, 1);
    assert.ok(!ordering.unread);
  });

  it("stops each channel at a flagged heartbeat until it is ordered on all that have not ended", () => {
    const ordering = new KaZooOrdering(3);
    ordering.begin();
    offer(ordering, 0, elements("a 2! a a"));
    offer(ordering, 1, elements("b"));
    offer(ordering, 2, elements("c ."));
    assert.deepEqual(ordering.take(99), [0, 2, 1, 1, 2, 2]);
    assert.equal(ordering.take(99), null);
    ordering.offer(1, elementAt(parsed("b 2!"), 2, 1));
    assert.deepEqual(ordering.take(99), [1, 1, 0, 2]);
  });

  it("orders, when it comes to lead, what has arrived beyond what is ordered, also where it lags itself", () => {
    const ordering = new KaZooOrdering(2);
    ordering.onOrdered(0, 3);
    offer(ordering, 0, elements("a a"));
    offer(ordering, 1, elements("b"));
    ordering.begin();
    assert.deepEqual(ordering.take(99), [1, 1]);
    const late = parsed("a a a a");
    ordering.offer(0, elementAt(late, 3, 2));
    assert.deepEqual(ordering.take(99), [0, 1]);
  });

  it("bounds an order and keeps the rest for the next one", () => {
    const ordering = new KaZooOrdering(2);
    ordering.begin();
    for (let number = 1; number <= 4; number++) {
      for (const channel of [0, 1]) ordering.offer(channel, elementAt(parsed("a a a a"), number, 1));
    }
    assert.equal(ordering.take(3)!.length, 6);
    assert.ok(ordering.take(99) !== null);
    assert.equal(ordering.take(99), null);
  });
});

describe("a queue of runs", () => {
  it("is a queue of what was pushed, number by number", () => {
    const run = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(fc.array(fc.oneof(run, fc.constant(null)), { maxLength: 200 }), (actions) => {
        const queue = new RunQueue();
        const model: number[] = [];
        for (const action of actions) {
          if (action !== null) {
            queue.push(...action);
            for (let left = action[1]; left > 0; left--) model.push(action[0]);
          } else if (queue.count > 0) {
            const count = Math.ceil(queue.count / 2);
            assert.deepEqual(model.splice(0, count), new Array(count).fill(queue.channel));
            queue.take(count);
          }
          const runs = queue.toArray();
          const left: number[] = [];
          for (let at = 0; at < runs.length; at += 2) for (let n = runs[at + 1]!; n > 0; n--) left.push(runs[at]!);
          assert.deepEqual(left, model);
        }
      }),
    );
  });
});

describe("no ordering", () => {
  it("delivers in order of arrival, everything once, cut at flagged heartbeats, also after a restore", () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(seed);
      const contents = randomContents(random, 1 + random.below(4));
      let merge = new NoOrdering(contents.length);
      const at = contents.map(() => 1);
      const order: string[] = [];
      for (;;) {
        const open = contents.flatMap((items, channel) => (at[channel]! <= items.length ? [channel] : []));
        if (open.length === 0) break;
        const channel = open[random.below(open.length)]!;
        const element = elementAt(contents[channel]!, at[channel]!, 3);
        merge.offer(channel, element);
        at[channel]! += elementCount(element);
        order.push(...drain(merge));
        if (random.below(10) > 0) continue;
        const writer = new SnapshotWriter();
        merge.snapshot(writer);
        merge = new NoOrdering(contents.length);
        merge.restore(new SnapshotReader(writer.finish()), "same");
        // What was queued is sent again.
        for (const own of contents.keys()) at[own] = 1 + order.filter((word) => word.startsWith(`${own}:`)).length;
      }
      const numbers = contents.flatMap((items, channel) => items.map((_, index) => `${channel}:${index + 1}`));
      assert.deepEqual(order.filter((word) => word.includes(":")).toSorted(), numbers.toSorted(), `seed ${seed}`);
      const flags = new Set(
        contents.flat().map((item) => (item.kind === "heartbeat" && item.flagged ? item.heartbeat : 0)),
      );
      flags.delete(0);
      assert.equal(order.filter((word) => word.startsWith("snapshot")).length, flags.size, `seed ${seed}`);
    }
  });
});
