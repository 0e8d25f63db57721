import { rmSync } from "node:fs";
import type { DataSet } from "../../generators/dataset.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { OBSERVATION_BYTES, type Observation, readObservation, writeObservation } from "../measure/observation.ts";
import { countObservations, emptyObservation, forEachObservation } from "../measure/observation-reader.ts";
import type { VerifySummary } from "../sweep/model.ts";
import { comparisonOf } from "./comparison.ts";
import { type Example, ViolationBook } from "./examples.ts";
import { EXPECTED_BYTES, type ExpectedRows, nameBucket, replayExpected } from "./expected.ts";
import { ExpectedTable } from "./expected-table.ts";
import { FinalTable } from "./final-table.ts";
import { type Match, Matcher } from "./match.ts";
import { OrderCheck } from "./order-check.ts";
import { OrderedMatches } from "./ordered-matches.ts";
import { PartitionedRecords } from "./partitioned-records.ts";

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
  /** Rows a partition of the join should hold, default 500,000 (about 50 MB). */
  readonly bucketRows?: number;
  /** Every observation of the view, in the order of reading. The object is reused. */
  readonly onObservation?: (observation: Observation) => void;
  /** Every matched output. In the order of reading unless the join is partitioned. The object is reused. */
  readonly onMatch?: (match: Match) => void;
  /** Every observation that matched no open expected row. */
  readonly onStray?: (observation: Observation, ordinal: number) => void;
}

export interface VerifyOutcome {
  readonly summary: VerifySummary;
  readonly examples: readonly Example[];
}

const DEFAULT_BUCKET_ROWS = 500_000;

/**
 * Compares the observation log with what the oracle expects. One partition in memory for ordinary runs; otherwise both sides are
 * spread by the hash of the name over temporary files and joined one partition after the other, so memory stays bounded.
 * Needs about 1 µs an output plus the replay. Upsert queries whose updates cannot be followed are compared by their final rows.
 */
export function verify<E>(input: VerifyInput<E>): VerifyOutcome {
  const rows = Math.max(countObservations(input.observationsFile), input.data.events);
  const buckets = Math.max(1, Math.ceil(rows / (input.bucketRows ?? DEFAULT_BUCKET_ROWS)));
  const directory = buckets === 1 ? null : input.scratchDirectory;
  const store = new PartitionedRecords({
    recordBytes: EXPECTED_BYTES,
    partitions: buckets,
    directory,
    name: "expected",
  });
  try {
    const expected = replayExpected(input.query, input.data, input.watermarkDelayMs, store);
    if (comparisonOf(input.query, input.data) === "finalRows") return joinFinalRows(input, store, directory);
    return directory === null ? joinInMemory(input, store, expected) : joinOnDisk(input, store, expected, directory);
  } finally {
    store.dispose();
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
  }
}

function joinInMemory<E>(input: VerifyInput<E>, store: PartitionedRecords, expected: ExpectedRows): VerifyOutcome {
  const book = new ViolationBook();
  const order = new OrderCheck();
  const ordered = promisesOrder(input.query);
  const tally = { observed: 0, matched: 0 };
  const table = new ExpectedTable(store, 0, expected);
  const matcher = new Matcher(table, book, emptyObservation(), input.dueUs, (match) => {
    tally.matched++;
    input.onMatch?.(match);
    const { trigger, observation: o } = match;
    if (trigger === null || !ordered) return;
    const late = order.outOfOrder(match.orderHigh, match.orderLow, expected.partitionOf(trigger), o.partition, trigger);
    if (late) bookOutOfOrder(book, { ...match, ...o, trigger, outPartition: o.partition });
  });
  forEachObservation(input.observationsFile, (observation, ordinal) => {
    if (observation.isolation !== input.isolation) return;
    tally.observed++;
    input.onObservation?.(observation);
    if (!matcher.observe(observation, ordinal)) input.onStray?.(observation, ordinal);
  });
  return outcomeOf(expected.count - matcher.finish(), tally, book);
}

function joinOnDisk<E>(
  input: VerifyInput<E>,
  store: PartitionedRecords,
  expected: ExpectedRows,
  directory: string,
): VerifyOutcome {
  const book = new ViolationBook();
  const tally = { observed: 0, matched: 0 };
  const partitions = store.partitions;
  const ordered = promisesOrder(input.query);
  const observed = spreadObservations(input, partitions, directory, tally);
  const matches = new OrderedMatches(partitions, directory);
  let optional = 0;
  const onMatch = (match: Match) => {
    tally.matched++;
    input.onMatch?.(match);
    const { trigger, observation: o } = match;
    if (trigger === null || !ordered) return;
    const { ordinal, expected: row, orderHigh, orderLow } = match;
    const lanes = { inPartition: expected.partitionOf(trigger), outPartition: o.partition };
    const seen = { offset: o.offset, observedUs: o.observedUs };
    matches.append({ ordinal, trigger, expected: row, orderHigh, orderLow, ...lanes, ...seen });
  };
  try {
    const observation = emptyObservation();
    for (let i = 0; i < partitions; i++) {
      const matcher = new Matcher(new ExpectedTable(store, i, expected), book, observation, input.dueUs, onMatch);
      observed.forEach(i, (view, at) => {
        readObservation(view, at, observation);
        const ordinal = view.getFloat64(at + OBSERVATION_BYTES, true);
        if (!matcher.observe(observation, ordinal)) input.onStray?.(observation, ordinal);
      });
      optional += matcher.finish();
      matches.endRun();
    }
    checkOrder(matches, book);
  } finally {
    observed.dispose();
    matches.dispose();
  }
  return outcomeOf(expected.count - optional, tally, book);
}

/** Compares the last row of each key; `expected` counts keys. */
function joinFinalRows<E>(input: VerifyInput<E>, store: PartitionedRecords, directory: string | null): VerifyOutcome {
  const book = new ViolationBook();
  const tally = { observed: 0, matched: 0 };
  const observed = spreadObservations(input, store.partitions, directory, tally);
  const observation = emptyObservation();
  let keys = 0;
  try {
    for (let i = 0; i < store.partitions; i++) {
      const table = new FinalTable(store, i, book);
      observed.forEach(i, (view, at) => {
        readObservation(view, at, observation);
        const ordinal = view.getFloat64(at + OBSERVATION_BYTES, true);
        if (!table.observe(observation, ordinal)) input.onStray?.(observation, ordinal);
      });
      keys += table.keys;
      tally.matched += table.finish(({ ordinal, ...place }) => {
        input.onStray?.({ ...emptyObservation(), ...place }, ordinal);
      });
    }
  } finally {
    observed.dispose();
  }
  return outcomeOf(keys, tally, book);
}

/** The observations of the view by name, each with its ordinal behind it. */
function spreadObservations<E>(
  input: VerifyInput<E>,
  partitions: number,
  directory: string | null,
  tally: { observed: number },
): PartitionedRecords {
  const recordBytes = OBSERVATION_BYTES + 8;
  const spread = new PartitionedRecords({ recordBytes, partitions, directory, name: "observed" });
  forEachObservation(input.observationsFile, (observation, ordinal) => {
    if (observation.isolation !== input.isolation) return;
    tally.observed++;
    input.onObservation?.(observation);
    const at = spread.append(nameBucket(observation.nameHigh, partitions));
    writeObservation(spread.view, at, observation);
    spread.view.setFloat64(at + OBSERVATION_BYTES, ordinal, true);
  });
  return spread;
}

function checkOrder(matches: OrderedMatches, book: ViolationBook): void {
  let order = new OrderCheck();
  matches.forEach(
    () => {
      order = new OrderCheck();
    },
    (m) => {
      if (order.outOfOrder(m.orderHigh, m.orderLow, m.inPartition, m.outPartition, m.trigger)) bookOutOfOrder(book, m);
    },
  );
}

/** A query without order key promises no order (q5: windows of an auction are compared on different instances). */
function promisesOrder<E>(query: QueryDefinition<E>): boolean {
  return query.orderKey.length > 0;
}

interface LateOutput {
  readonly ordinal: number;
  readonly trigger: number;
  readonly expected: number;
  readonly offset: number;
  readonly observedUs: number;
  readonly outPartition: number;
}

function bookOutOfOrder(book: ViolationBook, m: LateOutput): void {
  book.add("outOfOrder", m.ordinal, () => ({
    expected: m.expected,
    trigger: m.trigger,
    observation: { ordinal: m.ordinal, partition: m.outPartition, offset: m.offset, observedUs: m.observedUs },
  }));
}

function outcomeOf(
  expected: number,
  tally: { readonly observed: number; readonly matched: number },
  book: ViolationBook,
): VerifyOutcome {
  return { summary: { expected, ...tally, ...book.counts }, examples: book.examples() };
}
