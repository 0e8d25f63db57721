/** A line of text and when it was read, ms. */
export interface TimedLine {
  readonly atMs: number;
  readonly text: string;
}

/** Words of a text and how often each is in it; case counts. */
export type WordCounts = ReadonlyMap<string, number>;

/** The words of some lines. `split`: at any white space, or at blanks only. */
export function countWords(lines: readonly string[], split: RegExp = /\s+/): WordCounts {
  const counts = new Map<string, number>();
  for (const line of lines) {
    for (const word of line.split(split)) if (word !== "") counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/** The windows that have words, by their end (ms), in time order: of `sizeMs`, beginning at every multiple of `slideMs`. */
export function countWindows(
  lines: readonly TimedLine[],
  sizeMs: number,
  slideMs: number,
  split: RegExp = /\s+/,
): ReadonlyMap<number, WordCounts> {
  const texts = new Map<number, string[]>();
  for (const { atMs, text } of lines) {
    const last = Math.floor(atMs / slideMs) * slideMs;
    for (let start = last; start > atMs - sizeMs; start -= slideMs) {
      const end = start + sizeMs;
      texts.set(end, [...(texts.get(end) ?? []), text]);
    }
  }
  const ends = [...texts.keys()].sort((a, b) => a - b);
  return new Map(ends.map((end) => [end, countWords(texts.get(end)!, split)]));
}
