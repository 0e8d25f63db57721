import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../base/random.ts";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { TimeBias } from "../../../engine/merge/time-bias.ts";
import { BinaryRowReader, BinaryRowWriter } from "../../../engine/rows/binary.ts";
import type { Element } from "../../../engine/task/element.ts";
import { elementCount } from "../../../engine/task/element.ts";
import { TINY, tinyBatch, tinyRows } from "../simulation/tiny-rows.ts";

/** What a channel holds: a row with this event time, a heartbeat (`flagged`: with the checkpoint of its number), or its end. */
type Content =
  | { readonly time: number }
  | { readonly heartbeat: number; readonly flagged: boolean }
  | { readonly end: true };

/** `4` row with event time 4, `h1` heartbeat 1, `h2!` flagged, `.` end. */
function parsed(line: string): Content[] {
  return line.split(" ").map((word): Content => {
    if (word === ".") return { end: true };
    if (!word.startsWith("h")) return { time: Number(word) };
    return { heartbeat: Number.parseInt(word.slice(1), 10), flagged: word.endsWith("!") };
  });
}

const isRow = (content: Content | undefined): content is { readonly time: number } =>
  content !== undefined && "time" in content;

/** The element that begins at number `first` of the channel: of rows at most `most`; `skip` rows before it are in the payload too. */
function elementAt(channel: number, contents: readonly Content[], first: number, most: number, skip = 0): Element {
  const content = contents[first - 1]!;
  if ("end" in content) return { kind: "end", first };
  if ("heartbeat" in content) {
    const { heartbeat, flagged } = content;
    return { kind: "heartbeat", first, heartbeat, watermarkMs: 0, checkpointId: flagged ? heartbeat : null };
  }
  let skipped = 0;
  while (skipped < skip && isRow(contents[first - 2 - skipped])) skipped++;
  const writer = new BinaryRowWriter(TINY);
  let count = 0;
  for (let number = first - skipped; isRow(contents[number - 1]) && number < first + most; number++) {
    const { time } = contents[number - 1] as { readonly time: number };
    writer.append(tinyBatch([{ key: channel, value: number, time }]), 0);
    if (number >= first) count++;
  }
  return { kind: "records", first, count, skip: skipped, payload: writer.take() };
}

interface Run {
  /** `0:3` for number 3 of channel 0, `HB1`, `HB2!`, `snapshot2`. */
  readonly order: string[];
  readonly merge: TimeBias;
}

function drain(merge: TimeBias, order: string[], most = Number.POSITIVE_INFINITY): void {
  const reader = new BinaryRowReader(TINY, 3);
  for (let left = most; left > 0; left--) {
    const event = merge.next();
    if (event === null) return;
    if (event.kind === "forward") order.push(`HB${event.heartbeat}${event.checkpointId === null ? "" : "!"}`);
    else if (event.kind === "barrier") order.push(`snapshot${event.checkpointId}`);
    else if (event.element.kind !== "records") order.push(`${event.channel}:${event.element.first}`);
    else {
      const { payload, skip, count, first } = event.element;
      const numbers: number[] = [];
      reader.decode(payload, skip, count, (batch) => {
        for (const { key, value } of tinyRows(batch)) {
          assert.equal(key, event.channel);
          numbers.push(value);
        }
      });
      assert.deepEqual(
        numbers,
        Array.from({ length: count }, (_, index) => first + index),
      );
      order.push(...numbers.map((number) => `${event.channel}:${number}`));
    }
  }
}

/** Offers what the channels hold from `from` on, cut and interleaved as `random` says, and takes what comes in between. */
function deliver(
  channels: readonly (readonly Content[])[],
  random: Random,
  { merge = new TimeBias(channels.length), from = channels.map(() => 1) } = {},
): Run {
  const order: string[] = [];
  const at = [...from];
  for (;;) {
    const open = channels.flatMap((contents, channel) => (at[channel]! <= contents.length ? [channel] : []));
    if (open.length === 0) break;
    const channel = open[random.below(open.length)]!;
    const element = elementAt(channel, channels[channel]!, at[channel]!, 1 + random.below(5), random.below(3));
    merge.offer(channel, element);
    at[channel]! += elementCount(element);
    if (random.below(2) === 0) drain(merge, order, random.below(3) === 0 ? 1 : Number.POSITIVE_INFINITY);
  }
  drain(merge, order);
  return { order, merge };
}

/** The same order by sorting: epoch by epoch the rows of the open channels by (stamp, channel), then their heartbeats. */
function sorted(channels: readonly (readonly Content[])[]): string[] {
  const at = channels.map(() => 0);
  const shown = channels.map(() => 0);
  const order: string[] = [];
  let flag = 0;
  for (;;) {
    const epoch = Math.min(...shown);
    if (epoch === Number.POSITIVE_INFINITY) return order;
    const rows: { stamp: number; channel: number; number: number }[] = [];
    const last: string[] = [];
    for (const [channel, contents] of channels.entries()) {
      if (shown[channel] !== epoch) continue;
      let stamp = Number.NEGATIVE_INFINITY;
      for (let next = contents[at[channel]!]; isRow(next); next = contents[at[channel]!]) {
        if (next.time > stamp) stamp = next.time;
        rows.push({ stamp, channel, number: ++at[channel]! });
      }
      const closing = contents[at[channel]!++]!;
      last.push(`${channel}:${at[channel]}`);
      shown[channel] = "heartbeat" in closing ? closing.heartbeat : Number.POSITIVE_INFINITY;
      if ("heartbeat" in closing && closing.flagged) flag = closing.heartbeat;
    }
    rows.sort((a, b) => (a.stamp === b.stamp ? 0 : a.stamp - b.stamp) || a.channel - b.channel || a.number - b.number);
    order.push(...rows.map(({ channel, number }) => `${channel}:${number}`), ...last);
    const complete = Math.min(...shown);
    if (complete === flag) order.push(`snapshot${flag}`, `HB${flag}!`);
    else if (complete > epoch && complete !== Number.POSITIVE_INFINITY) order.push(`HB${complete}`);
  }
}

/** Rows with times that often tie and sometimes fall back, between heartbeats; flagged ones on all channels, others may be passed over. */
function randomContents(random: Random): Content[][] {
  const heartbeats = random.below(9);
  const flagged = new Set<number>();
  for (let heartbeat = 2; heartbeat <= heartbeats; heartbeat++) if (random.below(3) === 0) flagged.add(heartbeat);
  return Array.from({ length: 1 + random.below(5) }, () => {
    const contents: Content[] = [];
    const last = random.below(4) === 0 ? random.below(heartbeats + 1) : heartbeats;
    for (let heartbeat = 1; heartbeat <= last + 1; heartbeat++) {
      for (let left = random.below(6); left > 0; left--)
        contents.push({ time: random.below(40) === 0 ? Number.NaN : heartbeat * 3 + random.below(8) });
      if (heartbeat > last || (!flagged.has(heartbeat) && random.below(4) === 0)) continue;
      contents.push({ heartbeat, flagged: flagged.has(heartbeat) });
    }
    return [...contents, { end: true }];
  });
}

const SEEDS = 2000;

describe("TimeBias", () => {
  it("delivers by time within an epoch, ties by channel, rows that are out of order with the one before (golden vector)", () => {
    const channels = ["1 5 2 h1 9 h2! 1 .", "3 5 h1 4 h2! ."].map(parsed);
    assert.deepEqual(
      deliver(channels, new Random(1)).order.join(" "),
      "0:1 1:1 0:2 0:3 1:2 0:4 1:3 HB1 1:4 0:5 0:6 1:5 snapshot2 HB2! 0:7 0:8 1:6",
    );
  });

  it("orders what the channels hold as a sort would, whatever arrives first and however slices are cut, and loses nothing", () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = new Random(seed);
      const channels = randomContents(random);
      const { order, merge } = deliver(channels, random);
      assert.deepEqual(order, sorted(channels), `seed ${seed}`);
      assert.equal(merge.queued, 0, `seed ${seed}`);
      assert.equal(order.filter((word) => word.includes(":")).length, channels.flat().length, `seed ${seed}`);
    }
  });

  it("delivers nothing early that a row still to come could have to precede, and no later than that", () => {
    const merge = new TimeBias(2);
    const order: string[] = [];
    const give = (channel: number, line: string, first: number) => {
      const contents = parsed(line);
      merge.offer(channel, elementAt(channel, contents, first, 9));
      drain(merge, order);
      return order.splice(0).join(" ");
    };
    assert.equal(give(1, "5 6 8 h1", 1), "");
    // Channel 0 may have another row of time 6, which would come before that of channel 1.
    assert.equal(give(0, "6", 1), "1:1 0:1");
    assert.equal(give(0, "6 7", 2), "1:2 0:2");
    assert.equal(give(0, "6 7 h1", 3), "1:3");
    assert.equal(give(1, "5 6 8 h1", 4), "0:3 1:4 HB1");
  });

  it("cuts every channel at a flagged heartbeat and goes on from its snapshot in the next attempt, in all seeds", () => {
    let cuts = 0;
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = new Random(seed);
      const channels = randomContents(random);
      const whole = sorted(channels);
      for (const [place, word] of whole.entries()) {
        if (!word.startsWith("snapshot")) continue;
        cuts++;
        const flag = Number(word.slice("snapshot".length));
        const past = new Set(whole.slice(0, place));
        const counts = channels.map((contents, channel) => {
          const count = contents.findIndex((_, index) => !past.has(`${channel}:${index + 1}`));
          const behind = contents.findIndex((content) => "heartbeat" in content && content.heartbeat === flag) + 1;
          if (behind > 0) assert.equal(count, behind, `seed ${seed}, channel ${channel}`);
          return count < 0 ? contents.length : count;
        });
        const first = new TimeBias(channels.length);
        deliver(
          channels.map((contents, channel) => contents.slice(0, counts[channel])),
          random,
          { merge: first },
        );
        const second = new TimeBias(channels.length);
        const writer = new SnapshotWriter();
        first.snapshot(writer);
        second.restore(new SnapshotReader(writer.finish()), "next");
        // Another attempt has other heartbeats: from 1 again.
        const rest = channels.map((contents, channel) =>
          contents.slice(counts[channel]).map((content): Content => {
            return "heartbeat" in content ? { ...content, heartbeat: content.heartbeat - flag } : content;
          }),
        );
        const ended = rest.map((contents) => contents.length === 0);
        const expected = sorted(rest.map((contents, channel) => (ended[channel] ? [{ end: true }] : contents)));
        const { order } = deliver(rest, random, { merge: second });
        const wanted = expected.filter((word) => !ended[Number(word.split(":")[0])]);
        assert.deepEqual(order, wanted, `seed ${seed}`);
      }
    }
    assert.ok(cuts > SEEDS / 2, `${cuts} cuts`);
  });

  it("goes on from a snapshot between any two elements as if nothing had been; what was queued is sent again", () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = new Random(seed);
      const channels = randomContents(random);
      const whole = sorted(channels);
      const order: string[] = [];
      let merge = new TimeBias(channels.length);
      const at = channels.map(() => 1);
      for (;;) {
        const open = channels.flatMap((contents, channel) => (at[channel]! <= contents.length ? [channel] : []));
        if (open.length === 0) break;
        const channel = open[random.below(open.length)]!;
        const element = elementAt(channel, channels[channel]!, at[channel]!, 1 + random.below(4), random.below(2));
        merge.offer(channel, element);
        at[channel]! += elementCount(element);
        drain(merge, order, 1 + random.below(3));
        if (random.below(8) > 0) continue;
        // What follows from the last element comes first.
        while (/HB|snapshot/.test(whole[order.length] ?? "")) drain(merge, order, 1);
        const writer = new SnapshotWriter();
        merge.snapshot(writer);
        merge = new TimeBias(channels.length);
        merge.restore(new SnapshotReader(writer.finish()), "same");
        for (const own of channels.keys()) at[own] = 1 + order.filter((word) => word.startsWith(`${own}:`)).length;
      }
      drain(merge, order);
      assert.deepEqual(order, whole, `seed ${seed}`);
    }
  });

  it("lets a channel exceed its bound only while the merge waits for another and the channel lacks the heartbeat of the epoch", () => {
    const merge = new TimeBias(2);
    const offer = (channel: number, line: string, first: number) =>
      merge.offer(channel, elementAt(channel, parsed(line), first, 9));
    assert.equal(merge.mayExceed(1), true);
    offer(1, "5 h1", 1);
    assert.equal(merge.mayExceed(1), true);
    assert.equal(merge.mayExceed(0), false);
    offer(0, "7", 1);
    // There is something to deliver: what is queued goes first.
    assert.equal(merge.mayExceed(1), false);
    drain(merge, []);
    assert.deepEqual([merge.queued, merge.mayExceed(1), merge.mayExceed(0)], [1, false, true]);
    offer(1, "5 h1", 2);
    assert.deepEqual([merge.mayExceed(0), merge.mayExceed(1)], [false, false]);
    drain(merge, []);
    // Now channel 0 is what the merge waits for, and channel 1 has all of the epoch.
    assert.deepEqual([merge.queued, merge.mayExceed(0), merge.mayExceed(1)], [1, false, false]);
    assert.deepEqual(merge.blockedChannels(), [1]);
  });

  it("refuses watermarks and barriers, which replicated jobs do not have", () => {
    const merge = new TimeBias(1);
    merge.offer(0, { kind: "barrier", first: 1, checkpointId: 1 });
    assert.throws(() => merge.next(), { code: "assertion-failed" });
  });
});
