import { writeFileSync } from "node:fs";
import type { QueryDefinition } from "../../queries/query.ts";
import { readJsonLines } from "../analyze/results-folder.ts";
import type { Observation } from "../measure/observation.ts";
import type { Example } from "./examples.ts";
import { wireColumns } from "./row-hash.ts";
import { columnDifference, parseRow } from "./typed-value.ts";

/** At most so many records that matched nothing are kept whole. */
export const MAX_UNMATCHED = 1_000;

export interface RecordPlace {
  readonly partition: number;
  readonly offset: number;
}

/** One line of `raw/<run>/unmatched.jsonl`. */
export interface UnmatchedRecord extends RecordPlace {
  readonly timestampMs: number;
  /** The record's value as text. */
  readonly value: string;
}

/** Reads single records back from the output topic, in any order; those that are gone are left out. */
export type FetchUnmatched = (places: readonly RecordPlace[]) => Promise<readonly UnmatchedRecord[]>;

/** The first observations, in the order of reading, that matched nothing. */
export class UnmatchedList {
  #found: (RecordPlace & { readonly ordinal: number })[] = [];

  add({ partition, offset }: Observation, ordinal: number): void {
    this.#found.push({ partition, offset, ordinal });
    if (this.#found.length >= MAX_UNMATCHED * 2) this.#cut();
  }

  places(): readonly RecordPlace[] {
    this.#cut();
    return this.#found.map(({ partition, offset }) => ({ partition, offset }));
  }

  #cut(): void {
    this.#found.sort((a, b) => a.ordinal - b.ordinal);
    this.#found.length = Math.min(this.#found.length, MAX_UNMATCHED);
  }
}

/** Fetches the records and writes the file, also when there are none. */
export async function writeUnmatched(
  file: string,
  places: readonly RecordPlace[],
  fetch: FetchUnmatched,
): Promise<void> {
  const records = places.length === 0 ? [] : await fetch(places);
  const lines = records.map(({ partition, offset, timestampMs, value }) =>
    JSON.stringify({ partition, offset, timestampMs, value }),
  );
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
}

export function readUnmatched(file: string): readonly UnmatchedRecord[] {
  return readJsonLines<UnmatchedRecord>(file);
}

type UnmatchedQuery = Pick<QueryDefinition, "id" | "columns" | "identity" | "nameColumns">;

/** Columns too many that are named. */
const MAX_NAMED = 8;

/** The examples with text and, where it is a row of the query, values of the records that were fetched. */
export function withUnmatched(
  examples: readonly Example[],
  records: readonly UnmatchedRecord[],
  query: UnmatchedQuery,
): readonly Example[] {
  const byPlace = new Map(records.map((record) => [`${record.partition}:${record.offset}`, record]));
  const columns = wireColumns(query);
  return examples.map((example) => {
    const seen = example.observation;
    const record = seen === null ? undefined : byPlace.get(`${seen.partition}:${seen.offset}`);
    if (record === undefined) return example;
    const values = example.values ?? parseRow(columns, record.value);
    const problem = values === null ? columnProblem(query, record.value) : null;
    return { ...example, text: record.value, values, ...(problem === null ? {} : { problem }) };
  });
}

/** What keeps a JSON object from being a row: columns that it lacks, or has too many; null where its columns are right. */
function columnProblem(query: UnmatchedQuery, text: string): string | null {
  const found = columnDifference(wireColumns(query), text);
  if (found === null) return null;
  const isName = (column: string) =>
    query.nameColumns.includes(column) || query.identity.some(({ name }) => name === column);
  const names = found.missing.filter(isName);
  const others = found.missing.filter((column) => !isName(column));
  const parts = [
    ...(names.length === 0 ? [] : [`has no ${names.join(", ")}, which identify outputs of ${query.id}`]),
    ...(others.length === 0 ? [] : [`has no ${others.join(", ")}`]),
    ...(found.extra.length === 0 ? [] : [`has ${shortList(found.extra)}, which ${query.id} has not`]),
  ];
  return parts.length === 0 ? null : parts.join("; ");
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).join(", ");
  return names.length > MAX_NAMED ? `${shown} and ${names.length - MAX_NAMED} more` : shown;
}
