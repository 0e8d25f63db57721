import { assert } from "../../base/assert.ts";
import { hashNumber } from "../../base/hash.ts";
import { closingTimeAfter, type DataSet, type EventCursor } from "../dataset.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { MicrobenchEvent } from "./model.ts";
import type { MicrobenchOptions } from "./options.ts";

export interface MicrobenchStream {
  /** `events`: of this stream. */
  readonly options: Pick<MicrobenchOptions, "events" | "keys" | "payloadBytes" | "seed" | "baseTimeMs">;
  /** 1, 2 or 3. */
  readonly source: number;
  /** Due times, which `createdAt` tells. */
  readonly schedule: Schedule;
  /** Default 1. */
  readonly partitions?: number;
}

const encoder = new TextEncoder();
const NS_PER_MS = 1_000_000;
const HASH_DIGITS = 8;
/** More than the record has beside its payload. */
const MOST_OTHER_BYTES = 160;

/** One stream of a microbenchmark, spread by key. An event is a function of seed, source, index and schedule, so any can be the first. */
export class MicrobenchEvents implements DataSet<MicrobenchEvent> {
  readonly name: string;
  readonly events: number;
  readonly partitions: number;
  readonly partitionRule = "key mod partitions";
  readonly closingTimeMs: number;
  readonly #stream: MicrobenchStream;

  constructor(stream: MicrobenchStream) {
    const { options, source, schedule, partitions = 1 } = stream;
    assert(Number.isInteger(partitions) && partitions > 0, "partitions of a data set", { partitions });
    this.#stream = stream;
    this.name = `microbench source ${source}`;
    this.events = options.events;
    this.partitions = partitions;
    this.closingTimeMs = closingTimeAfter(epochMs(options.baseTimeMs, schedule.dueNs(options.events - 1)));
  }

  open(firstIndex = 0): EventCursor<MicrobenchEvent> {
    return new MicrobenchCursor(this.#stream, this.partitions, firstIndex);
  }

  /** An event of no source. */
  closingRecord(): Uint8Array {
    return encoder.encode(wireText({ source: 0, sequence: 0, key: 0, createdAt: this.closingTimeMs, payload: "" }));
  }
}

class MicrobenchCursor implements EventCursor<MicrobenchEvent> {
  readonly maxWireBytes: number;
  readonly #stream: MicrobenchStream;
  readonly #partitions: number;
  readonly #streamSeed: number;
  #index: number;
  #key = 0;

  constructor(stream: MicrobenchStream, partitions: number, firstIndex: number) {
    this.#stream = stream;
    this.#partitions = partitions;
    this.#streamSeed = hashNumber(hashNumber(stream.options.seed) + stream.source);
    this.#index = firstIndex - 1;
    this.maxWireBytes = MOST_OTHER_BYTES + stream.options.payloadBytes;
  }

  advance(): boolean {
    const { events, keys } = this.#stream.options;
    if (this.#index + 1 >= events) return false;
    this.#index++;
    this.#key = this.#draw(0) % keys;
    return true;
  }

  get index(): number {
    return this.#index;
  }
  get partition(): number {
    return this.#key % this.#partitions;
  }
  get eventTimeMs(): number {
    const { options, schedule } = this.#stream;
    return epochMs(options.baseTimeMs, schedule.dueNs(this.#index));
  }

  writeWire(target: Uint8Array, at: number): number {
    const { read, written } = encoder.encodeInto(wireText(this.event()), target.subarray(at, at + this.maxWireBytes));
    assert(read >= written, "the record fits its bound", { read, written });
    return at + written;
  }

  event(): MicrobenchEvent {
    const { source, options } = this.#stream;
    const digits = this.#draw(1).toString(16).padStart(HASH_DIGITS, "0");
    const payload = digits.repeat(Math.ceil(options.payloadBytes / HASH_DIGITS)).slice(0, options.payloadBytes);
    return { source, sequence: this.#index, key: this.#key, createdAt: this.eventTimeMs, payload };
  }

  /** 32 bits that depend on seed, source, index and `purpose`. */
  #draw(purpose: number): number {
    return hashNumber((hashNumber(this.#index) ^ this.#streamSeed) + purpose * 2 ** 33);
  }
}

/** The record; nothing in it needs escaping. */
function wireText({ source, sequence, key, createdAt, payload }: MicrobenchEvent): string {
  return `{"source":${source},"sequence":${sequence},"key":${key},"createdAt":${createdAt},"payload":"${payload}"}`;
}

function epochMs(baseTimeMs: number, dueNs: number): number {
  return baseTimeMs + Math.floor(dueNs / NS_PER_MS);
}
