import type { EventDraw } from "../draw.ts";
import { maxExtraLength } from "../draw.ts";
import { KERNEL_TEXTS } from "./texts.ts";

/** Where the parameters lie, as in layout.as; below is the module's own data. */
const PARAMETERS = 65_536;
/** Words of 8 bytes for parameters, the event that is held, and its words. */
const PARAMETER_WORDS = 128;
/** The kernel copies in blocks: nothing is laid closer to what follows. */
const SLACK_BYTES = 64;
/** Steps of the kernel's table of powers. */
const POWER_STEPS = 256;

/** Numbers of the words that are set, as in layout.as. */
const WORD = {
  firstEventId: 0,
  firstEventNumber: 1,
  groupSize: 2,
  delayUs: 3,
  baseTimeMs: 4,
  personShare: 5,
  auctionShare: 6,
  totalShare: 7,
  inFlight: 8,
  activePeople: 9,
  hotAuctionRatio: 10,
  hotSellersRatio: 11,
  hotBiddersRatio: 12,
  personSize: 13,
  auctionSize: 14,
  bidSize: 15,
  isClassic: 16,
  zipfKeys: 17,
  zipfAuctions: 18,
  zipfAuctionsSeed: 19,
  zipfBidders: 20,
  zipfBiddersSeed: 21,
  texts: 22,
  powers: 23,
  extraRoom: 24,
  rows: 25,
  rowOffsets: 26,
  extraText: 27,
  extraBlocks: 28,
  extraLength: 29,
  randomState: 30,
  randomStep: 31,
  writtenMs: 57,
} as const;

/** `java.util.SplittableRandom` of a seed begins at the seed and takes steps of the golden ratio. */
const GOLDEN_GAMMA = 0x9e3779b97f4a7c15n;

/** What the kernel's memory must hold before the first event: pieces with their addresses, and the words of the parameters. */
export class KernelImage {
  readonly #pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  readonly #words = new BigInt64Array(PARAMETER_WORDS);
  readonly #doubles = new Float64Array(this.#words.buffer);
  #end = PARAMETERS;

  constructor(draw: EventDraw) {
    this.#add(new Uint8Array(this.#words.buffer));
    this.#setNumbers(draw);
    this.#set("texts", this.#addTexts());
    const powers = Float64Array.from({ length: POWER_STEPS + 1 }, (_, i) => 10 ** ((6 * i) / POWER_STEPS));
    this.#set("powers", this.#add(bytesOf(powers)));
    this.#setSkew(draw);
    if (draw.tables === undefined) {
      this.#set("isClassic", 1);
      this.#set("extraRoom", this.reserve(2 * maxExtraLength(draw.options)));
      return;
    }
    const { rows, rowOffsets, extra } = draw.tables;
    this.#set("rows", this.#add(bytesOf(rows)));
    this.#set("rowOffsets", this.#add(bytesOf(rowOffsets)));
    this.#set("extraText", this.#add(bytesOf(extra.view)));
    this.#set("extraBlocks", this.#add(bytesOf(extra.blocks)));
    this.#set("extraLength", extra.length);
    this.#words[WORD.randomState] = BigInt(draw.options.seeds.events);
    this.#words[WORD.randomStep] = BigInt.asIntN(64, GOLDEN_GAMMA);
  }

  /** Bytes from address 0 on. */
  get size(): number {
    return this.#end;
  }

  /** Sets `bytes` aside; returns the address. */
  reserve(bytes: number): number {
    const at = this.#end;
    this.#end = (at + bytes + SLACK_BYTES + 15) & ~15;
    return at;
  }

  /** Writes everything to a memory of at least `size` bytes. */
  copyTo(memory: Uint8Array): void {
    for (const { at, bytes } of this.#pieces) memory.set(bytes, at);
  }

  #setNumbers({ numbers, options }: EventDraw): void {
    const { firstEventId, firstEventNumber, groupSize, personShare, auctionShare, totalShare } = numbers;
    const { inFlight, activePeople } = numbers;
    const { hotRatios, avgByteSizes } = options;
    const integers = {
      ...{ firstEventId, firstEventNumber, groupSize, personShare, auctionShare, totalShare, inFlight, activePeople },
      hotAuctionRatio: hotRatios.auction,
      hotSellersRatio: hotRatios.sellers,
      hotBiddersRatio: hotRatios.bidders,
      personSize: avgByteSizes.person,
      auctionSize: avgByteSizes.auction,
      bidSize: avgByteSizes.bid,
      writtenMs: -1,
    };
    for (const [name, value] of Object.entries(integers)) this.#set(name as keyof typeof integers, value);
    this.#doubles[WORD.delayUs] = numbers.delayUs;
    this.#doubles[WORD.baseTimeMs] = numbers.baseTimeMs;
  }

  #setSkew({ zipfAuctions, zipfBidders, options }: EventDraw): void {
    this.#set("zipfKeys", options.skew.keys);
    if (zipfAuctions !== undefined) {
      this.#set("zipfAuctions", this.#add(bytesOf(zipfAuctions.cumulative)));
      this.#set("zipfAuctionsSeed", zipfAuctions.seed);
    }
    if (zipfBidders !== undefined) {
      this.#set("zipfBidders", this.#add(bytesOf(zipfBidders.cumulative)));
      this.#set("zipfBiddersSeed", zipfBidders.seed);
    }
  }

  /** Pairs of address and length. */
  #addTexts(): number {
    const entries = new Uint32Array(2 * KERNEL_TEXTS.length);
    for (const [i, text] of KERNEL_TEXTS.entries()) {
      entries[2 * i] = this.#add(Buffer.from(text, "latin1"));
      entries[2 * i + 1] = text.length;
    }
    return this.#add(bytesOf(entries));
  }

  #add(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length);
    this.#pieces.push({ at, bytes });
    return at;
  }

  #set(name: keyof typeof WORD, value: number): void {
    this.#words[WORD[name]] = BigInt(value);
  }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
