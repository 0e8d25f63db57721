/**
 * How long a snapshot stops a task: `npm run bench:snapshot-stall -- [keys] [--groups n] [--pairs n] [--only numbers,bytes]`. A table with
 * many keys is updated all the time, a step being `STEP_UPDATES` updates: nine in ten of a known key, the others a removal or a new key.
 * In turn without a snapshot and with one that is frozen, then written `BUDGET_BYTES` after each few steps until it is complete. Prints the
 * longest steps of each kind (wall time), the CPU per update of both, and what a snapshot costs.
 */

import { PerformanceObserver, performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type PendingSnapshot, SnapshotWriter } from "../../engine/checkpoint/snapshot.ts";
import { BytesKeyTable, NumberKeyTable } from "../../engine/state/key-table.ts";
import { History } from "./lib/history.ts";
import { shown, spreadOf } from "./lib/rounds.ts";

const STEP_UPDATES = 256;
const BUDGET_BYTES = 256 * 1024;
const SETTLE_MS = 50;
const VALUES = 3;
const KEY_BYTES = 16;
const MAX_VALUE_BYTES = 40;
const history = new History("snapshot-stall");

interface Tested {
  readonly table: NumberKeyTable | BytesKeyTable;
  update(key: number, value: number): void;
  remove(key: number): void;
}

function numbers(range: { first: number; end: number; total: number }): Tested {
  const table = new NumberKeyTable(range, { width: VALUES });
  return {
    table,
    update(key, value) {
      const at = table.upsert(key) * VALUES;
      const { values } = table.at;
      for (let i = 0; i < VALUES; i++) values[at + i]! += value;
    },
    remove: (key) => {
      table.remove(key);
    },
  };
}

/** Keys of 16 bytes, byte values of 8 to 40. */
function bytes(range: { first: number; end: number; total: number }): Tested {
  const table = new BytesKeyTable(range, { width: 1, byteValues: true });
  const keyBytes = new Uint8Array(KEY_BYTES);
  const view = new DataView(keyBytes.buffer);
  const value = new Uint8Array(MAX_VALUE_BYTES).fill(7);
  return {
    table,
    update(key, change) {
      view.setUint32(4, key);
      const entry = table.upsert(keyBytes, 0, KEY_BYTES);
      const segment = table.at;
      segment.values[entry]! += 1;
      segment.byteValues!.set(entry, value, 0, 8 + ((key ^ change) & 31), segment.count);
    },
    remove(key) {
      view.setUint32(4, key);
      table.remove(keyBytes, 0, KEY_BYTES);
    },
  };
}

/** Key number `i`: all different, in no order. */
function keyAt(i: number): number {
  return Math.imul(i, 0x9e3779b1) >>> 0;
}

/** Wall times of steps; those in which another process took the core are told apart, since it is not their fault. */
class Steps {
  readonly #ms: number[] = [];
  readonly #interruptedMs: number[] = [];

  time<T>(work: () => T): T {
    const before = process.resourceUsage().involuntaryContextSwitches;
    const from = performance.now();
    const result = work();
    const tookMs = performance.now() - from;
    const interrupted = process.resourceUsage().involuntaryContextSwitches > before;
    (interrupted ? this.#interruptedMs : this.#ms).push(tookMs);
    return result;
  }

  get figures() {
    const sorted = this.#ms.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? null;
    return {
      steps: sorted.length,
      p50Ms: at(0.5),
      p999Ms: at(0.999),
      maxMs: at(1),
      interrupted: this.#interruptedMs.length,
      interruptedMaxMs: this.#interruptedMs.reduce((most, ms) => Math.max(most, ms), 0),
    };
  }
}

/** Updates that go on for ever: the keys of `count` neighbouring numbers are there, and that window moves. */
class Load {
  readonly #tested: Tested;
  #first = 0;
  #end: number;
  #random = 1;

  constructor(tested: Tested, count: number) {
    this.#tested = tested;
    this.#end = count;
    for (let i = 0; i < count; i++) tested.update(keyAt(i), i);
  }

  step(): void {
    const tested = this.#tested;
    const count = this.#end - this.#first;
    for (let i = 0; i < STEP_UPDATES; i++) {
      this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
      if (i % 20 === 0) tested.remove(keyAt(this.#first++));
      else if (i % 20 === 10) tested.update(keyAt(this.#end++), i);
      else tested.update(keyAt(this.#first + 1 + Math.floor((this.#random / 4294967296) * (count - 2))), i);
    }
  }
}

function cpuS(work: () => void): number {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

function report(table: string, title: string, { figures }: Steps): void {
  const { steps, p50Ms, p999Ms, maxMs, interrupted, interruptedMaxMs } = figures;
  const ms = (value: number | null) => `${value?.toFixed(2) ?? "–"} ms`;
  const times = `median ${ms(p50Ms)}, p99.9 ${ms(p999Ms)}, longest ${ms(maxMs)}`;
  const others = `${interrupted} interrupted, longest ${ms(interruptedMaxMs)}`;
  console.log(`  ${title.padEnd(25)} ${steps} steps, ${times}; ${others}`);
  history.add({ name: `${table}: ${title}`, figures });
}

async function measure(name: string, tested: Tested, keys: number, pairs: number): Promise<void> {
  let gcMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) gcMs = Math.max(gcMs, duration);
  });
  globalThis.gc?.();
  const rssBefore = process.memoryUsage.rss();
  const load = new Load(tested, keys);
  const rssBytesPerKey = (process.memoryUsage.rss() - rssBefore) / keys;
  for (let i = 0; i < 1000; i++) load.step();
  observer.observe({ entryTypes: ["gc"] });
  const steps = Math.ceil(keys / 2 / STEP_UPDATES);
  const without = new Steps();
  const during = new Steps();
  const freezes = new Steps();
  const advances = new Steps();
  const plainS: number[] = [];
  const snapshotS: number[] = [];
  let wallMs = 0;
  let size = 0;
  const snapshot = (): void => {
    const from = performance.now();
    const pending = freezes.time((): PendingSnapshot => {
      const writer = new SnapshotWriter();
      tested.table.snapshot(writer);
      return writer.pending();
    });
    let complete = false;
    const stepsPerAdvance = Math.max(
      1,
      Math.floor(steps / ((1.5 * keys * (size === 0 ? 64 : size / keys)) / BUDGET_BYTES)),
    );
    for (let step = 0; step < steps; step++) {
      during.time(() => load.step());
      if (complete || step % stepsPerAdvance !== 0) continue;
      complete = advances.time(() => pending.advance(BUDGET_BYTES));
      if (complete) wallMs = performance.now() - from;
    }
    while (!complete) complete = advances.time(() => pending.advance(BUDGET_BYTES));
    size = pending.byteLength;
  };
  const plain = (): void => {
    for (let step = 0; step < steps; step++) without.time(() => load.step());
  };
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 2 === 0) plainS.push(cpuS(plain));
    snapshotS.push(cpuS(snapshot));
    if (pair % 2 === 1) plainS.push(cpuS(plain));
    await pause(SETTLE_MS); // collections are reported
  }
  observer.disconnect();
  const updates = steps * STEP_UPDATES;
  const perUpdateNs = (seconds: readonly number[]) => spreadOf(seconds.map((value) => (value * 1e9) / updates));
  const [plainCpuNs, snapshotCpuNs] = [perUpdateNs(plainS), perUpdateNs(snapshotS)];
  const extraS = snapshotS.map((seconds, i) => seconds - plainS[i]!);
  const snapshotCpuS = spreadOf(extraS);
  const snapshotCpuNsPerKey = spreadOf(extraS.map((s) => (s * 1e9) / keys));
  const lastS = wallMs / 1000;
  console.log(
    `${name}: ${keys} keys, ${pairs} pairs of ${updates} updates, ${rssBytesPerKey.toFixed(0)} B of memory per key`,
  );
  report(name, "updates, no snapshot", without);
  report(name, "updates during a snapshot", during);
  report(name, "freeze", freezes);
  report(name, "advance", advances);
  const bytes = `${(size / 1e6).toFixed(1)} MB, ${(size / keys).toFixed(1)} B/key`;
  console.log(`  snapshot: ${bytes}, last took ${lastS.toFixed(2)} s beside the updates`);
  const cpu = `${shown(plainCpuNs, 0)} ns without, ${shown(snapshotCpuNs, 0)} ns with`;
  const extra = `${shown(snapshotCpuS)} s, ${shown(snapshotCpuNsPerKey, 0)} ns per key`;
  console.log(`  CPU per update: ${cpu}; a snapshot costs ${extra}`);
  console.log(`  longest collection ${gcMs.toFixed(1)} ms`);
  const ofUpdates = { cpuNsPerUpdate: plainCpuNs, cpuNsPerUpdateDuringSnapshot: snapshotCpuNs };
  const ofSnapshots = { snapshotBytes: size, lastS, snapshotCpuS, snapshotCpuNsPerKey };
  history.add({ name, figures: { keys, rssBytesPerKey, maxCollectionMs: gcMs, ...ofUpdates, ...ofSnapshots } });
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    groups: { type: "string", default: "128" },
    pairs: { type: "string", default: "8" },
    only: { type: "string", default: "numbers,bytes" },
  },
});
const keys = Number(positionals[0] ?? 10_000_000);
const range = { first: 0, end: Number(flags.groups), total: Number(flags.groups) };
const kinds: Readonly<Record<string, (of: typeof range) => Tested>> = { numbers, bytes };
const names = flags.only.split(",");
if (names.length === 1) await measure(names[0]!, kinds[names[0]!]!(range), keys, Number(flags.pairs));
else {
  // Each in a process of its own, so that its memory can be told.
  for (const name of names) await history.addFromProcess([...process.argv.slice(2), "--only", name]);
}
history.append();
