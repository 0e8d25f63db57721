import { isCanonicalString } from "../../../engine/connectors/binary/canonical-string.ts";
import type { RecordDecoder } from "../../../engine/connectors/format.ts";
import type { LogRecords } from "../../../engine/ports.ts";
import type { ColumnBatch } from "../../../engine/rows/batch.ts";
import { ViewCache } from "../../../engine/rows/bytes.ts";
import type { NumberColumnBuffer, StringColumnBuffer } from "../../../engine/rows/columns.ts";
import { ReusableBatch } from "../../../engine/rows/reusable-batch.ts";
import type { RowSchema } from "../../../engine/rows/schema.ts";
import type { BidEvent } from "../../../generators/nexmark/model.ts";

/** Variant B of decision 0011, for bids alone: head, NULL flags, then the fields in order, numbers as varints, strings behind their lengths. */
const FIELDS = ["auction", "bidder", "price", "channel", "url", "dateTime", "extra"] as const;
const IS_STRING = FIELDS.map((name) => name === "channel" || name === "url" || name === "extra");
const HEAD = 0xf9;
const FLAGS_AT = 4;

/** The bytes of a bid. */
export function varintBid(bid: BidEvent): Uint8Array {
  const parts: Uint8Array[] = [];
  let flags = 0;
  FIELDS.forEach((name, i) => {
    const value = bid[name];
    if (value === undefined) flags |= 1 << i;
    else if (typeof value === "string") {
      const bytes = Buffer.from(JSON.stringify(value).slice(1, -1));
      parts.push(varint(bytes.length), bytes);
    } else parts.push(varint(value));
  });
  return new Uint8Array(Buffer.concat([Uint8Array.of(HEAD, 2, 0, 0, flags), ...parts]));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

/** Reads the bids among records; all others are passed over. */
export class VarintBidDecoder implements RecordDecoder {
  undecodable = 0;
  readonly #batch: ReusableBatch;
  readonly #maxBatchRows: number;
  /** By field: the column that takes it, −1 for none. */
  readonly #columns: readonly number[];
  readonly #views = new ViewCache();
  #at = 0;

  constructor(schema: RowSchema, maxBatchRows: number) {
    this.#batch = new ReusableBatch(schema, maxBatchRows);
    this.#maxBatchRows = maxBatchRows;
    this.#columns = FIELDS.map((name) => (schema.has(`bid.${name}`) ? schema.index(`bid.${name}`) : -1));
  }

  decode(records: LogRecords, emit: (batch: ColumnBatch) => void): number {
    const { bytes } = records;
    const batch = this.#batch;
    let latestMs = Number.NEGATIVE_INFINITY;
    batch.begin(bytes);
    for (const cursor = records.walk(); cursor.next(); ) {
      if (bytes[cursor.valueStart + 1] !== 2) continue;
      if (!this.#bid(bytes, cursor.valueStart, cursor.valueEnd)) this.undecodable += 1;
      latestMs = Math.max(latestMs, batch.eventTimes[batch.selectedCount - 1]!);
      if (batch.selectedCount < this.#maxBatchRows) continue;
      emit(batch);
      batch.begin(bytes);
    }
    if (batch.selectedCount > 0) emit(batch);
    return latestMs;
  }

  #bid(bytes: Uint8Array, start: number, end: number): boolean {
    const batch = this.#batch;
    const row = batch.selectedCount;
    const flags = bytes[start + FLAGS_AT]!;
    this.#at = start + FLAGS_AT + 1;
    for (let field = 0; field < FIELDS.length; field++) {
      const column = this.#columns[field]!;
      if ((flags & (1 << field)) !== 0) {
        if (column >= 0) batch.setNull(column, row);
        continue;
      }
      const number = this.#varint(bytes, end);
      if (number < 0) return false;
      if (IS_STRING[field]) {
        const from = this.#at;
        if (from + number > end) return false;
        this.#at = from + number;
        if (column < 0) continue;
        if (!isCanonicalString(bytes, this.#views.of(0, bytes), from, from + number)) return false;
        const target = batch.columns[column] as StringColumnBuffer;
        target.offsets[row] = from;
        target.lengths[row] = number;
      } else {
        if (column >= 0) (batch.columns[column] as NumberColumnBuffer).values[row] = number;
        if (field === 5) batch.eventTimes[row] = number;
      }
    }
    if (this.#at !== end) return false;
    batch.selectedCount = row + 1;
    return true;
  }

  /** −1: does not end within the record. */
  #varint(bytes: Uint8Array, end: number): number {
    let value = 0;
    let factor = 1;
    for (let at = this.#at; at < end && factor < 2 ** 53; at++, factor *= 128) {
      const byte = bytes[at]!;
      value += (byte & 127) * factor;
      if (byte >= 128) continue;
      this.#at = at + 1;
      return value;
    }
    return -1;
  }
}
