import type { TaskLook } from "../../sweep/task-watch.ts";

/** What slices of records waited, or orders took: a sum over so many, and the longest. */
export interface Spent {
  readonly n: number;
  readonly sumUs: number;
  readonly maxUs: number;
}

/** What one task, or several together, did up to a look or between two of them; null = it does not count this. */
export interface ReplicaCounts {
  readonly duplicates: number | null;
  /** Slices of records in the merge, by channel. */
  readonly waits: ReadonlyMap<number, Spent>;
  /** What waited for the merge in files: handed to them, and there at the end, not since the look before. */
  readonly spilledBytes: number | null;
  readonly spilledNowBytes: number | null;
  /** Of orders that it appended itself, from append to reading. */
  readonly roundTrips: Spent | null;
  readonly orders: number | null;
  readonly claims: number | null;
  readonly voidEntries: number | null;
}

export const NOTHING_COUNTED: ReplicaCounts = {
  duplicates: null,
  waits: new Map(),
  spilledBytes: null,
  spilledNowBytes: null,
  roundTrips: null,
  orders: null,
  claims: null,
  voidEntries: null,
};

type Custom = TaskLook["tasks"][number]["custom"];

/** A task's counters as they are named in the engine. */
export function countsOf(custom: Custom): ReplicaCounts {
  const { duplicates = null, orders = null, claims = null, voidEntries = null, orderRoundTrips: n } = custom;
  const waits = new Map<number, Spent>();
  for (const [name, count] of Object.entries(custom)) {
    const channel = /^mergeWaits\.(\d+)$/.exec(name)?.[1];
    if (channel === undefined) continue;
    const [sumUs, maxUs] = [custom[`mergeWaitUs.${channel}`] ?? 0, custom[`mergeWaitMaxUs.${channel}`] ?? 0];
    waits.set(Number(channel), { n: count, sumUs, maxUs });
  }
  const roundTrips =
    n === undefined ? null : { n, sumUs: n * (custom.orderRoundTripUs ?? 0), maxUs: custom.orderRoundTripMaxUs ?? 0 };
  const { spilledBytes = null, spilledNowBytes = null } = custom;
  return { duplicates, waits, spilledBytes, spilledNowBytes, roundTrips, orders, claims, voidEntries };
}

export function sumOfCounts(a: ReplicaCounts, b: ReplicaCounts): ReplicaCounts {
  const waits = new Map(a.waits);
  for (const [channel, spent] of b.waits) waits.set(channel, sumOfSpent(waits.get(channel) ?? null, spent)!);
  return {
    duplicates: sum(a.duplicates, b.duplicates),
    waits,
    spilledBytes: sum(a.spilledBytes, b.spilledBytes),
    spilledNowBytes: sum(a.spilledNowBytes, b.spilledNowBytes),
    roundTrips: sumOfSpent(a.roundTrips, b.roundTrips),
    orders: sum(a.orders, b.orders),
    claims: sum(a.claims, b.claims),
    voidEntries: sum(a.voidEntries, b.voidEntries),
  };
}

/** Of a group: every replica reads the same orders and claims, so they are those of the one that has read most. */
export function countsOfGroup(replicas: readonly ReplicaCounts[]): ReplicaCounts {
  const most = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  return {
    ...replicas.reduce(sumOfCounts, NOTHING_COUNTED),
    orders: most(replicas.map(({ orders }) => orders)),
    claims: most(replicas.map(({ claims }) => claims)),
    voidEntries: most(replicas.map(({ voidEntries }) => voidEntries)),
  };
}

/** What came since `before`, or all of it where it began anew in between. The maximum stays that of all. */
export function countsSince(before: ReplicaCounts, now: ReplicaCounts): ReplicaCounts {
  const isNew = hasFallen(before.duplicates, now.duplicates) || waited(now).n < waited(before).n;
  if (isNew) return now;
  const waits = new Map<number, Spent>();
  for (const [channel, spent] of now.waits) waits.set(channel, spentSince(before.waits.get(channel) ?? null, spent));
  return {
    duplicates: difference(before.duplicates, now.duplicates),
    waits,
    spilledBytes: difference(before.spilledBytes, now.spilledBytes),
    spilledNowBytes: now.spilledNowBytes,
    roundTrips: now.roundTrips === null ? null : spentSince(before.roundTrips, now.roundTrips),
    orders: difference(before.orders, now.orders),
    claims: difference(before.claims, now.claims),
    voidEntries: difference(before.voidEntries, now.voidEntries),
  };
}

/** Over all channels. */
export function waited({ waits }: ReplicaCounts): Spent {
  return [...waits.values()].reduce<Spent>((all, one) => sumOfSpent(all, one)!, { n: 0, sumUs: 0, maxUs: 0 });
}

/** null: nothing was spent, so there is no mean. */
export function meanUs(spent: Spent | null): number | null {
  return spent === null || spent.n <= 0 ? null : Math.max(0, spent.sumUs) / spent.n;
}

/** null: nothing was spent. */
export function maxUs(spent: Spent | null): number | null {
  return spent === null || spent.n <= 0 ? null : spent.maxUs;
}

function sumOfSpent(a: Spent | null, b: Spent | null): Spent | null {
  if (a === null || b === null) return a ?? b;
  return { n: a.n + b.n, sumUs: a.sumUs + b.sumUs, maxUs: Math.max(a.maxUs, b.maxUs) };
}

function spentSince(before: Spent | null, now: Spent): Spent {
  return before === null ? now : { n: now.n - before.n, sumUs: now.sumUs - before.sumUs, maxUs: now.maxUs };
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : a + b;
}

function difference(before: number | null, now: number | null): number | null {
  return now === null ? null : now - (before ?? 0);
}

function hasFallen(before: number | null, now: number | null): boolean {
  return before !== null && now !== null && now < before;
}
