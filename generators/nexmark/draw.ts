import { assert } from "../../base/assert.ts";
import { JavaRandom } from "../java-random.ts";
import { type EventRandom, longBelow, priceCents } from "./event-random.ts";
import { CHANNEL_COUNT, type HeadTables, HOT_CHANNEL_COUNT, headTables } from "./head-tables.ts";
import { EVENT_TYPE } from "./model.ts";
import { EventNumbers } from "./numbers.ts";
import type { NexmarkOptions } from "./options.ts";
import { SplittableRandom } from "./splittable-random.ts";
import { DrawnExtraText, type ExtraText, RandomWord, SlicedExtraText } from "./text.ts";
import { CITIES, FIRST_NAMES, LAST_NAMES, STATES } from "./vocabulary.ts";
import { Zipf } from "./zipf.ts";

const FIRST_ID = 1000;
const FIRST_CATEGORY = 10;
const CATEGORY_COUNT = 5;
const CARD_LENGTH = 19;

/** Where mode head takes its tables and its event stream from; by default from the seeds of the options. */
export interface HeadStreams {
  readonly tables: HeadTables;
  readonly events: EventRandom;
}

/** The longest `extra` that `average` can give, in characters. */
export function maxExtraLength(options: NexmarkOptions): number {
  const { person, auction, bid } = options.avgByteSizes;
  return Math.ceil(1.2 * Math.max(person, auction, bid)) + 1;
}

/**
 * Draws Nexmark's events one after the other into its own fields, in the draw order of the public generators. No objects and no
 * strings: `render` and `model` read the fields. After `drawTo(index)` the fields of the kind named by `type` hold.
 */
export class EventDraw {
  readonly options: NexmarkOptions;
  readonly numbers: EventNumbers;
  readonly tables: HeadTables | undefined;
  /** Lasting hot keys instead of the hot rule. */
  readonly zipfAuctions: Zipf | undefined;
  readonly zipfBidders: Zipf | undefined;
  readonly extra: ExtraText;
  readonly emailUser = new RandomWord(7);
  readonly emailHost = new RandomWord(5);
  readonly itemName = new RandomWord(20);
  readonly description = new RandomWord(100);
  readonly card = new Int32Array(4);
  /** 0 person, 1 auction, 2 bid. */
  type: 0 | 1 | 2 = EVENT_TYPE.person;
  id = 0;
  timestampMs = 0;
  watermarkMs = 0;
  /** Id of the person or auction; for a bid, of its auction. */
  key = 0;
  firstName = 0;
  lastName = 0;
  city = 0;
  state = 0;
  price = 0;
  reserve = 0;
  expires = 0;
  category = 0;
  /** Seller of an auction, bidder of a bid. */
  person = 0;
  /** Row of the head tables. */
  channelRow = 0;
  readonly #random: EventRandom;
  readonly #classic: JavaRandom | undefined;
  readonly #hotAuctionRatio: number;
  readonly #hotBiddersRatio: number;
  readonly #bidSize: number;
  /** Index after the event that is held. */
  #next = 0;

  constructor(options: NexmarkOptions, streams?: HeadStreams) {
    this.options = options;
    this.numbers = new EventNumbers(options);
    this.#hotAuctionRatio = options.hotRatios.auction;
    this.#hotBiddersRatio = options.hotRatios.bidders;
    this.#bidSize = options.avgByteSizes.bid;
    const { auctions, bidders, keys } = options.skew;
    const seed = options.mode === "head" ? options.seeds.events : 0;
    this.zipfAuctions = auctions === undefined ? undefined : new Zipf(auctions, keys, 2 * seed);
    this.zipfBidders = bidders === undefined ? undefined : new Zipf(bidders, keys, 2 * seed + 1);
    if (options.mode === "classic") {
      this.#classic = new JavaRandom(0n);
      this.#random = this.#classic;
      this.extra = new DrawnExtraText(maxExtraLength(options));
    } else {
      this.tables = streams?.tables ?? headTables(options.seeds);
      this.#random = streams?.events ?? new SplittableRandom(BigInt(options.seeds.events));
      this.extra = new SlicedExtraText(this.tables.extra);
    }
  }

  /** Makes event `index` the one that is held: O(1) in mode classic; mode head draws all events in order and never goes back. */
  drawTo(index: number): void {
    if (this.#classic !== undefined && this.#next !== index + 1) this.#next = index;
    assert(this.#next <= index + 1, "mode head draws forwards only");
    while (this.#next <= index) this.#draw(this.#next++);
  }

  #draw(index: number): void {
    const numbers = this.numbers;
    const adjusted = numbers.adjustedNumber(index);
    const id = numbers.eventId(adjusted);
    this.id = id;
    this.timestampMs = numbers.timestampMs(adjusted);
    this.watermarkMs = numbers.watermarkMs(index);
    this.#classic?.reseed(id);
    const offset = id % numbers.totalShare;
    if (offset < numbers.personShare) this.#drawPerson(id);
    else if (offset < numbers.personShare + numbers.auctionShare) this.#drawAuction(id, adjusted);
    else this.#drawBid(id);
  }

  #drawPerson(id: number): void {
    const random = this.#random;
    this.type = EVENT_TYPE.person;
    this.key = FIRST_ID + this.numbers.lastPerson(id);
    this.firstName = random.below(FIRST_NAMES.length);
    this.lastName = random.below(LAST_NAMES.length);
    this.emailUser.draw(random);
    this.emailHost.draw(random);
    for (let i = 0; i < 4; i++) this.card[i] = random.below(10_000);
    this.city = random.below(CITIES.length);
    this.state = random.below(STATES.length);
    const nameLength = FIRST_NAMES[this.firstName]!.length + 1 + LAST_NAMES[this.lastName]!.length;
    const emailLength = this.emailUser.length + 1 + this.emailHost.length + 4;
    const placeLength = CITIES[this.city]!.length + STATES[this.state]!.length;
    this.#drawExtra(8 + nameLength + emailLength + CARD_LENGTH + placeLength, this.options.avgByteSizes.person);
  }

  #drawAuction(id: number, adjusted: number): void {
    const random = this.#random;
    const numbers = this.numbers;
    this.type = EVENT_TYPE.auction;
    this.key = FIRST_ID + numbers.lastAuction(id);
    const hot = random.below(this.options.hotRatios.sellers) > 0;
    this.person = FIRST_ID + (hot ? numbers.hotSeller(id) : numbers.coldPerson(id, random));
    this.category = FIRST_CATEGORY + random.below(CATEGORY_COUNT);
    this.price = priceCents(random);
    const horizonMs = numbers.auctionHorizonMs(adjusted);
    this.expires = this.timestampMs + 1 + longBelow(random, Math.max(2 * horizonMs, 1));
    this.itemName.draw(random);
    this.description.draw(random);
    this.reserve = this.price + priceCents(random);
    this.#drawExtra(48 + this.itemName.length + this.description.length, this.options.avgByteSizes.auction);
  }

  #drawBid(id: number): void {
    const random = this.#random;
    this.type = EVENT_TYPE.bid;
    this.key = FIRST_ID + (this.zipfAuctions?.rankOf(id) ?? this.#bidAuction(id));
    this.person = FIRST_ID + (this.zipfBidders?.rankOf(id) ?? this.#bidder(id));
    this.price = priceCents(random);
    if (this.tables !== undefined) {
      const hotChannel = random.below(2) > 0;
      this.channelRow = hotChannel ? random.below(HOT_CHANNEL_COUNT) : HOT_CHANNEL_COUNT + random.below(CHANNEL_COUNT);
      // Head adds the offset of person ids a second time.
      this.person += FIRST_ID;
    }
    this.#drawExtra(32, this.#bidSize);
  }

  #bidAuction(id: number): number {
    const hot = this.#random.below(this.#hotAuctionRatio) > 0;
    return hot ? this.numbers.hotAuction(id) : this.numbers.coldAuction(id, this.#random);
  }

  #bidder(id: number): number {
    const hot = this.#random.below(this.#hotBiddersRatio) > 0;
    return hot ? this.numbers.hotBidder(id) : this.numbers.coldPerson(id, this.#random);
  }

  #drawExtra(currentSize: number, averageSize: number): void {
    if (currentSize > averageSize) {
      this.extra.clear();
      return;
    }
    const wanted = averageSize - currentSize;
    const delta = Math.floor(wanted * 0.2 + 0.5);
    const least = wanted - delta;
    this.extra.draw(this.#random, delta === 0 ? least : least + this.#random.below(2 * delta));
  }
}
