import { FaultlineError } from "../../base/errors.ts";

const TWO_TO_32 = 4294967296;

/** Reads the fixed-size types of the Kafka protocol from `buffer[position, end)`; throws `kafka-protocol` beyond the end. */
export class Reader {
  readonly buffer: Buffer;
  readonly end: number;
  position: number;

  constructor(buffer: Buffer, position: number, end: number) {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Steps over `length` bytes and returns where they begin. */
  skip(length: number): number {
    const start = this.position;
    if (length < 0 || start + length > this.end) {
      throw new FaultlineError("kafka-protocol", "an answer of the broker ends too early", {
        hint: "Something between the client and the broker may have cut the connection's data.",
        context: { position: start, wanted: length, end: this.end },
      });
    }
    this.position = start + length;
    return start;
  }

  int8(): number {
    return this.buffer.readInt8(this.skip(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.skip(4));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** A 64-bit integer as a number: exact up to 2^53, which offsets, times and producer ids never reach. */
  int64(): number {
    const start = this.skip(8);
    return this.buffer.readInt32BE(start) * TWO_TO_32 + this.buffer.readUInt32BE(start + 4);
  }

  nullableString(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    const start = this.skip(length);
    return this.buffer.toString("utf8", start, start + length);
  }

  string(): string {
    const text = this.nullableString();
    if (text === null) throw new FaultlineError("kafka-protocol", "an answer of the broker lacks a text");
    return text;
  }

  /** Length of an array of elements of at least one byte each; a null array counts as empty. */
  arrayLength(): number {
    const length = this.int32();
    if (length > this.remaining) {
      throw new FaultlineError("kafka-protocol", "an answer of the broker announces more elements than it has bytes", {
        context: { length, remaining: this.remaining },
      });
    }
    return Math.max(0, length);
  }

  /** The array's elements, each read by `element`. */
  array<T>(element: (reader: Reader) => T): T[] {
    const length = this.arrayLength();
    const result: T[] = [];
    for (let i = 0; i < length; i++) result.push(element(this));
    return result;
  }

  /** An array of topics, each a name and an array: the elements of all of them, one topic after the other. */
  arraysOfTopics<T>(element: (reader: Reader) => T): T[] {
    const result: T[] = [];
    for (let topics = this.arrayLength(); topics > 0; topics--) {
      this.string();
      for (let left = this.arrayLength(); left > 0; left--) result.push(element(this));
    }
    return result;
  }
}
