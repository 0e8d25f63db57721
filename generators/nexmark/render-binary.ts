import { type AsciiSpan, asciiSpan, COPY_SLACK, copyAscii, copySpan, writeFourDigits } from "./ascii.ts";
import { type EventDraw, maxExtraLength } from "./draw.ts";
import { EVENT_TYPE } from "./model.ts";
import type { NexmarkOptions } from "./options.ts";
import { TargetView } from "./target-view.ts";
import { CITIES, FIRST_NAMES, LAST_NAMES, STATES } from "./vocabulary.ts";

/** Hash of the schema of Nexmark's events, as decision 0011 defines it; a test computes it from the queries' description. */
export const BINARY_SCHEMA_HASH = 0x0f1f;

const FIRST_NAME_SPANS = FIRST_NAMES.map(asciiSpan);
const LAST_NAME_SPANS = LAST_NAMES.map(asciiSpan);
const CITY_SPANS = CITIES.map(asciiSpan);
const STATE_SPANS = STATES.map(asciiSpan);
const DOT_COM = asciiSpan(".com");

const SPACE = 0x20;
const AT_SIGN = 0x40;
const TWO_32 = 4_294_967_296;
/** First byte: binary, version 1. */
const FIRST_BYTE = 0xf9;
const HEAD_BYTES = 4;
/** Of `rows` of the head tables: `,"channel":"` and `","url":"`. */
const BEFORE_CHANNEL = 12;
const BETWEEN_CHANNEL_AND_URL = 9;
/** Flags of a bid without channel and url (classic): fields 3 and 4. */
const NO_CHANNEL_AND_URL = 0b11000;
/** More than the fixed part and all words of any event. */
const FIXED_BYTES = 1024;

/** Where the parts of each kind's records lie: NULL flags, numbers, ends of strings, strings. */
const PERSON = places(1, 2, 6);
const AUCTION = places(2, 7, 3);
const BID = places(1, 4, 3);

interface Places {
  readonly numbers: number;
  readonly ends: number;
  readonly strings: number;
}

function places(flagBytes: number, numbers: number, strings: number): Places {
  const first = HEAD_BYTES + flagBytes;
  const ends = first + 8 * numbers;
  return { numbers: first, ends, strings: ends + 4 * strings };
}

/**
 * Writes the event that an EventDraw holds in the binary wire format (docs/decisions/0011-binary-wire-format.md). Needs `maxBytes` of
 * room, of which it may scribble over more than it returns as used.
 */
export class BinaryEventRenderer {
  /** Room that one event needs in the target, bytes. */
  readonly maxBytes: number;
  readonly #draw: EventDraw;
  readonly #view = new TargetView();

  constructor(options: NexmarkOptions, draw: EventDraw) {
    this.#draw = draw;
    this.maxBytes = FIXED_BYTES + 2 * maxExtraLength(options) + COPY_SLACK;
  }

  /** Writes the Kafka value at `at`; returns the new end. */
  wire(target: Uint8Array, at: number): number {
    const view = this.#view.of(target);
    const type = this.#draw.type;
    writeHead(view, at, type);
    if (type === EVENT_TYPE.bid) return this.#bid(view, at);
    return type === EVENT_TYPE.auction ? this.#auction(view, at) : this.#person(view, at);
  }

  #person(view: DataView, at: number): number {
    const draw = this.#draw;
    view.setUint8(at + HEAD_BYTES, 0);
    writeInteger(view, at + PERSON.numbers, draw.key);
    writeInteger(view, at + PERSON.numbers + 8, draw.timestampMs);
    const ends = at + PERSON.ends;
    const strings = at + PERSON.strings;
    let end = copySpan(view, strings, FIRST_NAME_SPANS[draw.firstName]!);
    view.setUint8(end, SPACE);
    end = copySpan(view, end + 1, LAST_NAME_SPANS[draw.lastName]!);
    view.setUint32(ends, end - strings, true);
    end = copySpan(view, end, draw.emailUser);
    view.setUint8(end, AT_SIGN);
    end = copySpan(view, copySpan(view, end + 1, draw.emailHost), DOT_COM);
    view.setUint32(ends + 4, end - strings, true);
    for (let i = 0; i < 4; i++) {
      end = writeFourDigits(view, end, draw.card[i]!);
      if (i < 3) view.setUint8(end++, SPACE);
    }
    view.setUint32(ends + 8, end - strings, true);
    end = copySpan(view, end, CITY_SPANS[draw.city]!);
    view.setUint32(ends + 12, end - strings, true);
    end = copySpan(view, end, STATE_SPANS[draw.state]!);
    view.setUint32(ends + 16, end - strings, true);
    return this.#extra(view, end, ends + 20, strings);
  }

  #auction(view: DataView, at: number): number {
    const draw = this.#draw;
    view.setUint16(at + HEAD_BYTES, 0);
    const numbers = at + AUCTION.numbers;
    writeInteger(view, numbers, draw.key);
    writeInteger(view, numbers + 8, draw.price);
    writeInteger(view, numbers + 16, draw.reserve);
    writeInteger(view, numbers + 24, draw.timestampMs);
    writeInteger(view, numbers + 32, draw.expires);
    writeInteger(view, numbers + 40, draw.person);
    writeInteger(view, numbers + 48, draw.category);
    const ends = at + AUCTION.ends;
    const strings = at + AUCTION.strings;
    let end = copySpan(view, strings, draw.itemName);
    view.setUint32(ends, end - strings, true);
    end = copySpan(view, end, draw.description);
    view.setUint32(ends + 4, end - strings, true);
    return this.#extra(view, end, ends + 8, strings);
  }

  #bid(view: DataView, at: number): number {
    const draw = this.#draw;
    const tables = draw.tables;
    view.setUint8(at + HEAD_BYTES, tables === undefined ? NO_CHANNEL_AND_URL : 0);
    const numbers = at + BID.numbers;
    writeInteger(view, numbers, draw.key);
    writeInteger(view, numbers + 8, draw.person);
    writeInteger(view, numbers + 16, draw.price);
    writeInteger(view, numbers + 24, draw.timestampMs);
    const ends = at + BID.ends;
    const strings = at + BID.strings;
    let end = strings;
    let channelEnd = strings;
    if (tables !== undefined) {
      const { channel, url } = tables.channels[draw.channelRow]!;
      const from = tables.rowOffsets[draw.channelRow]! + BEFORE_CHANNEL;
      const urlFrom = from + channel.length + BETWEEN_CHANNEL_AND_URL;
      channelEnd = copyAscii(view, end, tables.rows, from, from + channel.length);
      end = copyAscii(view, channelEnd, tables.rows, urlFrom, urlFrom + url.length);
    }
    view.setUint32(ends, channelEnd - strings, true);
    view.setUint32(ends + 4, end - strings, true);
    return this.#extra(view, end, ends + 8, strings);
  }

  /** The last string, and where it ends. */
  #extra(view: DataView, at: number, place: number, strings: number): number {
    const extra: AsciiSpan = this.#draw.extra;
    const end = copyAscii(view, at, extra.view, extra.start, extra.end);
    view.setUint32(place, end - strings, true);
    return end;
  }
}

/** The closing record in the binary wire format: `event_type` 3, only `bid.dateTime`. */
export function binaryClosingRecord(timeMs: number): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + 1 + 8);
  const view = new DataView(bytes.buffer);
  writeHead(view, 0, EVENT_TYPE.closing);
  writeInteger(view, HEAD_BYTES + 1, timeMs);
  return bytes;
}

function writeHead(view: DataView, at: number, type: number): void {
  view.setUint32(at, (BINARY_SCHEMA_HASH << 16) | (type << 8) | FIRST_BYTE, true);
}

/** An int64 of a value in 0 … 2^53 − 1. */
function writeInteger(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value / TWO_32, true);
}
