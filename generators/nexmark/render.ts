import { type AsciiSpan, asciiSpan, COPY_SLACK, copyAscii, copySpan, writeFourDigits, writeInteger } from "./ascii.ts";
import { type EventDraw, maxExtraLength } from "./draw.ts";
import { EVENT_TEXT } from "./event-text.ts";
import { EVENT_TYPE } from "./model.ts";
import type { NexmarkOptions } from "./options.ts";
import { TargetView } from "./target-view.ts";
import { CITIES, FIRST_NAMES, LAST_NAMES, STATES } from "./vocabulary.ts";

const FIRST_NAME_SPANS = FIRST_NAMES.map(asciiSpan);
const LAST_NAME_SPANS = LAST_NAMES.map(asciiSpan);
const CITY_SPANS = CITIES.map(asciiSpan);
const STATE_SPANS = STATES.map(asciiSpan);

const TEXT = spansOf(EVENT_TEXT);
const WIRE_END = [TEXT.wirePersonEnd, TEXT.wireAuctionEnd, TEXT.wireBidEnd] as const;

const SPACE = 0x20;
const AT_SIGN = 0x40;
/** More than all literals, numbers and words of any event. */
const FIXED_BYTES = 1024;

/**
 * Writes the event that an EventDraw holds as JSON bytes: no strings, no objects. Needs `maxBytes` of room, of which it may
 * scribble over more than it returns as used.
 */
export class EventRenderer {
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
    let end: number;
    if (type === EVENT_TYPE.bid) end = this.#bid(view, copySpan(view, at, TEXT.wireBid));
    else if (type === EVENT_TYPE.auction) end = this.#auction(view, copySpan(view, at, TEXT.wireAuction));
    else end = this.#person(view, copySpan(view, at, TEXT.wirePerson));
    return copySpan(view, end, WIRE_END[type]);
  }

  /** Writes the line of `bench generate` for event `index`, line feed included; returns the new end. */
  line(target: Uint8Array, at: number, index: number): number {
    const view = this.#view.of(target);
    const draw = this.#draw;
    let end = writeInteger(view, copySpan(view, at, TEXT.index), index);
    end = writeInteger(view, copySpan(view, end, TEXT.eventId), draw.id);
    end = writeInteger(view, copySpan(view, end, TEXT.timestamp), draw.timestampMs);
    end = writeInteger(view, copySpan(view, end, TEXT.watermark), draw.watermarkMs);
    if (draw.type === EVENT_TYPE.bid) end = this.#bid(view, copySpan(view, end, TEXT.lineBid));
    else if (draw.type === EVENT_TYPE.auction) end = this.#auction(view, copySpan(view, end, TEXT.lineAuction));
    else end = this.#person(view, copySpan(view, end, TEXT.linePerson));
    return copySpan(view, end, TEXT.lineEnd);
  }

  #person(view: DataView, at: number): number {
    const draw = this.#draw;
    let end = writeInteger(view, copySpan(view, at, TEXT.id), draw.key);
    end = copySpan(view, copySpan(view, end, TEXT.name), FIRST_NAME_SPANS[draw.firstName]!);
    view.setUint8(end, SPACE);
    end = copySpan(view, end + 1, LAST_NAME_SPANS[draw.lastName]!);
    end = copySpan(view, copySpan(view, end, TEXT.email), draw.emailUser);
    view.setUint8(end, AT_SIGN);
    end = copySpan(view, copySpan(view, end + 1, draw.emailHost), TEXT.card);
    for (let i = 0; i < 4; i++) {
      end = writeFourDigits(view, end, draw.card[i]!);
      if (i < 3) view.setUint8(end++, SPACE);
    }
    end = copySpan(view, copySpan(view, end, TEXT.city), CITY_SPANS[draw.city]!);
    end = copySpan(view, copySpan(view, end, TEXT.state), STATE_SPANS[draw.state]!);
    return this.#tail(view, writeInteger(view, copySpan(view, end, TEXT.dateTimeAfterText), draw.timestampMs));
  }

  #auction(view: DataView, at: number): number {
    const draw = this.#draw;
    let end = writeInteger(view, copySpan(view, at, TEXT.id), draw.key);
    end = copySpan(view, copySpan(view, end, TEXT.itemName), draw.itemName);
    end = copySpan(view, copySpan(view, end, TEXT.description), draw.description);
    end = writeInteger(view, copySpan(view, end, TEXT.initialBid), draw.price);
    end = writeInteger(view, copySpan(view, end, TEXT.reserve), draw.reserve);
    end = writeInteger(view, copySpan(view, end, TEXT.dateTime), draw.timestampMs);
    end = writeInteger(view, copySpan(view, end, TEXT.expires), draw.expires);
    end = writeInteger(view, copySpan(view, end, TEXT.seller), draw.person);
    return this.#tail(view, writeInteger(view, copySpan(view, end, TEXT.category), draw.category));
  }

  #bid(view: DataView, at: number): number {
    const draw = this.#draw;
    let end = writeInteger(view, copySpan(view, at, TEXT.auction), draw.key);
    end = writeInteger(view, copySpan(view, end, TEXT.bidder), draw.person);
    end = writeInteger(view, copySpan(view, end, TEXT.price), draw.price);
    const tables = draw.tables;
    if (tables === undefined) end = copySpan(view, end, TEXT.dateTime);
    else {
      const offsets = tables.rowOffsets;
      end = copyAscii(view, end, tables.rows, offsets[draw.channelRow]!, offsets[draw.channelRow + 1]!);
    }
    return this.#tail(view, writeInteger(view, end, draw.timestampMs));
  }

  #tail(view: DataView, at: number): number {
    const extra = this.#draw.extra;
    const end = copyAscii(view, copySpan(view, at, TEXT.extra), extra.view, extra.start, extra.end);
    return copySpan(view, end, TEXT.end);
  }
}

function spansOf<K extends string>(texts: Readonly<Record<K, string>>): Readonly<Record<K, AsciiSpan>> {
  const entries = Object.entries<string>(texts).map(([key, text]) => [key, asciiSpan(text)]);
  return Object.fromEntries(entries) as Record<K, AsciiSpan>;
}
