import type { OutputRow } from "../jobs/output-files.ts";

/** Words and how often each was counted. */
export type Counts = Readonly<Record<string, number>>;

/** A row `word : count`. */
function pairOf(text: string): readonly [string, number] {
  const at = text.lastIndexOf(" : ");
  return [text.slice(0, at), Number(text.slice(at + 3))];
}

/** Rows of windows by the window's last ms, in time order. A word that a window printed twice is added up, so that it shows. */
export function windowsOf(rows: readonly OutputRow[]): ReadonlyMap<number, Counts> {
  const windows = new Map<number, Record<string, number>>();
  for (const { timestampMs, text } of rows) {
    const [word, count] = pairOf(text);
    const window = windows.get(timestampMs) ?? {};
    window[word] = (window[word] ?? 0) + count;
    windows.set(timestampMs, window);
  }
  return windows;
}

/** The largest total of each word: totals only grow, and after a restart some come again. */
export function totalsOf(rows: readonly OutputRow[]): Counts {
  const totals: Record<string, number> = {};
  for (const { text } of rows) {
    const [word, count] = pairOf(text);
    totals[word] = Math.max(totals[word] ?? 0, count);
  }
  return totals;
}

export function areEqual(a: Counts, b: Counts): boolean {
  const words = Object.keys(a);
  return words.length === Object.keys(b).length && words.every((word) => a[word] === b[word]);
}

/** `More 1, texts 1, test 3`, the order of `a` first. */
export function countsText(counts: Counts): string {
  const pairs = Object.entries(counts).map(([word, count]) => `${word} ${count}`);
  return pairs.length === 0 ? "nothing" : pairs.join(", ");
}
