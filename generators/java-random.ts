const MULTIPLIER_LOW = 0xece66d;
const MULTIPLIER_HIGH = 0x5de;
const INCREMENT = 0xb;
const MASK24 = 0xffffff;
const TWO_24 = 16777216;
const TWO_48 = 281474976710656;

/**
 * `java.util.Random`: the 48-bit linear congruential generator s' = s · 0x5DEECE66D + 0xB mod 2^48, held as two 24-bit halves
 * so that every product is exact in a double. Equal to OpenJDK bit for bit.
 */
export class JavaRandom {
  #high = 0;
  #low = 0;

  /** `seed`: any 64-bit value; only its low 48 bits count. */
  constructor(seed: bigint) {
    this.reseed(Number(BigInt.asUintN(48, seed)));
  }

  /** Starts again as `new Random(seed)` would; `seed` is an integer 0 .. 2^53 − 1. */
  reseed(seed: number): void {
    const bits = seed >= TWO_48 ? seed % TWO_48 : seed;
    const high = Math.floor(bits / TWO_24);
    this.#high = high ^ MULTIPLIER_HIGH;
    this.#low = (bits - high * TWO_24) ^ MULTIPLIER_LOW;
  }

  #step(): void {
    const low = this.#low;
    const product = low * MULTIPLIER_LOW + INCREMENT;
    const carry = Math.floor(product / TWO_24);
    this.#high = (Math.imul(this.#high, MULTIPLIER_LOW) + Math.imul(low, MULTIPLIER_HIGH) + carry) & MASK24;
    this.#low = (Math.imul(low, MULTIPLIER_LOW) + INCREMENT) & MASK24;
  }

  /** Uniform over all signed 32-bit integers. */
  nextInt(): number {
    this.#step();
    return (this.#high << 8) | (this.#low >>> 16);
  }

  #next31(): number {
    this.#step();
    return (this.#high << 7) | (this.#low >>> 17);
  }

  /** Uniform in 0 .. `bound` − 1; `bound` 1 .. 2^31 − 1. A power of two takes the high bits. */
  below(bound: number): number {
    const last = bound - 1;
    let bits = this.#next31();
    if ((bound & last) === 0) return Math.floor((bound * bits) / 2147483648);
    let value = bits % bound;
    // A 32-bit overflow marks the incomplete last interval of length `bound`, which would bias the result.
    while (((bits - value + last) | 0) < 0) {
      bits = this.#next31();
      value = bits % bound;
    }
    return value;
  }

  /** Uniform in [0, 1) with 53 bits. */
  nextDouble(): number {
    this.#step();
    const high = (this.#high << 2) | (this.#low >>> 22);
    this.#step();
    const low = (this.#high << 3) | (this.#low >>> 21);
    return (high * 134217728 + low) / 9007199254740992;
  }

  /** A signed 64-bit integer; the low word is added signed, as Java does. */
  nextLong(): bigint {
    const high = BigInt(this.nextInt());
    return BigInt.asIntN(64, (high << 32n) + BigInt(this.nextInt()));
  }
}
