import type { ExpectedRow, Value } from "../../queries/query.ts";
import { differences, rowTexts } from "./compare.ts";
import type { DrawnRun } from "./draw-run.ts";

type Row = readonly Value[];

/**
 * At-least-once: what is wrong when rows may come again, or null. Every row that must come has come, upserts with their last update;
 * and nothing else, as far as the data say what may come. `isExact` false: rows may be missing.
 */
export function lostOrForged(
  run: DrawnRun,
  expected: readonly ExpectedRow[],
  isExact: boolean,
  got: readonly Row[],
): string | null {
  const { textOf, keyOf, isFixed, isAppend } = rowTexts(run);
  const distinct = (rows: readonly Row[]) => [...new Set(rows.map(textOf))];
  const legal = distinct(expected.map(({ values }) => values));
  if (isAppend) {
    const required = isExact ? expected.filter(({ optional }) => optional === undefined) : [];
    return differences(distinct(required.map(({ values }) => values)), legal, distinct(got));
  }
  const byKey = Map.groupBy(
    expected.map(({ values }) => values),
    keyOf,
  );
  const last = isExact ? [...byKey.values()].map((updates) => updates.at(-1)!) : [];
  const came = distinct(got);
  return differences(distinct(last), isFixed ? legal : [...came, ...legal], came);
}

/** Exactly-once, of a job that has failed: what came is a part of what should have come, upserts from their first update on. */
export function partlyWrong(run: DrawnRun, expected: readonly ExpectedRow[], got: readonly Row[]): string | null {
  const { textOf, keyOf, isFixed, isAppend } = rowTexts(run);
  const rows = expected.map(({ values }) => values);
  if (isAppend) return differences([], rows.map(textOf), got.map(textOf));
  if (!isFixed) return null;
  const wanted = Map.groupBy(rows, keyOf);
  const prefixes = [...Map.groupBy(got, keyOf)].map(([key, updates]) => {
    return { came: updates.map(textOf), legal: (wanted.get(key) ?? []).slice(0, updates.length).map(textOf) };
  });
  const joined = (texts: readonly string[]) => JSON.stringify(texts);
  return differences(
    [],
    prefixes.map(({ legal }) => joined(legal)),
    prefixes.map(({ came }) => joined(came)),
  );
}
