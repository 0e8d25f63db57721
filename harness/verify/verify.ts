import { rmSync } from "node:fs";
import { assert } from "../../base/assert.ts";
import type { DataSet } from "../../generators/dataset.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import type { Observation } from "../measure/observation.ts";
import { countObservations, emptyObservation, forEachObservation } from "../measure/observation-reader.ts";
import type { VerifySummary } from "../sweep/model.ts";
import { comparisonOf } from "./comparison.ts";
import { type Example, ViolationBook } from "./examples.ts";
import { EXPECTED_BYTES, type ExpectedRows, replayExpected } from "./expected.ts";
import { ExpectedTable } from "./expected-table.ts";
import { FinalTable } from "./final-table.ts";
import { type Match, Matcher } from "./match.ts";
import { MatchSlices } from "./match-slices.ts";
import { OrderWatch } from "./order-watch.ts";
import { PartitionedRecords } from "./partitioned-records.ts";
import { locateIn, placeOf } from "./place.ts";
import { SpreadHashes } from "./spread-hashes.ts";
import { SpreadObservations, spreadObservations } from "./spread-observations.ts";

/**
 * `expected`: the oracle's rows are spread over buckets; `observed`: the observations; `join`: bucket by bucket; `inOrder`: what was found is
 * told in the order of reading.
 */
export type VerifyPhase = "expected" | "observed" | "join" | "inOrder";

export interface VerifyInput<E> {
  readonly query: QueryDefinition<E>;
  readonly data: DataSet<E>;
  readonly watermarkDelayMs: number;
  readonly observationsFile: string;
  /** Only observations of this view are compared. */
  readonly isolation: 0 | 1;
  /** Due time of an event, monotonic µs. */
  readonly dueUs: (eventIndex: number) => number;
  /** Temporary files, only used when large; removed at the end. */
  readonly scratchDirectory: string;
  /** Rows a bucket of the join should hold; with more rows than that there are several buckets, on disk. Default 80,000. */
  readonly bucketRows?: number;
  /** Every observation of the view, in the order of reading. The object is reused. */
  readonly onObservation?: (observation: Observation) => void;
  /** Every matched output, in the order of reading. The object is reused. */
  readonly onMatch?: (match: Match) => void;
  /**
   * Every observation that matched no open expected row; of final rows, in no order. The object is reused. `isCopy`: it repeats a row that
   * was observed before; of final rows that is not known.
   */
  readonly onStray?: (observation: Observation, ordinal: number, isCopy: boolean) => void;
  /** At the begin of each phase, for who measures them. */
  readonly onPhase?: (phase: VerifyPhase) => void;
}

export interface VerifyOutcome {
  readonly summary: VerifySummary;
  readonly examples: readonly Example[];
}

/** 6 MB in the table of a bucket, most of it walked in order; what is not (the slots, 512 KB) stays in the processor's cache. */
const DEFAULT_BUCKET_ROWS = 80_000;
/** More rows than `DEFAULT_BUCKET_ROWS` times this (51 million) make the buckets larger: every bucket costs open files and buffers. */
const MOST_BUCKETS = 640;
/** Keys whose order is watched in memory; their table stays in the processor's cache, which a larger one pays for at every output. */
const MOST_LANES = 8_192;

/** Ordinals and event indexes are 32-bit numbers on the way through the join. */
const MOST_ROWS = 2 ** 31 - 1;

interface Join<E> {
  readonly input: VerifyInput<E>;
  readonly store: PartitionedRecords;
  readonly expected: ExpectedRows;
  readonly observations: number;
  /** null: one bucket, in memory. */
  readonly directory: string | null;
  readonly bucketRows: number;
}

/**
 * Compares the observation log with what the oracle expects. One bucket in memory for small runs; otherwise both sides are spread by the
 * hash of the name over temporary files and joined one bucket after the other, and the log is read once more to tell matches in its order.
 * Memory then is about 200 MB and 1 byte an event, disk about 70 bytes an output. Upsert queries whose updates cannot be
 * followed are compared by their final rows.
 */
export function verify<E>(input: VerifyInput<E>): VerifyOutcome {
  const { query, data, onPhase, bucketRows = DEFAULT_BUCKET_ROWS } = input;
  const observations = countObservations(input.observationsFile);
  const wanted = Math.ceil(Math.max(observations, data.events) / bucketRows);
  const partitions = Math.min(Math.max(1, wanted), MOST_BUCKETS);
  const directory = partitions === 1 ? null : input.scratchDirectory;
  const store = new PartitionedRecords({ recordBytes: EXPECTED_BYTES, partitions, directory, name: "expected" });
  try {
    onPhase?.("expected");
    const expected = replayExpected(query, data, input.watermarkDelayMs, store);
    store.closeFiles();
    assert(Math.max(observations, data.events, expected.count) <= MOST_ROWS, "more rows than can be verified");
    const join = { input, store, expected, observations, directory, bucketRows };
    if (comparisonOf(query, data) === "finalRows") return joinFinalRows(join);
    return directory === null ? joinInMemory(join) : joinOnDisk(join, directory);
  } finally {
    store.dispose();
    rmSync(input.scratchDirectory, { recursive: true, force: true }); // one bucket, too, when many keys had to wait for the check of order
  }
}

function joinInMemory<E>({ input, store, expected, ...rest }: Join<E>): VerifyOutcome {
  const book = new ViolationBook();
  const tally = { observed: 0, matched: 0 };
  const table = new ExpectedTable(store.count(0));
  table.load(store, 0, expected);
  const order = orderWatch({ input, store, expected, ...rest }, book);
  const onMatch = (match: Match) => {
    tally.matched++;
    input.onMatch?.(match);
    order?.onMatch(match);
  };
  const matcher = new Matcher(table, book, input.dueUs, onMatch, placeOf);
  input.onPhase?.("join");
  try {
    forEachObservation(input.observationsFile, (observation, ordinal) => {
      if (observation.isolation !== input.isolation) return;
      tally.observed++;
      input.onObservation?.(observation);
      const found = matcher.observe(observation, ordinal);
      if (found !== "matched") input.onStray?.(observation, ordinal, found === "copy");
    });
    order?.finish();
  } finally {
    order?.dispose();
  }
  return outcomeOf(expected.count - matcher.finish(), { ...tally, replaced: matcher.replaced }, book);
}

function joinOnDisk<E>(join: Join<E>, directory: string): VerifyOutcome {
  const { input, store, expected } = join;
  const book = new ViolationBook();
  const slices = new MatchSlices(join.observations, store.partitions, directory);
  const order = orderWatch(join, book);
  try {
    input.onPhase?.("observed");
    const observed = new SpreadHashes(store.partitions, directory);
    const tally = { observed: spreadObservations(input, observed), matched: 0 };
    input.onPhase?.("join");
    const { optional, replaced } = joinBuckets(join, observed, book, slices);
    slices.closeFiles();
    input.onPhase?.("inOrder");
    forEachObservation(input.observationsFile, (observation, ordinal) => {
      if (observation.isolation !== input.isolation) return;
      const match = slices.at(ordinal);
      if (match === null) {
        input.onStray?.(observation, ordinal, slices.isCopy(ordinal));
        return;
      }
      tally.matched++;
      match.observation = observation;
      input.onMatch?.(match);
      order?.onMatch(match);
    });
    order?.finish();
    return outcomeOf(expected.count - optional, { ...tally, replaced }, book);
  } finally {
    slices.dispose();
    order?.dispose();
  }
}

/** Joins bucket by bucket and empties them. `optional`: how many rows were allowed to be missing and are. */
function joinBuckets<E>(
  { input, store, expected }: Join<E>,
  observed: SpreadHashes,
  book: ViolationBook,
  slices: MatchSlices,
): { readonly optional: number; readonly replaced: number } {
  const table = new ExpectedTable(store.largestCount());
  const onMatch = (match: Match) => slices.append(match);
  const locate = (_: Observation, ordinal: number) => locateIn(input.observationsFile, ordinal);
  const matcher = new Matcher(table, book, input.dueUs, onMatch, locate);
  let optional = 0;
  try {
    for (let i = 0; i < store.partitions; i++) {
      table.load(store, i, expected);
      store.release(i);
      observed.drain(i, (observation, ordinal) => {
        if (matcher.observe(observation, ordinal) === "copy") slices.appendCopy(ordinal);
      });
      optional += matcher.finish();
    }
  } finally {
    observed.dispose();
  }
  return { optional, replaced: matcher.replaced };
}

/** Compares the last row of each key; `expected` counts keys. */
function joinFinalRows<E>(join: Join<E>): VerifyOutcome {
  const { input, store, directory } = join;
  const book = new ViolationBook();
  input.onPhase?.("observed");
  const observed = new SpreadObservations(store.partitions, directory);
  const tally = { observed: spreadObservations(input, observed), matched: 0 };
  let keys = 0;
  input.onPhase?.("join");
  try {
    for (let i = 0; i < store.partitions; i++) {
      const table = new FinalTable(store, i, book);
      store.release(i);
      observed.drain(i, (observation, ordinal) => {
        if (!table.observe(observation, ordinal)) input.onStray?.(observation, ordinal, false);
      });
      keys += table.keys;
      tally.matched += table.finish(({ ordinal, ...place }) => {
        input.onStray?.({ ...emptyObservation(), ...place }, ordinal, false);
      });
    }
  } finally {
    observed.dispose();
  }
  return outcomeOf(keys, tally, book);
}

/** null: a query without order key promises no order (q5: windows of an auction are compared on different instances). */
function orderWatch<E>({ input, expected, bucketRows }: Join<E>, book: ViolationBook): OrderWatch | null {
  if (input.query.orderKey.length === 0) return null;
  const { partitionOf } = expected;
  const locate = (ordinal: number) => locateIn(input.observationsFile, ordinal);
  return new OrderWatch({
    book,
    partitionOf,
    mostLanes: Math.min(bucketRows, MOST_LANES),
    directory: input.scratchDirectory,
    locate,
  });
}

function outcomeOf(
  expected: number,
  { replaced = 0, ...tally }: { readonly observed: number; readonly matched: number; readonly replaced?: number },
  book: ViolationBook,
): VerifyOutcome {
  const summary = { expected, ...tally, ...book.counts, ...(replaced > 0 ? { replaced } : {}) };
  return { summary, examples: book.examples() };
}
