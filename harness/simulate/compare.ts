import type { ExpectedRow, Value } from "../../queries/query.ts";
import { wireColumns } from "../verify/row-hash.ts";
import type { DrawnRun } from "./draw-run.ts";

type Row = readonly Value[];

const MAX_EXAMPLES = 3;

/**
 * What is wrong with the rows that came, in the order in which they became durable, or null. Append queries: equal multisets of the
 * columns that are compared. Upsert queries: equal last rows of every key, and equal updates where the data fix their order.
 */
export function wrongRows(
  run: DrawnRun,
  expected: readonly ExpectedRow[],
  isExact: boolean,
  got: readonly Row[],
): string | null {
  const { textOf, keyOf, isFixed, isAppend } = rowTexts(run);
  if (isAppend) {
    const required = isExact ? expected.filter(({ optional }) => optional === undefined) : [];
    const legal = expected.map(({ values }) => textOf(values));
    return differences(
      required.map(({ values }) => textOf(values)),
      legal,
      got.map(textOf),
    );
  }
  const textsByKey = (rows: readonly Row[]) =>
    [...Map.groupBy(rows, keyOf).values()].map((updates) => {
      return JSON.stringify((isFixed ? updates : updates.slice(-1)).map(textOf));
    });
  const wanted = textsByKey(expected.map(({ values }) => values));
  return differences(wanted, wanted, textsByKey(got));
}

/** How the rows of a run are told from each other. */
export function rowTexts({ query, partitions, partitionRule }: DrawnRun) {
  const columns = wireColumns(query);
  const kept = columns.flatMap(({ name }, index) => (query.volatile?.includes(name) === true ? [] : [index]));
  const { output } = query;
  const key = output.kind === "append" ? [] : output.key;
  const keyIndexes = key.map((name) => columns.findIndex((column) => column.name === name));
  return {
    isAppend: output.kind === "append",
    /** All columns that are compared. */
    textOf: (row: Row) => JSON.stringify(kept.map((index) => row[index])),
    /** Of upserts. */
    keyOf: (row: Row) => JSON.stringify(keyIndexes.map((index) => row[index])),
    /** The data fix all updates of a key. */
    isFixed:
      partitions === 1 ||
      (output.kind === "upsert" && output.updatesFollow === "auction" && partitionRule === "auction"),
  };
}

/** Compares multisets: all of `required` must have come, nothing but `legal`. */
export function differences(
  required: readonly string[],
  legal: readonly string[],
  got: readonly string[],
): string | null {
  const problems = [
    told("lost", missing(required, got)),
    told("wrong, or once too often,", missing(got, legal)),
  ].filter((text) => text !== null);
  return problems.length === 0 ? null : problems.join("\n");
}

/** Those of `texts` that `among` has not, or not so often. */
function missing(texts: readonly string[], among: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const text of among) counts.set(text, (counts.get(text) ?? 0) + 1);
  return texts.filter((text) => {
    const left = counts.get(text) ?? 0;
    counts.set(text, left - 1);
    return left <= 0;
  });
}

function told(what: string, rows: readonly string[]): string | null {
  if (rows.length === 0) return null;
  const examples = rows.slice(0, MAX_EXAMPLES).map((row) => `  ${row}`);
  return [`${rows.length} rows ${what} for example`, ...examples].join("\n");
}
