import type { EventRandom } from "./event-random.ts";

const GOLDEN_GAMMA = 0x9e3779b97f4a7c15n;

/** The high 32 bits of the unsigned product of two 32-bit integers, from 16-bit partial products. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = (Math.imul(a1, b0) >>> 0) + (Math.imul(a0, b0) >>> 16);
  const cross = (Math.imul(a0, b1) >>> 0) + (middle & 0xffff);
  return (Math.imul(a1, b1) + (middle >>> 16) + (cross >>> 16)) | 0;
}

/**
 * `java.util.SplittableRandom` (SplitMix64; Steele, Lea and Flood 2014) in 32-bit halves. Equal to OpenJDK bit for bit.
 */
export class SplittableRandom implements EventRandom {
  #high: number;
  #low: number;
  readonly #gammaHigh: number;
  readonly #gammaLow: number;
  #longHigh = 0;
  #longLow = 0;

  /** `seed` any 64-bit value; `gamma` odd 64 bits, by default the golden ratio as in `new SplittableRandom(seed)`. */
  constructor(seed: bigint, gamma: bigint = GOLDEN_GAMMA) {
    this.#high = Number(BigInt.asIntN(32, seed >> 32n));
    this.#low = Number(BigInt.asIntN(32, seed));
    this.#gammaHigh = Number(BigInt.asIntN(32, gamma >> 32n));
    this.#gammaLow = Number(BigInt.asIntN(32, gamma));
  }

  /** What the JDK's constructor without arguments makes when its hidden counter stands at `counter`. */
  static fromHiddenCounter(counter: bigint): SplittableRandom {
    return new SplittableRandom(mix64(counter), mixGamma(counter + GOLDEN_GAMMA));
  }

  #advance(): void {
    const low = (this.#low + this.#gammaLow) | 0;
    const carry = low >>> 0 < this.#gammaLow >>> 0 ? 1 : 0;
    this.#low = low;
    this.#high = (this.#high + this.#gammaHigh + carry) | 0;
  }

  /** Uniform over all signed 32-bit integers. */
  nextInt(): number {
    this.#advance();
    let high = this.#high;
    let low = this.#low ^ (high >>> 1);
    high = (multiplyHigh(low, 0x799705f5) + Math.imul(high, 0x799705f5) + Math.imul(low, 0x62a9d9ed)) | 0;
    low = Math.imul(low, 0x799705f5);
    low ^= (low >>> 28) | (high << 4);
    high ^= high >>> 28;
    return (multiplyHigh(low, 0xc88c35b3) + Math.imul(high, 0xc88c35b3) + Math.imul(low, 0xcb24d0a5)) | 0;
  }

  /** Uniform in 0 .. `bound` − 1; `bound` 1 .. 2^31 − 1. A power of two takes the low bits. */
  below(bound: number): number {
    const last = bound - 1;
    const first = this.nextInt();
    if ((bound & last) === 0) return first & last;
    let bits = first >>> 1;
    let value = bits % bound;
    // A 32-bit overflow marks the incomplete last interval of length `bound`, which would bias the result.
    while (((bits - value + last) | 0) < 0) {
      bits = this.nextInt() >>> 1;
      value = bits % bound;
    }
    return value;
  }

  #drawLong(): void {
    this.#advance();
    let high = this.#high;
    let low = this.#low;
    low ^= (low >>> 30) | (high << 2);
    high ^= high >>> 30;
    high = (multiplyHigh(low, 0x1ce4e5b9) + Math.imul(high, 0x1ce4e5b9) + Math.imul(low, 0xbf58476d)) | 0;
    low = Math.imul(low, 0x1ce4e5b9);
    low ^= (low >>> 27) | (high << 5);
    high ^= high >>> 27;
    high = (multiplyHigh(low, 0x133111eb) + Math.imul(high, 0x133111eb) + Math.imul(low, 0x94d049bb)) | 0;
    low = Math.imul(low, 0x133111eb);
    this.#longLow = low ^ ((low >>> 31) | (high << 1));
    this.#longHigh = high ^ (high >>> 31);
  }

  /** Uniform in [0, 1) with 53 bits. */
  nextDouble(): number {
    this.#drawLong();
    return ((this.#longHigh >>> 0) * 2097152 + (this.#longLow >>> 11)) / 9007199254740992;
  }

  /** A signed 64-bit integer. */
  nextLong(): bigint {
    this.#drawLong();
    return (BigInt(this.#longHigh) << 32n) | BigInt(this.#longLow >>> 0);
  }
}

function mix64(value: bigint): bigint {
  let z = BigInt.asUintN(64, value);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

function mixGamma(value: bigint): bigint {
  let z = BigInt.asUintN(64, value);
  z = BigInt.asUintN(64, (z ^ (z >> 33n)) * 0xff51afd7ed558ccdn);
  z = BigInt.asUintN(64, (z ^ (z >> 33n)) * 0xc4ceb9fe1a85ec53n);
  z = (z ^ (z >> 33n)) | 1n;
  const flips = (z ^ (z >> 1n)).toString(2).replaceAll("0", "").length;
  return flips < 24 ? z ^ 0xaaaaaaaaaaaaaaaan : z;
}
