import { present } from "../../../base/assert.ts";
import type { NumberColumnBuffer, StringColumnBuffer } from "../../rows/columns.ts";
import type { ReusableBatch } from "../../rows/reusable-batch.ts";
import { columnName, type WireFormat, type WireVariant } from "../json/wire-format.ts";
import { isCanonicalString } from "./canonical-string.ts";
import { HEAD_BYTES, type RecordLayout } from "./layout.ts";

const TWO_32 = 4_294_967_296;

/** A field that the job reads, and the column that takes it. */
interface WantedField {
  readonly field: number;
  readonly place: number;
  readonly column: number;
}

interface WantedNumber extends WantedField {
  readonly isDouble: boolean;
  readonly values: Float64Array;
}

interface WantedString extends WantedField {
  readonly isFirst: boolean;
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
}

/** The reading of one variant's records: a load for every wanted field, at places known beforehand. */
export class VariantReader {
  /** Are rows of this variant wanted? */
  readonly wanted: boolean;
  /** Event time of the last record that `read` accepted. */
  eventTimeMs = 0;
  readonly #layout: RecordLayout;
  readonly #batch: ReusableBatch;
  readonly #timePlace: number;
  /** Byte of the flags with the event time's, and its bit. */
  readonly #timeFlagByte: number;
  readonly #timeFlag: number;
  readonly #numbers: readonly WantedNumber[];
  readonly #strings: readonly WantedString[];
  /** By byte of the flags: the bits of wanted fields. */
  readonly #wantedFlags: readonly number[];
  /** Columns that other variants fill: NULL in every row of this one. */
  readonly #absent: readonly number[];

  /** Rows go into `batch`. */
  constructor(format: WireFormat, variant: WireVariant, layout: RecordLayout, batch: ReusableBatch, wanted: boolean) {
    const { schema } = batch;
    this.wanted = wanted;
    this.#layout = layout;
    this.#batch = batch;
    const time = variant.fields.findIndex(({ name }) => name === variant.eventTime);
    this.#timePlace = present(layout.places[time], "place of the event time");
    this.#timeFlagByte = HEAD_BYTES + (time >> 3);
    this.#timeFlag = 1 << (time & 7);
    const own = new Set<string>(format.discriminator === null ? [] : [format.discriminator]);
    const numbers: WantedNumber[] = [];
    const strings: WantedString[] = [];
    const wantedFlags = new Array<number>(layout.flagBytes).fill(0);
    variant.fields.forEach(({ name, type }, field) => {
      own.add(columnName(variant, name));
      if (!wanted || !schema.has(columnName(variant, name))) return;
      const column = schema.index(columnName(variant, name));
      const place = present(layout.places[field], "place");
      wantedFlags[field >> 3]! |= 1 << (field & 7);
      if (type === "string") {
        const { offsets, lengths } = batch.columns[column] as StringColumnBuffer;
        strings.push({ field, place, column, isFirst: place === layout.endsAt, offsets, lengths });
      } else {
        const { values } = batch.columns[column] as NumberColumnBuffer;
        numbers.push({ field, place, column, isDouble: type === "f64", values });
      }
    });
    this.#numbers = numbers;
    this.#strings = strings;
    this.#wantedFlags = wantedFlags;
    this.#absent = schema.fields.flatMap(({ name }, column) => (own.has(name) ? [] : [column]));
  }

  /** Reads the record `bytes[at, end)`, whose head is right, into row `row`; false when it does not hold together: the row is not set then. */
  read(bytes: Uint8Array, view: DataView, at: number, end: number, row: number): boolean {
    const layout = this.#layout;
    if (end - at < layout.fixedBytes || !this.#lengthsAddUp(view, at, end)) return false;
    if ((bytes[at + HEAD_BYTES + layout.flagBytes - 1]! & layout.unusedFlags) !== 0) return false;
    if ((bytes[at + this.#timeFlagByte]! & this.#timeFlag) !== 0) return false;
    const eventTimeMs = readInteger(view, at + this.#timePlace);
    if (!Number.isSafeInteger(eventTimeMs)) return false;
    if (this.wanted && !this.#readRow(bytes, view, at, row)) return false;
    this.eventTimeMs = eventTimeMs;
    return true;
  }

  /** Ends of strings that never fall, the last at the record's end. */
  #lengthsAddUp(view: DataView, at: number, end: number): boolean {
    const { endsAt, stringCount, fixedBytes } = this.#layout;
    let before = 0;
    let place = at + endsAt;
    for (let i = 0; i < stringCount; i++, place += 4) {
      const next = view.getUint32(place, true);
      if (next < before) return false;
      before = next;
    }
    return before === end - at - fixedBytes;
  }

  #readRow(bytes: Uint8Array, view: DataView, at: number, row: number): boolean {
    const flags = at + HEAD_BYTES;
    const wantedFlags = this.#wantedFlags;
    let anyNull = 0;
    for (let i = 0; i < wantedFlags.length; i++) anyNull |= bytes[flags + i]! & wantedFlags[i]!;
    const isRead =
      this.#readStrings(bytes, view, at, row, anyNull !== 0) && this.#readNumbers(bytes, view, at, row, anyNull !== 0);
    if (!isRead) {
      this.#batch.clearNulls(row);
      return false;
    }
    const absent = this.#absent;
    for (let i = 0; i < absent.length; i++) this.#batch.setNull(absent[i]!, row);
    return true;
  }

  /** What is NULL must be 0. */
  #readNumbers(bytes: Uint8Array, view: DataView, at: number, row: number, anyNull: boolean): boolean {
    const numbers = this.#numbers;
    for (let i = 0; i < numbers.length; i++) {
      const { field, place, column, isDouble, values } = numbers[i]!;
      // A double's −0 becomes 0.
      const value = isDouble ? view.getFloat64(at + place, true) + 0 : readInteger(view, at + place);
      if (isDouble ? !Number.isFinite(value) : !Number.isSafeInteger(value)) return false;
      values[row] = value;
      if (!anyNull || !isFlagged(bytes, at + HEAD_BYTES, field)) continue;
      if (value !== 0) return false;
      this.#batch.setNull(column, row);
    }
    return true;
  }

  /** What is NULL must be empty. */
  #readStrings(bytes: Uint8Array, view: DataView, at: number, row: number, anyNull: boolean): boolean {
    const first = at + this.#layout.fixedBytes;
    const strings = this.#strings;
    for (let i = 0; i < strings.length; i++) {
      const { field, place, isFirst, offsets, lengths } = strings[i]!;
      const start = isFirst ? 0 : view.getUint32(at + place - 4, true);
      const length = view.getUint32(at + place, true) - start;
      offsets[row] = first + start;
      lengths[row] = length;
      if (anyNull && isFlagged(bytes, at + HEAD_BYTES, field)) {
        if (length !== 0) return false;
        lengths[row] = -1;
      } else if (!isCanonicalString(bytes, view, first + start, first + start + length)) return false;
    }
    return true;
  }
}

function isFlagged(bytes: Uint8Array, flags: number, field: number): boolean {
  return (bytes[flags + (field >> 3)]! & (1 << (field & 7))) !== 0;
}

/** An int64; exact where it is safe, and not safe where it is not. */
function readInteger(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * TWO_32 + view.getUint32(at, true);
}
