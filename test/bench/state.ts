/**
 * Keyed state with many keys: `npm run bench:state -- [keys] [--groups n] [--against DIR] [--only a,b]`. Per variant: puts and gets per
 * CPU second, longest single put, bytes per key, and time of collections. Variants: the engine's tables as they are; the same with
 * indexes rebuilt in one step; Map from number to object; with `--against`, the tables of another checkout. Interleaved, `REPEATS` times.
 */

import { PerformanceObserver, performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import * as own from "../../engine/state/key-table.ts";
import { NumberSegment } from "../../engine/state/number-segment.ts";
import { History } from "./lib/history.ts";
import { shown, spreadOf } from "./lib/rounds.ts";

const REPEATS = 3;
/** Puts that take longer are remembered: growths come at the same puts in each repeat, interruptions by others do not. */
const LONG_US = 20;
/** What the engine of Node needs to report collections and to give up buffers, ms. */
const SETTLE_MS = 50;
const OPTIONS = { width: 1 };
const history = new History("state");

interface Variant {
  put(key: number, value: number): void;
  get(key: number): number;
}

class OneStepSegment extends NumberSegment {
  override upsert(hash: number, key: number): number {
    const entry = super.upsert(hash, key);
    while (this.old !== null) this.moveSome(this.old);
    return entry;
  }
}

class OneStepTable extends own.NumberKeyTable {
  protected override createSegment(): NumberSegment {
    return new OneStepSegment(OPTIONS.width, false);
  }
}

function byNumber(table: own.NumberKeyTable): Variant {
  return {
    put(key, value) {
      const entry = table.upsert(key);
      table.at.values[entry] = value;
    },
    get: (key) => {
      const entry = table.find(key);
      return table.at.values[entry]!;
    },
  };
}

/** Keys of 16 bytes. */
function byBytes(table: own.BytesKeyTable): Variant {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const write = (key: number): void => {
    view.setUint32(4, key);
    view.setUint32(12, key);
  };
  return {
    put(key, value) {
      write(key);
      const entry = table.upsert(bytes, 0, 16);
      table.at.values[entry] = value;
    },
    get(key) {
      write(key);
      const entry = table.find(bytes, 0, 16);
      return table.at.values[entry]!;
    },
  };
}

function byMap(): Variant {
  const map = new Map<number, { value: number }>();
  return {
    put(key, value) {
      const found = map.get(key);
      if (found === undefined) map.set(key, { value });
      else found.value = value;
    },
    get: (key) => map.get(key)!.value,
  };
}

/** Key `i` of the run: all different, in no order. */
function keyAt(i: number): number {
  return Math.imul(i, 0x9e3779b1) >>> 0;
}

interface Measured {
  readonly putCpuNs: number;
  readonly getCpuNs: number;
  readonly bytesPerKey: number;
  readonly gcMs: number;
}

async function heldBytes(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  for (let i = 0; i < 2; i++) {
    globalThis.gc();
    await pause(SETTLE_MS);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function measure(create: () => Variant, keys: number, long: Map<number, number>): Promise<Measured> {
  let gcMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) gcMs += entry.duration;
  });
  const before = await heldBytes();
  observer.observe({ entryTypes: ["gc"] });
  const variant = create();
  const putCpuNs = cpuNsPer(keys, () => {
    for (let i = 0; i < keys; i++) {
      const from = performance.now();
      variant.put(keyAt(i), i);
      const tookUs = (performance.now() - from) * 1000;
      if (tookUs > LONG_US) long.set(i, tookUs);
    }
  });
  let sum = 0;
  const getCpuNs = cpuNsPer(keys, () => {
    for (let i = keys - 1; i >= 0; i--) sum += variant.get(keyAt(i));
  });
  if (sum !== (keys * (keys - 1)) / 2) throw new Error(`the values are not those that were put: ${sum}`);
  await pause(SETTLE_MS);
  observer.disconnect();
  const bytesPerKey = ((await heldBytes()) - before) / keys;
  variant.get(keyAt(0)); // keeps it alive until its memory has been counted
  return { putCpuNs, getCpuNs, bytesPerKey, gcMs };
}

function cpuNsPer(count: number, work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / count;
}

/** What was long in both runs, with its shorter time. */
function inBoth(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): Map<number, number> {
  return new Map([...a].filter(([at]) => b.has(at)).map(([at, us]) => [at, Math.min(us, b.get(at)!)]));
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { against: { type: "string" }, only: { type: "string" }, groups: { type: "string", default: "128" } },
});
const keys = Number(positionals[0] ?? 10_000_000);
const groups = { first: 0, end: Number(flags.groups), total: Number(flags.groups) };
const variants = new Map<string, () => Variant>([
  ["number", () => byNumber(new own.NumberKeyTable(groups, OPTIONS))],
  ["one-step number", () => byNumber(new OneStepTable(groups, OPTIONS))],
  ["Map of objects", byMap],
  ["bytes", () => byBytes(new own.BytesKeyTable(groups, OPTIONS))],
]);
if (flags.against !== undefined) {
  const other: typeof own = await import(pathToFileURL(`${flags.against}/engine/state/key-table.ts`).href);
  variants.set("other number", () => byNumber(new other.NumberKeyTable(groups, OPTIONS)));
  variants.set("other bytes", () => byBytes(new other.BytesKeyTable(groups, OPTIONS)));
}
const wanted = flags.only?.split(",") ?? [...variants.keys()];
const results = new Map<string, Measured[]>(wanted.map((name) => [name, []]));
const longest = new Map<string, Map<number, number>>();
for (let repeat = 0; repeat < REPEATS; repeat++) {
  for (const name of wanted) {
    const long = new Map<number, number>();
    results.get(name)!.push(await measure(variants.get(name)!, keys, long));
    longest.set(name, inBoth(longest.get(name) ?? long, long));
  }
}
console.log(`${keys} keys, ${REPEATS} repeats, median (least–most); longest put: that took so long in every repeat`);
for (const [name, measured] of results) {
  const of = (figure: keyof Measured) => spreadOf(measured.map((one) => one[figure]));
  const [putCpuNs, getCpuNs, bytesPerKey, gcMs] = [of("putCpuNs"), of("getCpuNs"), of("bytesPerKey"), of("gcMs")];
  const longestPutUs = [...longest.get(name)!.values()].reduce((most, value) => Math.max(most, value), LONG_US);
  const puts = `put ${shown(putCpuNs, 0)} ns CPU, get ${shown(getCpuNs, 0)} ns CPU, longest put ${longestPutUs.toFixed(0)} µs`;
  console.log(`${name}: ${puts}, ${shown(bytesPerKey, 0)} B/key, gc ${shown(gcMs, 0)} ms`);
  history.add({ name, figures: { putCpuNs, getCpuNs, longestPutUs, bytesPerKey, gcMs } });
}
history.append();
