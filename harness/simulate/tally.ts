import { hash64, lastHash } from "../../base/hash.ts";
import { SITUATION_NAMES } from "../../engine/simulation/situations.ts";
import { FAULT_STATE_NAMES } from "./fault-states.ts";
import { REPLICA_STATE_NAMES } from "./replica-states.ts";
import type { SeedResult } from "./run-seed.ts";

/** All that is counted: situations of rough worlds, and states of faults and of replicas. */
const COUNTED_NAMES: readonly string[] = [...SITUATION_NAMES, ...FAULT_STATE_NAMES, ...REPLICA_STATE_NAMES];
/** States of faults are those of runs that have nothing but checkpoints. */
const ofReplicated: ReadonlySet<string> = new Set([...SITUATION_NAMES, ...REPLICA_STATE_NAMES]);

export interface FailedSeed {
  readonly query: string;
  readonly seed: number;
  readonly problem: string;
}

export interface TracedSeed {
  readonly query: string;
  readonly seed: number;
  readonly traceHash: string;
}

/** Sums over runs; plain data, sent from thread to thread. */
export interface Tally {
  runs: number;
  rows: number;
  steps: number;
  virtualUs: number;
  /** Runs with replicas, and those that recover from checkpoints; workers with replicas that died. */
  replicated: number;
  passive: number;
  killed: number;
  /** How often each situation was met, and in how many runs. */
  readonly met: Record<string, number>;
  readonly runsWith: Record<string, number>;
  /** By query: its runs, and those of them that had result rows. */
  readonly queries: Record<string, { runs: number; withRows: number }>;
  readonly failed: FailedSeed[];
  /** The first ones counted, `MAX_TRACES` at most. */
  readonly traces: TracedSeed[];
  /** Sum of the hashes of all traces with their names, so that their order does not count; two halves, each modulo 2³². */
  readonly hash: { high: number; low: number };
}

/** Traces that are kept by name; a campaign may last for days. */
const MAX_TRACES = 1_000;
const encoder = new TextEncoder();

export function emptyTally(): Tally {
  const zeros = () => Object.fromEntries(COUNTED_NAMES.map((name) => [name, 0]));
  return {
    runs: 0,
    rows: 0,
    steps: 0,
    virtualUs: 0,
    replicated: 0,
    passive: 0,
    killed: 0,
    met: zeros(),
    runsWith: zeros(),
    queries: {},
    failed: [],
    traces: [],
    hash: { high: 0, low: 0 },
  };
}

/** Adds one run. */
export function count(tally: Tally, result: SeedResult): void {
  const { query, seed, problem, traceHash } = result;
  tally.runs++;
  tally.rows += result.rows;
  tally.steps += result.steps;
  tally.virtualUs += result.virtualUs;
  if (result.mode === "replicated") tally.replicated++;
  if (result.mode === "passive") tally.passive++;
  tally.killed += result.killed;
  for (const name of COUNTED_NAMES) {
    if (result.mode === "replicated" && !ofReplicated.has(name)) continue;
    const times = result.situations[name] ?? 0;
    tally.met[name]! += times;
    if (times > 0) tally.runsWith[name]! += 1;
  }
  const ofQuery = queryOf(tally, query);
  ofQuery.runs++;
  if (result.rows > 0) ofQuery.withRows++;
  if (problem !== null) tally.failed.push({ query, seed, problem });
  const name = encoder.encode(`${query} ${seed} ${traceHash}`);
  hash64(name, 0, name.length);
  addHash(tally, lastHash);
  keepTraces(tally, [{ query, seed, traceHash }]);
}

/** Adds the sums of other runs. */
export function addTally(into: Tally, from: Tally): void {
  into.runs += from.runs;
  into.rows += from.rows;
  into.steps += from.steps;
  into.virtualUs += from.virtualUs;
  into.replicated += from.replicated;
  into.passive += from.passive;
  into.killed += from.killed;
  for (const name of COUNTED_NAMES) {
    into.met[name]! += from.met[name]!;
    into.runsWith[name]! += from.runsWith[name]!;
  }
  for (const [query, { runs, withRows }] of Object.entries(from.queries)) {
    const ofQuery = queryOf(into, query);
    ofQuery.runs += runs;
    ofQuery.withRows += withRows;
  }
  into.failed.push(...from.failed);
  addHash(into, from.hash);
  keepTraces(into, from.traces);
}

/** One hash of all traces, in whatever order they came: 16 hexadecimal digits. */
export function campaignHash({ hash: { high, low } }: Tally): string {
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}

/** Those of the names that none of the runs met. */
export function unmet<N extends string>(tally: Tally, names: readonly N[]): readonly N[] {
  return names.filter((name) => tally.runsWith[name] === 0);
}

function queryOf(tally: Tally, query: string): { runs: number; withRows: number } {
  const known = tally.queries[query];
  if (known !== undefined) return known;
  const fresh = { runs: 0, withRows: 0 };
  tally.queries[query] = fresh;
  return fresh;
}

function addHash({ hash }: Tally, { high, low }: { readonly high: number; readonly low: number }): void {
  hash.high = (hash.high + high) >>> 0;
  hash.low = (hash.low + low) >>> 0;
}

function keepTraces(tally: Tally, traces: readonly TracedSeed[]): void {
  tally.traces.push(...traces.slice(0, MAX_TRACES - tally.traces.length));
}
