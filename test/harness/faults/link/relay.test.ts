import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { monotonicUs } from "../../../../base/clock.ts";
import type { FlowPattern, Treatment } from "../../../../harness/faults/link/rules.ts";
import { End, Rig } from "./rig.ts";

const BOTH: readonly FlowPattern[] = [
  { from: ["left"], to: ["right"] },
  { from: ["right"], to: ["left"] },
];
const THERE: readonly FlowPattern[] = [{ from: ["left"], to: ["right"] }];
const PARTITION: Treatment = { kind: "block", newToo: true };
const BLACKHOLE: Treatment = { kind: "block", newToo: false };
const delayOf = (ms: number, jitterMs = 0): Treatment => ({ kind: "delay", ms, jitterMs, seed: 1 });

test("without a rule bytes pass both ways, also after one side has said that it ends", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  client.socket.end("a question");
  await server.until(({ hasEnded }) => hasEnded, "the end of the question");
  assert.equal(server.text, "a question");
  server.socket.end("an answer");
  await client.until(({ hasEnded }) => hasEnded, "the end of the answer");
  assert.deepEqual([client.text, client.error], ["an answer", null]);
  const there = await rig.link("left", "right");
  const back = await rig.link("right", "left");
  assert.deepEqual([there?.connections, there?.delivered, back?.connections, back?.delivered], [1, 10, 0, 9]);
});

test("a delay of 25 ± 10 ms: an echo takes about 25 ms in the median and never less than 15", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  server.socket.on("data", (chunk) => server.send(chunk));
  const rule = await rig.rule(THERE, delayOf(25, 10));
  const timesMs: number[] = [];
  for (let i = 1; i <= 41; i++) {
    const sentUs = monotonicUs();
    client.send("e");
    await client.until(({ length }) => length === i, `echo ${i}`);
    timesMs.push((monotonicUs() - sentUs) / 1000);
  }
  timesMs.sort((a, b) => a - b);
  assert.ok(timesMs[0]! >= 14, `the least is ${timesMs[0]} ms`);
  // 41 draws of a uniform ± 10 ms: the median of the draws itself strays by 1.6 ms (1 σ).
  assert.ok(Math.abs(timesMs[20]! - 25) < 2 + 3 * 1.6, `the median is ${timesMs[20]} ms`);
  await rig.heal(rule);
  const { evidence } = rig.done(rule)!;
  assert.ok(evidence!.pieces === 41 && evidence!.meanAddedUs > 20_000 && evidence!.meanAddedUs < 30_000);
});

test("a delay without jitter is met within 2 ms in the median", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  server.socket.on("data", (chunk) => server.send(chunk));
  await rig.rule(THERE, delayOf(10));
  const timesMs: number[] = [];
  for (let i = 1; i <= 31; i++) {
    const sentUs = monotonicUs();
    client.send("e");
    await client.until(({ length }) => length === i, `echo ${i}`);
    timesMs.push((monotonicUs() - sentUs) / 1000);
  }
  const median = timesMs.sort((a, b) => a - b)[15]!;
  assert.ok(median > 9 && median < 12, `${median} ms`);
});

test("jitter changes when bytes arrive, never their order", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const rule = await rig.rule(THERE, delayOf(6, 6));
  let sent = "";
  for (let i = 0; i < 200; i++) {
    const message = `${i};`;
    sent += message;
    client.send(message);
    if (i % 10 === 0) await rig.counters(); // pieces of their own
  }
  await server.until(({ text }) => text.length === sent.length, "all messages");
  assert.equal(server.text, sent);
  await rig.heal(rule);
  assert.ok(rig.done(rule)!.evidence!.pieces > 5);
});

test("a blackhole: open connections carry nothing and stay open, new ones work, healing loses nothing", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const rule = await rig.rule(BOTH, BLACKHOLE);
  client.send("held");
  server.send("too");
  const other = await rig.pair("left", "right");
  other.client.send("passes");
  await other.server.until(({ text }) => text === "passes", "the new connection");
  await rig.counters();
  assert.deepEqual([server.text, client.text, server.error, server.hasEnded], ["", "", null, false]);
  assert.equal(rig.seen(rule)[0]?.what, "4 bytes left->right held back");
  client.send(" back");
  await rig.heal(rule);
  await server.until(({ text }) => text === "held back", "what was held");
  await client.until(({ text }) => text === "too", "what was held the other way");
});

test("what is held is bounded: the sender feels that nobody reads, and gets everything through after healing", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const rule = await rig.rule(THERE, PARTITION);
  const bytes = Buffer.alloc(32 * 2 ** 20, "0123456789");
  let isTaken = false;
  client.socket.write(bytes, () => {
    isTaken = true;
  });
  let before = -1;
  let now = 0;
  for (let looks = 0; now !== before || now === 0; looks++) {
    assert.ok(looks < 2_000, "it never stops reading");
    before = now;
    await delay(5);
    now = (await rig.link("left", "right"))!.bytes;
  }
  assert.ok(now <= 256 * 1024 + 64 * 1024, `${now} bytes are held`);
  assert.equal(isTaken, false);
  await rig.heal(rule);
  await server.until(({ length }) => length === bytes.length, "all bytes");
  assert.ok(server.received.equals(bytes));
});

test("a one-way partition: nothing goes there, answers still come back, and no new connection is made", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const rule = await rig.rule(THERE, PARTITION);
  client.send("lost for now");
  server.send("comes");
  await client.until(({ text }) => text === "comes", "the way back");
  // A handshake needs both directions, whoever asks for it. It is accepted by the relay and then silent.
  const silent = await rig.open("left", "right");
  silent.send("hello");
  const opposite = await rig.open("right", "left");
  await rig.counters();
  assert.deepEqual([server.text, rig.waitingAt("right"), rig.waitingAt("left")], ["", 0, 0]);
  await rig.heal(rule);
  await server.until(({ text }) => text === "lost for now", "what was held");
  const late = await rig.nextAt("right");
  await late.until(({ text }) => text === "hello", "the connection that waited");
  await rig.nextAt("left");
  opposite.socket.destroy();
  assert.equal(rig.done(rule)!.evidence!.heldConnections, 2);
});

test("a partition hides that the other end is gone; healing tells", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const rule = await rig.rule(BOTH, PARTITION);
  client.send("last words");
  await rig.counters();
  client.socket.resetAndDestroy();
  await rig.counters();
  assert.deepEqual([server.text, server.error, server.hasEnded], ["", null, false]);
  await rig.heal(rule);
  await server.until(({ error, hasEnded }) => error !== null || hasEnded, "the break");
  assert.equal(server.text, "last words");
});

test("a reset breaks both ends at once, other links go on, and one may connect again", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const bystander = await rig.pair("third", "right");
  await rig.reset([{ from: ["right"], to: ["left"] }]); // also connections that the other side has opened
  await client.until(({ error }) => error !== null, "the client's error");
  await server.until(({ error }) => error !== null, "the server's error");
  assert.deepEqual([client.error, server.error], ["ECONNRESET", "ECONNRESET"]);
  bystander.client.send("unharmed");
  await bystander.server.until(({ text }) => text === "unharmed", "the other link");
  const again = await rig.pair("left", "right");
  again.client.send("again");
  await again.server.until(({ text }) => text === "again", "the new connection");
  assert.equal(rig.seen(1)[0]?.what, "1 connections reset");
  assert.equal((await rig.link("left", "right"))?.resets, 1);
});

test("a reset of a link without connections has done nothing, and says so", async (t) => {
  const rig = await Rig.start(t);
  await rig.pair("third", "right");
  await rig.reset(BOTH);
  assert.deepEqual([rig.seen(1), rig.done(1)?.resets], [[], 0]);
});

test("a rate of 512 KiB/s: 128 KiB take a quarter of a second, not less", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const rule = await rig.rule(THERE, { kind: "rate", bytesPerSecond: 512 * 1024 });
  const bytes = Buffer.alloc(128 * 1024, "abc");
  const sentUs = monotonicUs();
  client.send(bytes);
  await server.until(({ length }) => length > 0, "the first bytes");
  assert.ok(server.length < bytes.length / 4, "not all at once");
  await server.until(({ length }) => length === bytes.length, "all bytes");
  const tookMs = (monotonicUs() - sentUs) / 1000;
  assert.ok(tookMs > 240 && tookMs < 1_000, `${tookMs} ms`);
  assert.ok(server.received.equals(bytes));
  await rig.heal(rule);
  assert.equal(rig.done(rule)!.evidence!.bytes, bytes.length);
});

test("healing a long delay delivers what is under way at once", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const rule = await rig.rule(THERE, delayOf(60_000));
  client.socket.end("late");
  await rig.counters();
  assert.equal(server.text, "");
  await rig.heal(rule);
  await server.until(({ hasEnded }) => hasEnded, "the delayed bytes");
  assert.equal(server.text, "late");
});

test("two rules on one link hold both: delays add up, and one that goes leaves the other", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const long = await rig.rule(THERE, delayOf(60_000));
  await rig.rule(THERE, delayOf(30));
  client.send("x");
  const sentUs = monotonicUs();
  await rig.counters();
  await rig.heal(long);
  await server.until(({ text }) => text === "x", "the byte");
  const tookMs = (monotonicUs() - sentUs) / 1000;
  assert.ok(tookMs > 27 && tookMs < 200, `${tookMs} ms`);
});

test("a rule on a link without traffic is never seen to do anything", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("third", "right");
  const rules = [await rig.rule(BOTH, PARTITION), await rig.rule(BOTH, delayOf(1))];
  client.send("by");
  await server.until(({ text }) => text === "by", "the other link");
  for (const rule of rules) {
    await rig.heal(rule);
    assert.deepEqual([rig.seen(rule), rig.done(rule)?.evidence?.firstUs], [[], null]);
  }
});

test("a server that is yet to start finds its connections waiting; one that refuses breaks them", async (t) => {
  const rig = await Rig.start(t);
  const address = rig.relay.spares[0]!;
  await rig.relay.obey({ order: "assign", role: "later", address });
  const client = new End(connect({ host: "127.0.0.1", port: Number(address.split(":")[1]) }));
  client.send("early");
  await rig.counters();
  assert.equal(client.error, null);
  // Nobody listens on port 1.
  await rig.relay.obey({ order: "upstream", role: "later", address: "127.0.0.1:1" });
  await client.until(({ error }) => error !== null, "the refusal");
  assert.equal(client.error, "ECONNRESET");
});

test("whatever comes and goes on a link, the bytes arrive whole and in order", async (t) => {
  const rig = await Rig.start(t);
  const { client, server } = await rig.pair("left", "right");
  const treatments: readonly Treatment[] = [delayOf(2, 2), PARTITION, BLACKHOLE, { kind: "rate", bytesPerSecond: 2e7 }];
  const step = fc.oneof(
    fc.record({ kind: fc.constant("send" as const), bytes: fc.integer({ min: 1, max: 60_000 }) }),
    fc.record({ kind: fc.constant("rule" as const), what: fc.integer({ min: 0, max: treatments.length - 1 }) }),
    fc.record({ kind: fc.constant("turn" as const) }),
  );
  let sent = Buffer.alloc(0);
  const property = fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 20 }), async (steps) => {
    const rules: number[] = [];
    for (const one of steps) {
      if (one.kind === "send") {
        const bytes = Buffer.from(Array.from({ length: one.bytes }, (_, i) => (sent.length + i) & 255));
        sent = Buffer.concat([sent, bytes]);
        client.send(bytes);
      } else if (one.kind === "rule") rules.push(await rig.rule(THERE, treatments[one.what]!));
      else await rig.counters();
    }
    for (const rule of rules) await rig.heal(rule);
    await server.until(({ length }) => length === sent.length, "all bytes");
    assert.ok(server.received.equals(sent));
  });
  await fc.assert(property, { numRuns: 20, endOnFailure: true });
});
