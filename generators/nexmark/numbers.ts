import { type EventRandom, longBelow } from "./event-random.ts";
import type { NexmarkOptions } from "./options.ts";
import { eventRange } from "./options.ts";

const FIRST_ID_LEAD = 10;
const HOT_BATCH = 100;

/**
 * Nexmark's arithmetic of event numbers, ids and times, as the public generators do it: integer divisions truncate, the delay
 * is a double (1e6 / rate) · generators, times are truncated twice (µs, then ms).
 */
export class EventNumbers {
  readonly firstEventId: number;
  readonly firstEventNumber: number;
  readonly groupSize: number;
  readonly delayUs: number;
  readonly baseTimeMs: number;
  readonly personShare: number;
  readonly auctionShare: number;
  readonly totalShare: number;
  readonly inFlight: number;
  readonly activePeople: number;

  constructor(options: NexmarkOptions) {
    this.firstEventId = eventRange(options).firstEventId;
    this.firstEventNumber = options.firstEventNumber;
    this.groupSize = options.outOfOrderGroupSize;
    this.delayUs = (1_000_000 / options.eventRatePerSecond) * options.numEventGenerators;
    this.baseTimeMs = options.baseTimeMs;
    this.personShare = options.proportions.person;
    this.auctionShare = options.proportions.auction;
    this.totalShare = options.proportions.person + options.proportions.auction + options.proportions.bid;
    this.inFlight = options.numInFlightAuctions;
    this.activePeople = options.numActivePeople;
  }

  /** The event number of index k, permuted within its out-of-order group. */
  adjustedNumber(index: number): number {
    const number = this.firstEventNumber + index;
    const size = this.groupSize;
    if (size === 1) return number;
    return Math.floor(number / size) * size + ((number * 953) % size);
  }

  eventId(adjustedNumber: number): number {
    return this.firstEventId + adjustedNumber;
  }

  /** Epoch ms of an event number. */
  timestampMs(number: number): number {
    return this.baseTimeMs + Math.floor(Math.trunc(number * this.delayUs) / 1000);
  }

  /** The generator's own watermark when it emits index k, epoch ms. */
  watermarkMs(index: number): number {
    const number = this.firstEventNumber + index;
    const size = this.groupSize;
    return this.timestampMs(size === 1 ? number : Math.floor(number / size) * size);
  }

  /** The time in which as many auctions begin as are in flight, from `adjustedNumber` on, ms. */
  auctionHorizonMs(adjustedNumber: number): number {
    const ahead = Math.floor((this.inFlight * this.totalShare) / this.auctionShare);
    return this.timestampMs(adjustedNumber + ahead) - this.timestampMs(adjustedNumber);
  }

  /** The last person born up to event `id`, 0-based. */
  lastPerson(id: number): number {
    const epoch = Math.floor(id / this.totalShare);
    const offset = id - epoch * this.totalShare;
    return epoch * this.personShare + Math.min(offset, this.personShare - 1);
  }

  /** The last auction opened up to event `id`, 0-based. */
  lastAuction(id: number): number {
    let epoch = Math.floor(id / this.totalShare);
    let offset = id - epoch * this.totalShare;
    if (offset < this.personShare) {
      epoch--;
      offset = this.auctionShare - 1;
    } else if (offset >= this.personShare + this.auctionShare) {
      offset = this.auctionShare - 1;
    } else {
      offset -= this.personShare;
    }
    return epoch * this.auctionShare + offset;
  }

  /** One of the active people, or one of ten not yet born. */
  coldPerson(id: number, random: EventRandom): number {
    const count = this.lastPerson(id) + 1;
    const active = Math.min(count, this.activePeople);
    return count - active + longBelow(random, active + FIRST_ID_LEAD);
  }

  /** One of the auctions in flight, or one of ten not yet open. */
  coldAuction(id: number, random: EventRandom): number {
    const last = this.lastAuction(id);
    const first = Math.max(last - this.inFlight, 0);
    return first + longBelow(random, last - first + 1 + FIRST_ID_LEAD);
  }

  hotSeller(id: number): number {
    return Math.trunc(this.lastPerson(id) / HOT_BATCH) * HOT_BATCH;
  }

  hotBidder(id: number): number {
    return this.hotSeller(id) + 1;
  }

  hotAuction(id: number): number {
    return Math.trunc(this.lastAuction(id) / HOT_BATCH) * HOT_BATCH;
  }
}
