import { FaultlineError } from "../../base/errors.ts";
import {
  closingTimeAfter,
  type DataSet,
  type EventCursor,
  type PartitionRule,
  type WireFormatName,
} from "../dataset.ts";
import { EventDraw, type HeadStreams } from "./draw.ts";
import { type EventKernel, openKernel } from "./kernel/kernel.ts";
import { EVENT_TYPE, type NexmarkEvent } from "./model.ts";
import { EventNumbers } from "./numbers.ts";
import { eventRange, type NexmarkOptions } from "./options.ts";
import { EventRenderer } from "./render.ts";
import { BinaryEventRenderer, binaryClosingRecord } from "./render-binary.ts";
import { toEvent } from "./to-event.ts";

export interface NexmarkDataSetOptions {
  readonly options: NexmarkOptions;
  /** Default 1. */
  readonly partitions?: number;
  /** `roundRobin` (default): index mod partitions. `auction`: the auction's, person's or bid's auction's id mod partitions. */
  readonly partitionRule?: PartitionRule;
  /** Of the wire values; default json. */
  readonly format?: WireFormatName;
  /** Other streams than the seeds of the options give; for tests. */
  readonly streams?: () => HeadStreams;
}

const RULE_TEXT = {
  roundRobin: "event index mod partitions",
  auction: "id mod partitions: of a bid its auction's, of an auction or person its own",
} as const;

/** The events of Nexmark as a data set. */
export class NexmarkDataSet implements DataSet<NexmarkEvent> {
  readonly name = "nexmark";
  readonly events: number;
  readonly partitions: number;
  readonly partitionRule: string;
  readonly format: WireFormatName;
  readonly keepsAuctionsTogether: boolean;
  readonly closingTimeMs: number;
  readonly options: NexmarkOptions;
  readonly #byAuction: boolean;
  readonly #streams: (() => HeadStreams) | undefined;

  constructor({
    options,
    partitions = 1,
    partitionRule = "roundRobin",
    format = "json",
    streams,
  }: NexmarkDataSetOptions) {
    if (!Number.isInteger(partitions) || partitions < 1) {
      throw new FaultlineError("config-invalid", `partitions must be a positive integer, got ${partitions}`);
    }
    this.options = options;
    this.partitions = partitions;
    this.format = format;
    this.events = eventRange(options).events;
    this.#byAuction = partitionRule === "auction";
    this.partitionRule = RULE_TEXT[partitionRule];
    this.keepsAuctionsTogether = this.#byAuction || partitions === 1;
    this.#streams = streams;
    this.closingTimeMs = closingTimeAfter(latestTimeMs(options, this.events));
  }

  /** What mode head leaves out is drawn all the same when the first event is asked for; mode classic begins anywhere. */
  open(firstIndex = 0): NexmarkCursor {
    const draw = new EventDraw(this.options, this.#streams?.());
    const hasKernel = this.format === "json" && this.#streams === undefined;
    return new NexmarkCursor(draw, this, { firstIndex, byAuction: this.#byAuction, hasKernel });
  }

  closingRecord(): Uint8Array {
    if (this.format === "binary") return binaryClosingRecord(this.closingTimeMs);
    const value = {
      event_type: EVENT_TYPE.closing,
      person: null,
      auction: null,
      bid: { dateTime: this.closingTimeMs },
    };
    return Buffer.from(JSON.stringify(value), "latin1");
  }
}

/** Past the timestamps of all events and the expiry of all auctions. */
function latestTimeMs(options: NexmarkOptions, events: number): number {
  const numbers = new EventNumbers(options);
  const last = options.firstEventNumber + events + options.outOfOrderGroupSize;
  const lifeMs = options.proportions.auction === 0 ? 0 : 2 * numbers.auctionHorizonMs(last);
  return numbers.timestampMs(last) + lifeMs;
}

/**
 * Walks Nexmark's events, and draws none before it is asked for. There are two who draw, each when it is needed: the kernel for wire values in
 * JSON, and EventDraw for all else: objects, lines and binary values. So what the oracle expects does not depend on the kernel.
 */
export class NexmarkCursor implements EventCursor<NexmarkEvent> {
  readonly maxWireBytes: number;
  readonly #draw: EventDraw;
  readonly #wire: EventRenderer | BinaryEventRenderer;
  readonly #json: EventRenderer;
  readonly #events: number;
  readonly #partitions: number;
  readonly #byAuction: boolean;
  /** Opened when it is needed first; null: there is none. */
  #kernel: EventKernel | null | undefined;
  #index: number;

  constructor(
    draw: EventDraw,
    { options, format, events, partitions }: Pick<NexmarkDataSet, "options" | "format" | "events" | "partitions">,
    {
      firstIndex,
      byAuction,
      hasKernel,
    }: { readonly firstIndex: number; readonly byAuction: boolean; readonly hasKernel: boolean },
  ) {
    this.#draw = draw;
    this.#json = new EventRenderer(options, draw);
    this.#wire = format === "binary" ? new BinaryEventRenderer(options, draw) : this.#json;
    this.maxWireBytes = this.#wire.maxBytes;
    this.#kernel = hasKernel ? undefined : null;
    this.#index = firstIndex - 1;
    this.#events = events;
    this.#partitions = partitions;
    this.#byAuction = byAuction;
  }

  advance(): boolean {
    const next = this.#index + 1;
    if (next >= this.#events) return false;
    this.#index = next;
    return true;
  }

  get index(): number {
    return this.#index;
  }

  get partition(): number {
    return (this.#byAuction ? this.#key() : this.#index) % this.#partitions;
  }

  get eventTimeMs(): number {
    const { numbers } = this.#draw;
    return numbers.timestampMs(numbers.adjustedNumber(this.#index));
  }

  makeRoom(bytes: number): Uint8Array {
    return this.#openKernel()?.makeRoom(bytes) ?? new Uint8Array(bytes);
  }

  writeWire(target: Uint8Array, at: number): number {
    const kernel = this.#openKernel();
    if (kernel !== null) return kernel.write(this.#index, target, at);
    this.#draw.drawTo(this.#index);
    return this.#wire.wire(target, at);
  }

  /** Writes the line of `bench generate` (`i`, `id`, `ts`, `wm`, `type`, the event), line feed included; returns its end. */
  writeLine(target: Uint8Array, at: number): number {
    this.#draw.drawTo(this.#index);
    return this.#json.line(target, at, this.#index);
  }

  event(): NexmarkEvent {
    this.#draw.drawTo(this.#index);
    return toEvent(this.#draw, this.#index);
  }

  #key(): number {
    const kernel = this.#openKernel();
    if (kernel !== null) return kernel.key(this.#index);
    this.#draw.drawTo(this.#index);
    return this.#draw.key;
  }

  #openKernel(): EventKernel | null {
    if (this.#kernel === undefined) this.#kernel = openKernel(this.#draw, this.maxWireBytes);
    return this.#kernel;
  }
}
