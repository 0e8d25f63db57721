import type { LogCursor, LogRecords } from "../ports.ts";

/** A copy of records that outlives the call that brought them; can be cut at any offset without copying again. */
export class KeptRecords implements LogRecords {
  readonly partition: number;
  readonly bytes: Uint8Array;
  readonly nextOffset: number;
  readonly #offsets: Float64Array;
  /** Record i has the value `bytes[positions[i], positions[i + 1])`. */
  readonly #positions: Int32Array;
  readonly #timestampsMs: Float64Array;
  readonly #first: number;
  readonly #end: number;

  private constructor(
    parts: Pick<KeptRecords, "partition" | "bytes" | "nextOffset">,
    columns: { offsets: Float64Array; positions: Int32Array; timestampsMs: Float64Array },
    first: number,
    end: number,
  ) {
    this.partition = parts.partition;
    this.bytes = parts.bytes;
    this.nextOffset = parts.nextOffset;
    this.#offsets = columns.offsets;
    this.#positions = columns.positions;
    this.#timestampsMs = columns.timestampsMs;
    this.#first = first;
    this.#end = end;
  }

  static copyOf(records: LogRecords): KeptRecords {
    const { partition, nextOffset, recordCount } = records;
    const offsets = new Float64Array(recordCount);
    const positions = new Int32Array(recordCount + 1);
    const timestampsMs = new Float64Array(recordCount);
    let size = 0;
    for (const cursor = records.walk(); cursor.next(); ) size += cursor.valueEnd - cursor.valueStart;
    const bytes = new Uint8Array(size);
    let count = 0;
    for (const cursor = records.walk(); cursor.next(); ) {
      offsets[count] = cursor.offset;
      timestampsMs[count] = cursor.timestampMs;
      bytes.set(records.bytes.subarray(cursor.valueStart, cursor.valueEnd), positions[count]!);
      positions[count + 1] = positions[count]! + cursor.valueEnd - cursor.valueStart;
      count++;
    }
    return new KeptRecords({ partition, bytes, nextOffset }, { offsets, positions, timestampsMs }, 0, count);
  }

  get baseOffset(): number {
    return this.#first < this.#end ? this.#offsets[this.#first]! : this.nextOffset;
  }

  get recordCount(): number {
    return this.#end - this.#first;
  }

  /** Bytes of the values, of the whole copy. */
  get byteLength(): number {
    return this.bytes.length;
  }

  /** The records with offsets below `offset`, and the others. */
  cutAt(offset: number): readonly [KeptRecords, KeptRecords] {
    let at = this.#first;
    while (at < this.#end && this.#offsets[at]! < offset) at++;
    const columns = { offsets: this.#offsets, positions: this.#positions, timestampsMs: this.#timestampsMs };
    const before = { partition: this.partition, bytes: this.bytes, nextOffset: offset };
    return [new KeptRecords(before, columns, this.#first, at), new KeptRecords(this, columns, at, this.#end)];
  }

  walk(): LogCursor {
    let index = this.#first - 1;
    const [end, offsets, positions, timestampsMs] = [this.#end, this.#offsets, this.#positions, this.#timestampsMs];
    return {
      next: () => ++index < end,
      get offset() {
        return offsets[index]!;
      },
      get timestampMs() {
        return timestampsMs[index]!;
      },
      get valueStart() {
        return positions[index]!;
      },
      get valueEnd() {
        return positions[index + 1]!;
      },
    };
  }
}
