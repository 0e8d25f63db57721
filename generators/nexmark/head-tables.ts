import { asciiBlock, asciiSpan, asciiText, copySpan } from "./ascii.ts";
import type { EventRandom } from "./event-random.ts";
import { SplittableRandom } from "./splittable-random.ts";
import { drawLetters, type EscapedText, escapeText, RandomWord } from "./text.ts";

const HOT_CHANNELS = ["Google", "Facebook", "Baidu", "Apple"] as const;
/** Rows of the table of channels that are not hot. */
export const CHANNEL_COUNT = 10_000;
export const HOT_CHANNEL_COUNT = HOT_CHANNELS.length;
/** Characters of the static text that `extra` is sliced from. */
const EXTRA_LENGTH = 1_048_576;

export interface Channel {
  readonly channel: string;
  readonly url: string;
}

/** What mode head makes once: rows 0 .. 3 are the hot channels, then `channel-0` .. `channel-9999`. */
export interface HeadTables {
  readonly channels: readonly Channel[];
  /** `,"channel":"…","url":"…","dateTime":` of row i at rows[rowOffsets[i], rowOffsets[i + 1]). */
  readonly rows: DataView;
  readonly rowOffsets: Uint32Array;
  readonly extra: EscapedText;
}

/** Builds the tables from their two streams: `extra` (the 1 MiB text) and `tables` (URLs and channel ids). */
export function makeHeadTables(extra: EventRandom, tables: EventRandom): HeadTables {
  const letters = new Uint8Array(EXTRA_LENGTH);
  drawLetters(extra, EXTRA_LENGTH, letters);
  const channels = drawChannels(tables);
  return { channels, ...renderRows(channels), extra: escapeText(letters) };
}

const cache = new Map<string, HeadTables>();
const CACHE_LIMIT = 4;

/** The tables of two seeds; the last few are kept, because making them takes longer than 10 000 events. */
export function headTables(seeds: { readonly extra: number; readonly tables: number }): HeadTables {
  const key = `${seeds.extra} ${seeds.tables}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = makeHeadTables(new SplittableRandom(BigInt(seeds.extra)), new SplittableRandom(BigInt(seeds.tables)));
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(key, made);
  return made;
}

function drawChannels(random: EventRandom): Channel[] {
  const word = new RandomWord(5, "_");
  const hot = HOT_CHANNELS.map((channel) => ({ channel, url: drawUrl(random, word) }));
  const others = Array.from({ length: CHANNEL_COUNT }, (_, i) => {
    const url = drawUrl(random, word);
    const suffix = random.below(10) > 0 ? `&channel_id=${javaAbs(reverseBits(i))}` : "";
    return { channel: `channel-${i}`, url: url + suffix };
  });
  return [...hot, ...others];
}

function drawUrl(random: EventRandom, word: RandomWord): string {
  let path = "";
  for (let i = 0; i < 3; i++) {
    word.draw(random);
    path += `${asciiText(word.view, word.start, word.end)}/`;
  }
  return `https://www.nexmark.com/${path}item.htm?query=1`;
}

function reverseBits(value: number): number {
  let result = 0;
  for (let i = 0; i < 32; i++) result = (result << 1) | ((value >>> i) & 1);
  return result;
}

/** Java's Math.abs(int): the smallest integer stays negative. */
function javaAbs(value: number): number {
  return Math.abs(value) | 0;
}

function renderRows(channels: readonly Channel[]): { rows: DataView; rowOffsets: Uint32Array } {
  const texts = channels.map(({ channel, url }) => `,"channel":"${channel}","url":"${url}","dateTime":`);
  const rows = asciiBlock(texts.reduce((sum, text) => sum + text.length, 0));
  const rowOffsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => {
    rowOffsets[i + 1] = copySpan(rows, rowOffsets[i]!, asciiSpan(text));
  });
  return { rows, rowOffsets };
}
