import { Random } from "../../base/random.ts";

/** Lines of words, some much more frequent than others. */
export interface WordOptions {
  readonly seed: number;
  /** Words of one line. */
  readonly wordsPerLine: number;
  /** Different words. */
  readonly vocabulary: number;
}

export const DEFAULT_WORDS: WordOptions = { seed: 1, wordsPerLine: 8, vocabulary: 1_000 };

const SYLLABLES = ["ka", "lo", "mi", "ne", "ru", "sa", "te", "vo", "wi", "zu"];

/** Line `index`, from 0: a function of options and index alone. Word n of the vocabulary is drawn about 1 / (n + 1) as often as the first. */
export function wordLine({ seed, wordsPerLine, vocabulary }: WordOptions, index: number): string {
  const random = new Random((seed + Math.imul(index + 1, 0x9e3779b1)) >>> 0);
  // Uniform in the logarithm: a density of 1 / n.
  const draw = () => Math.min(vocabulary - 1, Math.floor((vocabulary + 1) ** random.unit()) - 1);
  return Array.from({ length: wordsPerLine }, () => wordOf(draw())).join(" ");
}

/** Word n, from 0: its decimal digits as syllables. */
function wordOf(n: number): string {
  return Array.from(String(n), (digit) => SYLLABLES[Number(digit)]!).join("");
}
