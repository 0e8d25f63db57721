import { assert } from "../../base/assert.ts";
import { closingTimeAfter, type DataSet, type EventCursor } from "../dataset.ts";
import { JavaRandom } from "../java-random.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { customerDraw, customerId } from "./customers.ts";
import { type BetterCloudEvent, type CustomerEvent, SHARING } from "./model.ts";
import type { BetterCloudOptions } from "./options.ts";
import { epochMs, eventSchedule } from "./schedules.ts";
import { copyInto, writeDigits } from "./wire.ts";

interface BetterCloudStream {
  readonly options: BetterCloudOptions;
  /** Default 1. */
  readonly partitions?: number;
  /** Due times, which `ingestedAt` tells; default: `consumerRate`. */
  readonly schedule?: Schedule;
}

const encoder = new TextEncoder();
const RECEIVED_AT = encoder.encode(',"receivedAt":0');
const SEQUENCE = encoder.encode(',"sequence":');
const CLOSE = 0x7d;
/** Longest number, field names and the closing brace. */
const TAIL_BYTES = 96;
/** Records of so many customers are kept rendered up to their first number. */
const MAX_KEPT = 65_536;

/** The customer events as a data set, spread round robin. A record is a function of seed, index and schedule. */
export class CustomerEvents implements DataSet<BetterCloudEvent> {
  readonly name = "bettercloud events";
  readonly events: number;
  readonly partitions: number;
  readonly partitionRule = "event index mod partitions";
  readonly closingTimeMs: number;
  readonly #options: BetterCloudOptions;
  readonly #schedule: Schedule;

  constructor({ options, partitions = 1, schedule }: BetterCloudStream) {
    assert(Number.isInteger(partitions) && partitions > 0, "partitions of a data set", { partitions });
    this.#options = options;
    this.#schedule = schedule ?? eventSchedule(options);
    this.events = options.events;
    this.partitions = partitions;
    this.closingTimeMs = closingTimeAfter(epochMs(options, this.#schedule.dueNs(Math.max(0, options.events - 1))));
  }

  /** Draws through all events before `firstIndex`. */
  open(firstIndex = 0): CustomerEventCursor {
    const cursor = new CustomerEventCursor(this.#options, this.#schedule, this.partitions);
    for (let i = 0; i < firstIndex && cursor.advance(); i++);
    return cursor;
  }

  /** An event of nobody, which no alert matches. */
  closingRecord(): Uint8Array {
    return encoder.encode(
      JSON.stringify({ customerId: "", payload: "{}", ingestedAt: this.closingTimeMs, receivedAt: 0 }),
    );
  }
}

/** Walks the customer events. One `java.util.Random` for the whole stream; draws per event: customer, title, audience. */
export class CustomerEventCursor implements EventCursor<BetterCloudEvent> {
  readonly maxWireBytes: number;
  readonly #options: BetterCloudOptions;
  readonly #schedule: Schedule;
  readonly #partitions: number;
  readonly #random: JavaRandom;
  readonly #draw: (random: JavaRandom) => number;
  readonly #rendered = new Map<number, Uint8Array>();
  #index = -1;
  #customer = 0;
  #isLunchMenu = false;
  #isPublic = false;

  constructor(options: BetterCloudOptions, schedule: Schedule, partitions: number) {
    this.#options = options;
    this.#schedule = schedule;
    this.#partitions = partitions;
    this.#random = new JavaRandom(BigInt(options.seed));
    this.#draw = customerDraw(options.customers, options.keySkew);
    this.maxWireBytes = 1024 + options.payloadPadding;
  }

  advance(): boolean {
    if (this.#index + 1 >= this.#options.events) return false;
    this.#index++;
    const random = this.#random;
    this.#customer = this.#draw(random);
    this.#isLunchMenu = random.nextDouble() >= SHARING.lunchMenuFrom;
    this.#isPublic = random.nextDouble() >= (this.#isLunchMenu ? SHARING.lunchMenuPublicFrom : SHARING.otherPublicFrom);
    return true;
  }

  get index(): number {
    return this.#index;
  }
  get partition(): number {
    return this.#index % this.#partitions;
  }
  get eventTimeMs(): number {
    return epochMs(this.#options, this.#schedule.dueNs(this.#index));
  }
  /** What was drawn, for tests and counts. */
  get customer(): number {
    return this.#customer;
  }
  get isLunchMenu(): boolean {
    return this.#isLunchMenu;
  }
  get isPublic(): boolean {
    return this.#isPublic;
  }

  writeWire(target: Uint8Array, at: number): number {
    let end = copyInto(target, at, this.#beginning());
    end = writeDigits(target, end, this.eventTimeMs);
    end = copyInto(target, end, RECEIVED_AT);
    if (this.#options.sequence) {
      end = copyInto(target, end, SEQUENCE);
      end = writeDigits(target, end, this.#index);
    }
    target[end] = CLOSE;
    return end + 1;
  }

  event(): BetterCloudEvent {
    const event: CustomerEvent = {
      customerId: customerId(this.#customer),
      payload: this.#payload(),
      ingestedAt: this.eventTimeMs,
      receivedAt: 0,
      ...(this.#options.sequence ? { sequence: this.#index } : {}),
    };
    return { type: "event", index: this.#index, event };
  }

  #payload(): string {
    const id = customerId(this.#customer);
    const { payloadPadding } = this.#options;
    return JSON.stringify({
      provider: "GDrive",
      title: this.#isLunchMenu ? "lunch-menu" : "finances",
      audience: this.#isPublic ? "public" : `hello@${id.toLowerCase()}.com@${id}.com`,
      type: "Spreadsheet",
      actionType: "DocumentSharedEvent",
      ...(payloadPadding === 0 ? {} : { padding: "x".repeat(payloadPadding) }),
    });
  }

  /** The record up to the value of `ingestedAt`; there are four of each customer. */
  #beginning(): Uint8Array {
    const kind = this.#customer * 4 + (this.#isLunchMenu ? 2 : 0) + (this.#isPublic ? 1 : 0);
    const known = this.#rendered.get(kind);
    if (known !== undefined) return known;
    const { customerId: id, payload } = (this.event() as Extract<BetterCloudEvent, { type: "event" }>).event;
    const text = `{"customerId":${JSON.stringify(id)},"payload":${JSON.stringify(payload)},"ingestedAt":`;
    const bytes = encoder.encode(text);
    assert(bytes.length + TAIL_BYTES <= this.maxWireBytes, "the record fits its bound", { bytes: bytes.length });
    if (this.#rendered.size < MAX_KEPT) this.#rendered.set(kind, bytes);
    return bytes;
  }
}
