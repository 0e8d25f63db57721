/**
 * Zigzag varints of the Kafka protocol (as in Protocol Buffers). Integers up to 53 bits: those of 32 bits take a path of
 * integer operations only; larger ones, like time differences of a century, plain arithmetic.
 */
import { FaultlineError } from "../../base/errors.ts";

const TWO_TO_31 = 2147483648;

/** Bytes that `writeVarint` needs for `value`, a safe integer of magnitude below 2^52. */
export function varintLength(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let length = 1;
  while (rest >= 128) {
    rest = rest < TWO_TO_31 ? rest >>> 7 : Math.floor(rest / 128);
    length += 1;
  }
  return length;
}

/** Writes `value`, a safe integer of magnitude below 2^52, at `position`; returns the position after it. */
export function writeVarint(target: Uint8Array, position: number, value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let at = position;
  while (rest >= 128) {
    if (rest < TWO_TO_31) {
      target[at++] = (rest & 127) | 128;
      rest >>>= 7;
    } else {
      target[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
  }
  target[at++] = rest;
  return at;
}

/**
 * Reads varints from one buffer, keeping its place. `end` is a hard limit: a varint that would pass it throws `kafka-corrupt`,
 * as does one of more than 8 bytes (beyond exact integers).
 */
export class VarintReader {
  bytes: Uint8Array;
  position = 0;
  end = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  next(): number {
    const first = this.bytes[this.position]!;
    if (first < 128 && this.position < this.end) {
      this.position += 1;
      return (first >>> 1) ^ -(first & 1);
    }
    return this.#long();
  }

  #long(): number {
    const limit = Math.min(this.end, this.position + 8);
    let at = this.position;
    let value = 0;
    let scale = 1;
    while (at < limit) {
      const byte = this.bytes[at++]!;
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) {
        this.position = at;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
    }
    throw new FaultlineError("kafka-corrupt", "a varint does not end where its record does", {
      context: { position: this.position, end: this.end },
    });
  }
}
