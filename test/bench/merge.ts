/**
 * What ordering costs in processor time: slices through LiveRobin, and through KaZoo as leader and as follower, entries of the order log encoded and
 * decoded, without the log itself. Variants are interleaved; costs are ratios to LiveRobin's, per slice and per record.
 * `npm run bench:merge [rounds]`
 */
import type { KaZoo } from "../../engine/merge/kazoo.ts";
import { LiveRobin } from "../../engine/merge/live-robin.ts";
import type { Merge } from "../../engine/merge/merge.ts";
import { decodeOrderEntry, encodeOrderEntry } from "../../engine/replication/order-entry.ts";
import { OrderGroup } from "../../engine/replication/order-group.ts";
import { type Element, elementCount } from "../../engine/task/element.ts";
import { History } from "./lib/history.ts";
import { compared, interleaved, measured, shown } from "./lib/rounds.ts";

const CHANNELS = 2;
const SLICES = 40_000;
/** Slices that arrive while one request to the log is under way. */
const SLICES_PER_ORDER = 10;
const SLICES_PER_HEARTBEAT = 10;
const WARM_UP_ROUNDS = 2;
const PAYLOAD = new Uint8Array(64);
const HOST = { onAppendable: () => {}, onOrdered: () => {}, resign: () => {}, truncate: () => {} };

function elements(records: number, give: (channel: number, element: Element) => void, afterEach: () => void): void {
  const next = new Array<number>(CHANNELS).fill(1);
  for (let slice = 0; slice < SLICES; slice++) {
    const channel = slice % CHANNELS;
    const first = next[channel]!;
    const turn = Math.floor(slice / CHANNELS);
    const isHeartbeat = turn % SLICES_PER_HEARTBEAT === SLICES_PER_HEARTBEAT - 1;
    const heartbeat = (turn + 1) / SLICES_PER_HEARTBEAT;
    give(
      channel,
      isHeartbeat
        ? { kind: "heartbeat", first, heartbeat, watermarkMs: 0, checkpointId: null }
        : { kind: "records", first, count: records, skip: 0, payload: PAYLOAD },
    );
    next[channel] = first + (isHeartbeat ? 1 : records);
    afterEach();
  }
}

function drain(merge: Merge): number {
  let records = 0;
  for (let event = merge.next(); event !== null; event = merge.next())
    if (event.kind === "element") records += elementCount(event.element);
  return records;
}

function liveRobin(records: number): number {
  const merge = new LiveRobin(CHANNELS);
  let sum = 0;
  elements(
    records,
    (channel, element) => merge.offer(channel, element),
    () => {
      sum += drain(merge);
    },
  );
  return sum;
}

function group(replica: number): { readonly group: OrderGroup; readonly merge: KaZoo } {
  const made = new OrderGroup({ attempt: 1, log: "bench", replica, replicas: 2, retain: 1 }, HOST);
  return { group: made, merge: made.merge(CHANNELS) };
}

/** Encoded entries of a leader that orders all of it. */
function lead(records: number, log: Uint8Array[]): number {
  const leader = group(0);
  let sum = 0;
  let slices = 0;
  const flush = () => {
    for (let entry = leader.group.take(); entry !== null; entry = leader.group.take()) {
      const bytes = encodeOrderEntry(entry);
      log.push(bytes);
      leader.group.onEntry(log.length - 1, decodeOrderEntry(bytes, 0, bytes.length));
    }
    sum += drain(leader.merge);
  };
  leader.group.onElected(1);
  flush();
  elements(
    records,
    (channel, element) => leader.merge.offer(channel, element),
    () => {
      if (++slices % SLICES_PER_ORDER === 0) flush();
    },
  );
  flush();
  return sum;
}

function follow(records: number, log: readonly Uint8Array[]): number {
  const follower = group(1);
  let sum = 0;
  let slices = 0;
  let read = 0;
  const readNext = () => {
    const bytes = log[read];
    if (bytes !== undefined) follower.group.onEntry(read++, decodeOrderEntry(bytes, 0, bytes.length));
    sum += drain(follower.merge);
  };
  readNext();
  elements(
    records,
    (channel, element) => follower.merge.offer(channel, element),
    () => {
      if (++slices % SLICES_PER_ORDER === 0) readNext();
    },
  );
  while (read < log.length) readNext();
  return sum;
}

/** Passes `records` records a slice; all slices are the units of the sample. */
const ordering = (name: string, expected: number, work: () => number) => ({
  name,
  run: () =>
    measured(() => {
      const passed = work();
      if (passed < expected) throw new Error(`${passed} of ${expected} records`);
      return SLICES;
    }),
});

const history = new History("merge");
const rounds = Number(process.argv[2] ?? 9);
for (const records of [1, 25, 400]) {
  const log: Uint8Array[] = [];
  lead(records, log);
  const expected = SLICES * records * 0.85;
  const variants = [
    ordering("liveRobin", expected, () => liveRobin(records)),
    ordering("kaZooLeader", expected, () => lead(records, [])),
    ordering("kaZooFollower", expected, () => follow(records, log)),
  ];
  await interleaved(variants, WARM_UP_ROUNDS);
  const orders = log.length;
  const logBytesPerRecord = log.reduce((sum, bytes) => sum + bytes.length, 0) / (SLICES * records);
  process.stdout.write(
    `${records} records a slice: ${orders} orders, ${logBytesPerRecord.toFixed(3)} bytes of log a record\n`,
  );
  for (const { name, figures } of compared(await interleaved(variants, rounds))) {
    const { cpuUsPerUnit: cpuUsPerSlice, cpuRatio } = figures;
    const ns = 1000 * cpuUsPerSlice.median;
    process.stdout.write(
      `  ${name}: ${ns.toFixed(0)} ns a slice, ${(ns / records).toFixed(1)} ns a record, ${shown(cpuRatio)} × LiveRobin\n`,
    );
    const ofLog = name === "liveRobin" ? {} : { orders, logBytesPerRecord };
    history.add({ name: `${name}, ${records} records a slice`, figures: { cpuUsPerSlice, cpuRatio, ...ofLog } });
  }
}
history.append();
