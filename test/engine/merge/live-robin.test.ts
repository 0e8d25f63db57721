import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../base/random.ts";
import { SnapshotReader, SnapshotWriter } from "../../../engine/checkpoint/snapshot.ts";
import { LiveRobin } from "../../../engine/merge/live-robin.ts";
import type { Element } from "../../../engine/task/element.ts";

/** What a channel holds: a record (its name), a heartbeat (its number, negative: flagged with a checkpoint of that id), or its end. */
type Content = string | number | null;

const PAYLOAD = new Uint8Array(0);

function elementOf(content: Content, first: number): Element {
  if (content === null) return { kind: "end", first };
  if (typeof content === "string") return { kind: "records", first, count: 1, skip: 0, payload: PAYLOAD };
  const checkpointId = content < 0 ? -content : null;
  return { kind: "heartbeat", first, heartbeat: Math.abs(content), watermarkMs: 0, checkpointId };
}

/** Offers the contents of all channels, in the interleaving that `pick` chooses, draining in between when it says so. */
function deliver(
  channels: readonly (readonly Content[])[],
  random: Random | null,
  merge = new LiveRobin(channels.length),
) {
  const order: string[] = [];
  const at = channels.map(() => 0);
  const drain = () => {
    for (let event = merge.next(); event !== null; event = merge.next()) {
      if (event.kind === "forward")
        order.push(event.checkpointId === null ? `HB${event.heartbeat}` : `HB${event.heartbeat}!`);
      else if (event.kind === "barrier") order.push(`snapshot${event.checkpointId}`);
      else if (event.element.kind === "records") order.push(String(channels[event.channel]![event.element.first - 1]));
      else if (event.element.kind === "end") order.push(`end${event.channel}`);
    }
  };
  for (;;) {
    const open = channels.flatMap((contents, channel) => (at[channel]! < contents.length ? [channel] : []));
    if (open.length === 0) break;
    const channel = open[random?.below(open.length) ?? 0]!;
    const content = channels[channel]![at[channel]!]!;
    merge.offer(channel, elementOf(content ?? null, ++at[channel]!));
    if (random === null || random.below(2) === 0) drain();
  }
  drain();
  return { order, queued: merge.queued, merge };
}

const words = (line: string) => line.split(" ");
const even = (n: number) =>
  Array.from({ length: n }, (_, channel) => {
    const name = String.fromCharCode(65 + channel);
    return Array.from({ length: 8 }, (_, epoch) => [`${name}${epoch}`, epoch]).flat();
  });
const parsed = (line: string): Content[] =>
  words(line).map((word) => (word.startsWith("H") ? Number(word.slice(1)) : word));

const GOLDEN: readonly (readonly [string, readonly (readonly Content[])[], string])[] = [
  ["2 even channels", even(2), "A0 A1 HB1 B0 B1 A2 HB2 B2 B3 HB3 A3 A4 HB4 B4 B5 HB5 A5 A6 HB6 B6 B7 HB7 A7"],
  [
    "3 even channels",
    even(3),
    "A0 A1 HB1 C0 C1 B0 B1 B2 HB2 A2 C2 C3 HB3 B3 A3 A4 HB4 C4 B4 B5 HB5 A5 C5 C6 HB6 B6 A6 A7 HB7 C7 B7",
  ],
  [
    "4 even channels",
    even(4),
    "A0 A1 HB1 C0 D0 D1 C1 B0 B1 D2 HB2 B2 C2 A2 A3 HB3 C3 D3 B3 B4 HB4 D4 A4 C4 C5 HB5 A5 B5 D5 D6 HB6 B6 C6 A6 A7 HB7 C7 D7 B7",
  ],
  [
    "5 even channels",
    even(5),
    "A0 A1 HB1 E0 E1 D0 D1 C0 C1 B0 B1 B2 HB2 A2 E2 D2 C2 C3 HB3 B3 A3 E3 D3 D4 HB4 C4 B4 A4 E4 E5 HB5 D5 C5 B5 A5 A6 HB6 E6 D6 C6 B6 B7 HB7 A7 E7 D7 C7",
  ],
  [
    "2 uneven channels",
    [parsed("a0 a1 H0 a2 H1 H2 a3 a4 a5 H3 a6 H4"), parsed("H0 b0 H1 b1 b2 H2 H3 b3 H4 b4")],
    "a0 a1 a2 HB1 b0 HB2 b1 b2 HB3 a3 a4 a5 a6 HB4 b3 b4",
  ],
  [
    "3 uneven channels",
    [
      parsed("a0 a1 H0 a2 H1 H2 a3 a4 a5 H3 a6 H4"),
      parsed("H0 b0 H1 b1 b2 H2 H3 b3 H4 b4"),
      parsed("c0 H0 H1 c1 H2 c2 H3 c3 c4 H4"),
    ],
    "a0 a1 a2 HB1 c0 b0 b1 b2 HB2 c1 c2 HB3 a3 a4 a5 a6 HB4 c3 c4 b3 b4",
  ],
];

/** Contents of `channels` channels: random records between the heartbeats 1 … n, each channel ending after any of them. */
function randomContents(random: Random, channels: number): Content[][] {
  return Array.from({ length: channels }, (_, channel) => {
    const contents: Content[] = [];
    const heartbeats = random.below(8);
    for (let heartbeat = 1; heartbeat <= heartbeats + 1; heartbeat++) {
      for (let left = random.below(4); left > 0; left--) contents.push(`${channel}.${contents.length}`);
      if (heartbeat <= heartbeats) contents.push(heartbeat);
    }
    return [...contents, null];
  });
}

/** The order of the published algorithm, word for word (`on element e of channel c` …), for contents that have all arrived. */
function published(channels: readonly (readonly Content[])[]): string[] {
  const n = channels.length;
  const at = channels.map(() => 0);
  const hbAt = channels.map(() => 0);
  const order: string[] = [];
  let [cur, currentHB, highestHB] = [0, 0, 0];
  for (;;) {
    const x = channels[cur]![at[cur]!++];
    if (x === undefined || x === null) return order;
    if (typeof x === "string") {
      order.push(x);
      continue;
    }
    if (x > highestHB) {
      order.push(`HB${x}`);
      highestHB = x;
    }
    hbAt[cur] = x;
    let pending = n;
    for (let i = n - 1; i >= 1; i--) {
      const ch = (cur + i) % n;
      if (hbAt[ch]! >= currentHB) pending--;
      else cur = ch;
    }
    if (pending === 1) currentHB++;
  }
}

describe("LiveRobin", () => {
  for (const [name, channels, expected] of GOLDEN) {
    it(`delivers ${name} as published`, () => {
      assert.deepEqual(deliver(channels, null).order, words(expected));
    });
  }

  it("delivers the same whatever arrives first, while channels run", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 5 }), (seed, count) => {
        const random = new Random(seed);
        const channels = randomContents(random, count).map((contents) => contents.slice(0, -1));
        assert.deepEqual(deliver(channels, random).order, deliver(channels, null).order);
      }),
      { numRuns: 500 },
    );
  });

  it("loses nothing and stays deterministic to the end of every channel, in 5,000 runs", () => {
    for (let seed = 0; seed < 5000; seed++) {
      const random = new Random(seed);
      const channels = randomContents(random, 1 + random.below(5));
      const { order, queued } = deliver(channels, random);
      assert.equal(queued, 0, `seed ${seed}`);
      assert.deepEqual(order, deliver(channels, random).order, `seed ${seed}`);
      const records = channels.flat().filter((content) => typeof content === "string");
      const delivered = order.filter((word) => word.includes("."));
      assert.deepEqual(delivered.toSorted(), records.toSorted(), `seed ${seed}`);
      for (const channel of channels.keys()) {
        const own = delivered.filter((word) => word.startsWith(`${channel}.`));
        assert.deepEqual(
          own,
          own.toSorted((a, b) => Number(a.split(".")[1]) - Number(b.split(".")[1])),
          `seed ${seed}`,
        );
      }
      const highest = Math.max(...channels.flat().filter((content) => typeof content === "number"), 0);
      const forwarded = order.filter((word) => word.startsWith("HB"));
      assert.deepEqual(
        forwarded,
        Array.from({ length: highest }, (_, index) => `HB${index + 1}`),
        `seed ${seed}`,
      );
    }
  });

  it("gives the published order, whatever the channels hold", () => {
    for (let seed = 0; seed < 2000; seed++) {
      const random = new Random(seed);
      const channels = randomContents(random, 1 + random.below(5)).map((contents) => {
        const running = contents.slice(0, -1);
        return random.below(2) === 0 ? running : [0, ...running];
      });
      assert.deepEqual(deliver(channels, random).order, published(channels), `seed ${seed}`);
    }
  });

  it("loses nothing and stays deterministic when channels pass heartbeats over, and cuts at flagged ones all the same", () => {
    for (let seed = 0; seed < 3000; seed++) {
      const random = new Random(seed);
      const flagged = 2 + random.below(20);
      const channels = Array.from({ length: 1 + random.below(4) }, (_, channel) => {
        const contents: Content[] = [];
        const keepsOneIn = 1 + random.below(6);
        let epoch = 0;
        // Some end early: the turn passes on from them, but not to what lies behind the flagged heartbeat.
        const last = random.below(3) === 0 ? 1 + random.below(30) : 30;
        for (let heartbeat = 1; heartbeat <= last; heartbeat++) {
          for (let left = random.below(2); left > 0; left--) contents.push(`${channel}.${epoch}.${contents.length}`);
          if (heartbeat === flagged) contents.push(-heartbeat);
          else if (heartbeat === last || random.below(keepsOneIn) === 0) contents.push(heartbeat);
          if (heartbeat === flagged) epoch = 1;
        }
        return [...contents, null];
      });
      const { order, queued } = deliver(channels, random);
      assert.equal(queued, 0, `seed ${seed}`);
      assert.deepEqual(order, deliver(channels, random).order, `seed ${seed}`);
      const words = order.filter((word) => word.includes("."));
      assert.equal(words.length, channels.flat().filter((content) => typeof content === "string").length);
      const at = order.indexOf(`snapshot${flagged}`);
      // All have ended before.
      if (at < 0) continue;
      const past = order.slice(0, at).filter((word) => word.includes("."));
      assert.deepEqual(
        past,
        words.filter((word) => word.split(".")[1] === "0"),
        `seed ${seed}`,
      );
    }
  });

  it("forwards a flagged heartbeat when all have shown it, right after its snapshot, and cuts every channel there", () => {
    for (let seed = 0; seed < 1000; seed++) {
      const random = new Random(seed);
      const flagged = 2 + random.below(4);
      const channels = Array.from({ length: 1 + random.below(5) }, (_, channel) => {
        const contents: Content[] = [];
        for (let heartbeat = 1; heartbeat <= 7; heartbeat++) {
          for (let left = random.below(3); left > 0; left--) contents.push(`${channel}.${heartbeat}.${left}`);
          contents.push(heartbeat === flagged ? -heartbeat : heartbeat);
        }
        return [...contents, null];
      });
      const { order } = deliver(channels, random);
      const at = order.indexOf(`snapshot${flagged}`);
      assert.equal(order[at + 1], `HB${flagged}!`, `seed ${seed}`);
      const before = order.slice(0, at).filter((word) => word.includes("."));
      const due = channels.flat().filter((word) => typeof word === "string" && Number(word.split(".")[1]) <= flagged);
      assert.deepEqual(before.toSorted(), due.toSorted(), `seed ${seed}`);
    }
  });

  it("lets a channel exceed its bound only while it lacks the heartbeat that the turn waits for", () => {
    const merge = new LiveRobin(2);
    merge.offer(1, elementOf("b0", 1));
    assert.ok(merge.mayExceed(1));
    merge.offer(1, elementOf(1, 2));
    assert.ok(!merge.mayExceed(1));
    merge.offer(0, elementOf(1, 1));
    while (merge.next() !== null);
    merge.offer(0, elementOf("a0", 2));
    assert.ok(merge.mayExceed(0));
    merge.offer(0, elementOf(2, 3));
    assert.ok(!merge.mayExceed(0));
    merge.offer(0, elementOf(null, 4));
    assert.ok(!merge.mayExceed(0));
  });

  it("continues from a snapshot as if nothing had been", () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(seed);
      const channels = even(1 + random.below(5));
      const cut = channels.map((contents) => contents.slice(0, 2 * (2 + random.below(3))));
      const first = deliver(cut, random);
      // What the first merge has not delivered is sent to the second again.
      const done = new Set(first.order);
      const rest = channels.map((contents, channel) => {
        let processed = cut[channel]!.length;
        const left = cut[channel]!.filter((content) => typeof content === "string" && !done.has(content)).length;
        if (first.queued > 0) processed -= 2 * left;
        return contents.slice(processed);
      });
      if (first.queued % 2 === 1) continue;
      const writer = new SnapshotWriter();
      first.merge.snapshot(writer);
      const second = new LiveRobin(channels.length);
      second.restore(new SnapshotReader(writer.finish()), "same");
      const { order } = deliver(rest, random, second);
      assert.deepEqual([...first.order, ...order], deliver(channels, null).order, `seed ${seed}`);
    }
  });

  it("continues from a snapshot between the channels of a checkpoint: its heartbeat goes on all the same", () => {
    for (let channels = 2; channels <= 4; channels++) {
      // Heartbeat 2 is flagged.
      const contents = even(channels).map((content) => content.map((one) => (one === 2 ? -2 : one)));
      const wanted = deliver(contents, null).order;
      const first = new LiveRobin(channels);
      for (const [channel, content] of contents.entries()) {
        for (const [index, one] of content.entries()) first.offer(channel, elementOf(one, index + 1));
      }
      const processed = contents.map(() => 0);
      const order: string[] = [];
      let merge = first;
      const flagged = { channels: 0 };
      for (let event = merge.next(); event !== null; event = merge.next()) {
        if (event.kind === "forward") order.push(`HB${event.heartbeat}${event.checkpointId === null ? "" : "!"}`);
        if (event.kind === "barrier") order.push(`snapshot${event.checkpointId}`);
        if (event.kind !== "element") continue;
        const { channel, element } = event;
        processed[channel] = element.first;
        if (element.kind === "records") order.push(String(contents[channel]![element.first - 1]));
        if (element.kind !== "heartbeat" || element.checkpointId === null || ++flagged.channels !== 1) continue;
        const writer = new SnapshotWriter();
        merge.snapshot(writer);
        merge = new LiveRobin(channels);
        merge.restore(new SnapshotReader(writer.finish()), "same");
        for (const [other, content] of contents.entries()) {
          for (let index = processed[other]!; index < content.length; index++) {
            merge.offer(other, elementOf(content[index]!, index + 1));
          }
        }
      }
      assert.deepEqual(order, wanted, `${channels} channels`);
    }
  });
});
