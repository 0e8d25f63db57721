import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Random } from "../../../base/random.ts";
import { KaZoo } from "../../../engine/merge/kazoo.ts";
import { LiveRobin } from "../../../engine/merge/live-robin.ts";
import type { Merge } from "../../../engine/merge/merge.ts";
import { TimeBias } from "../../../engine/merge/time-bias.ts";
import { subtaskOf } from "../../../engine/replication/subtask.ts";
import { BinaryRowReader, BinaryRowWriter } from "../../../engine/rows/binary.ts";
import { type Element, elementCount } from "../../../engine/task/element.ts";
import { frameParts } from "../../../engine/task/element-codec.ts";
import { type Frame, frameCost } from "../../../engine/task/frame.ts";
import { InputGate } from "../../../engine/task/input-gate.ts";
import { TINY, tinyBatch, tinyRows } from "../simulation/tiny-rows.ts";
import { ManualScratch } from "./manual-scratch.ts";

/** What a channel holds: rows with these event times, then its next heartbeat, and so on; its end comes behind the last rows. */
type Channel = readonly (readonly number[])[];

type MergeName = "liveRobin" | "timeBias" | "kaZoo";

interface Case {
  readonly merge: MergeName;
  readonly channels: readonly Channel[];
  readonly replicas: number;
  readonly windowBytes: number;
  readonly memoryBytes: number;
  readonly seed: number;
}

/** Elements of a channel, a row each. */
function elementsOf(channel: Channel, name: number): Element[] {
  const elements: Element[] = [];
  channel.forEach((times, epoch) => {
    for (const time of times) {
      const first = elements.length + 1;
      const writer = new BinaryRowWriter(TINY);
      writer.append(tinyBatch([{ key: name, value: first, time }]), 0);
      elements.push({ kind: "records", first, count: 1, skip: 0, payload: writer.take() });
    }
    const first = elements.length + 1;
    if (epoch === channel.length - 1) elements.push({ kind: "end", first });
    else elements.push({ kind: "heartbeat", first, heartbeat: epoch + 1, watermarkMs: 0, checkpointId: null });
  });
  return elements;
}

/** Rows that follow each other, from number `first` on, as one element; anything else alone. */
function cut(elements: readonly Element[], first: number, most: number): Element {
  const run = elements.slice(first - 1, first - 1 + most);
  const end = run.findIndex(({ kind }) => kind !== "records");
  const rows = end < 0 ? run : run.slice(0, end);
  if (rows.length === 0) return run[0]!;
  const payload = Buffer.concat(rows.map((row) => (row.kind === "records" ? row.payload : new Uint8Array(0))));
  return { kind: "records", first, count: rows.length, skip: 0, payload };
}

/** The order that a leader gave its log: any of all elements, runs (channel, count …). */
function drawOrders(all: readonly (readonly Element[])[], random: Random): number[] {
  const left = all.map((elements) => elements.length);
  const runs: number[] = [];
  while (left.some((count) => count > 0)) {
    const open = left.flatMap((count, channel) => (count > 0 ? [channel] : []));
    const channel = open[random.below(open.length)]!;
    const count = Math.min(left[channel]!, 1 + random.below(5));
    left[channel]! -= count;
    runs.push(channel, count);
  }
  return runs;
}

interface Outcome {
  readonly order: string[];
  readonly counters: Record<string, number>;
  readonly scratch: ManualScratch;
}

/** Lets all senders send what their credit allows, one channel much more than the others for a while, until everything has come out. */
function run({ merge: name, channels, replicas, windowBytes, memoryBytes, seed }: Case, spills: boolean): Outcome {
  const random = new Random(seed);
  const all = channels.map(elementsOf);
  const orders = drawOrders(all, new Random(seed));
  const scratch = new ManualScratch();
  const merge = mergeOf(name, channels.length);
  if (merge instanceof KaZoo) merge.onOrder(orders);
  const instances = channels.map((_, channel) => channel);
  const gate = new InputGate({
    attempt: 1,
    subtask: 0,
    edges: [{ edge: 0, input: 0, instances, replicas, feedback: false }],
    windowBytes,
    overflow: { memoryBytes: spills ? memoryBytes : 1e9, diskBytes: 1e9, files: spills ? scratch : null },
    clock: null,
    counters: () => ({}),
    merge: () => merge,
    onReady: () => {},
    fail: (error) => assert.fail(String(error)),
  });
  const senders = instances.flatMap((channel) =>
    Array.from({ length: replicas }, (_, replica) => {
      const sender = {
        channel,
        subtask: subtaskOf(channel, replica, replicas),
        next: 1,
        sent: 0,
        granted: windowBytes,
      };
      const send = (credit: Frame) => {
        sender.granted = credit.grantedBytes;
      };
      return Object.assign(sender, { link: { writable: true, send } });
    }),
  );
  const order: string[] = [];
  const reader = new BinaryRowReader(TINY, 3);
  const take = () => {
    const event = gate.next();
    if (event?.kind === "forward") order.push(`HB${event.heartbeat}`);
    if (event?.kind !== "element") return event !== null;
    const { channel, element } = event;
    if (element.kind !== "records") order.push(`${channel}:${element.kind}`);
    else {
      reader.decode(element.payload, element.skip, element.count, (batch) => {
        for (const { key, value, time } of tinyRows(batch)) order.push(`${key}:${value}@${time}`);
      });
    }
    gate.processed(channel, element);
    return true;
  };
  let favourite = 0;
  const send = () => {
    const able = senders.filter(({ channel, next, sent, granted }) => next <= all[channel]!.length && sent < granted);
    if (able.length === 0) return false;
    if (random.below(20) === 0) favourite = random.below(channels.length);
    const liked = able.filter(({ channel }) => channel === favourite);
    const sender = liked[random.below(liked.length + 1)] ?? able[random.below(able.length)]!;
    const element = cut(all[sender.channel]!, sender.next, 1 + random.below(4));
    const { kind, payload } = frameParts(element);
    const count = elementCount(element);
    sender.next += count;
    sender.sent += frameCost(payload.length);
    const address = { attempt: 1, edge: 0, sender: sender.subtask, receiver: 0, acknowledged: 0, grantedBytes: 0 };
    assert.ok(gate.onFrame({ ...address, kind, first: element.first, count, payload }, sender.link));
    return true;
  };
  const actions = [send, send, send, send, take, () => scratch.step()];
  while (!gate.ended) {
    if (actions[random.below(actions.length)]!()) continue;
    assert.ok(
      [take, () => scratch.step(), send].some((act) => act()),
      "nothing more can happen before the end",
    );
  }
  while (take());
  return { order, counters: gate.counters(), scratch };
}

function mergeOf(name: MergeName, channels: number): Merge {
  if (name === "liveRobin") return new LiveRobin(channels);
  if (name === "timeBias") return new TimeBias(channels);
  return new KaZoo(channels, { onArrived: () => {}, onBarrier: () => {}, snapshot: () => {}, restore: () => {} });
}

const epochs = fc.integer({ min: 1, max: 4 });
const channel = (count: number) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 30 }), { minLength: count, maxLength: count });
const cases = (merge: MergeName): fc.Arbitrary<Case> =>
  epochs.chain((count) =>
    fc.record({
      merge: fc.constant(merge),
      channels: fc.array(channel(count), { minLength: 2, maxLength: 4 }),
      replicas: fc.integer({ min: 1, max: 2 }),
      windowBytes: fc.constantFrom(100, 400),
      memoryBytes: fc.constantFrom(0, 300, 1500),
      seed: fc.nat(),
    }),
  );

describe("an input gate that puts by what is too much for memory", () => {
  for (const merge of ["liveRobin", "timeBias", "kaZoo"] as const) {
    it(`gives under ${merge} what one gives that has all in memory, and leaves no file`, (context) => {
      let [spilled, read] = [0, 0];
      fc.assert(
        fc.property(cases(merge), (one) => {
          const { order, counters, scratch } = run(one, true);
          assert.deepEqual(order, run(one, false).order);
          assert.deepEqual([scratch.open, counters.spilledNowBytes], [0, 0]);
          if ((counters.spilledBytes ?? 0) > 0) spilled++;
          if (scratch.reads > 0) read++;
        }),
        { numRuns: 300, seed: 7 },
      );
      context.diagnostic(`${spilled} runs spilled, ${read} read it back from files`);
      assert.ok(spilled > 30 && read > 15, `${spilled} runs spilled, ${read} read it back from files`);
    });
  }
});
