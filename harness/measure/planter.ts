import { Random } from "../../base/random.ts";
import type { ColumnSpec, QueryDefinition } from "../../queries/query.ts";
import { PLANT_KINDS, type Plant, type PlantKind } from "../verify/plant.ts";
import { wireColumns } from "../verify/row-hash.ts";
import { type RowText, rowText } from "../verify/row-text.ts";
import { parseRow } from "../verify/typed-value.ts";
import { valueAt, withValueAt } from "./json-members.ts";

/** One output record on its way from the topic to the observation log. The bytes are its own. */
export interface ObservedRecord {
  /** Null for a record without value. */
  readonly value: Uint8Array | null;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly observedUs: number;
}

/** An error that was planted, and where. */
export interface PlantedError {
  readonly kind: PlantKind;
  readonly partition: number;
  readonly offset: number;
  /** The record as it was forged or altered. */
  readonly value?: string;
}

export type PlanterQuery = Pick<QueryDefinition, "columns" | "identity" | "nameColumns" | "orderKey" | "volatile">;

const DELAY_US = 1_000_000;
/** Rows of the same key that must pass before a held one may follow: more than any event gives at once. */
const ROWS_BEHIND = 16;
/** Longest wait for them, in records; one that has passed will do then. */
const HELD_RECORDS = 2_000;
/** A row whose key has not come again by then is let go, and another is held. */
const LONELY_RECORDS = 200;
const MAX_GAP = 8;

interface Held {
  readonly record: ObservedRecord;
  readonly key: string;
  passed: number;
  waited: number;
}

/**
 * Puts known errors into a stream of right outputs (`verify.plant`), so that a user can see them found. Which records are hit, in which
 * order and how is decided by the seed alone, counted from the first record after `armedFromUs`; no record is hit twice. A delayed
 * record keeps its place and is said to be seen later; a reordered one is held until others of its order key and partition have passed.
 */
export class Planter {
  readonly planted: PlantedError[] = [];
  /** Kinds that have no meaning for the query: no order is promised. */
  readonly impossible: readonly PlantKind[];
  readonly #queue: PlantKind[];
  readonly #random: Random;
  readonly #columns: readonly ColumnSpec[];
  readonly #orderIndexes: readonly number[];
  readonly #names: readonly ColumnSpec[];
  readonly #others: readonly ColumnSpec[];
  readonly #rows: RowText;
  #held: Held[] = [];
  #gap: number;
  #latestUs = 0;

  /** `rows`: how records are read and altered; default JSON. */
  constructor(query: PlanterQuery, plant: Plant, seed: number, rows: RowText = rowText("json", [])) {
    this.#rows = rows;
    this.#random = new Random(seed);
    this.#columns = wireColumns(query);
    this.#orderIndexes = query.orderKey.map((name) => this.#columns.findIndex((column) => column.name === name));
    this.#names = this.#columns.filter(({ name }) => query.nameColumns.includes(name));
    const compared = this.#columns.filter(({ name }) => query.volatile?.includes(name) !== true);
    const others = compared.filter((column) => !this.#names.includes(column) && column.type !== "json");
    this.#others = others.length > 0 ? others : this.#names;
    this.impossible = plant.reorder > 0 && query.orderKey.length === 0 ? ["reorder"] : [];
    const kinds = PLANT_KINDS.filter((kind) => !this.impossible.includes(kind));
    this.#queue = this.#random.shuffled(kinds.flatMap((kind) => new Array<PlantKind>(plant[kind]).fill(kind)));
    this.#gap = this.#nextGap();
  }

  /** How many errors are still to be planted. */
  get left(): number {
    return this.#queue.length + this.#held.length;
  }

  /**
   * The next record in the order of reading; `emit` gets what the verifier is to see, now or at a later call. Nothing is planted before
   * `armedFromUs`, nor while it is null.
   */
  next(record: ObservedRecord, armedFromUs: number | null, startUs: number, emit: (r: ObservedRecord) => void): void {
    const isArmed = armedFromUs !== null && record.observedUs >= armedFromUs;
    if (!isArmed || this.left === 0 || record.value === null) {
      emit(record);
      return;
    }
    const text = this.#rows.textOf(record.value, 0, record.value.length);
    const row = parseRow(this.#columns, text);
    const key = row === null ? null : this.#orderIndexes.map((i) => JSON.stringify(row[i])).join();
    const kind = row !== null && this.#queue.length > 0 && --this.#gap <= 0 ? this.#queue.shift() : undefined;
    if (kind === undefined) {
      emit(record);
      if (key !== null) this.#pass(record, key, this.#held);
    } else {
      this.#gap = this.#nextGap();
      if (kind === "reorder") this.#held.push({ record, key: key!, passed: 0, waited: 0 });
      else {
        this.#plant(kind, record, text, startUs, emit);
        if (kind !== "drop" && kind !== "alter") this.#pass(record, key!, this.#held);
      }
    }
    this.#latestUs = record.observedUs;
    this.#release(record.observedUs, emit);
  }

  /** After the last record: what is held comes last. */
  end(emit: (record: ObservedRecord) => void): void {
    for (const held of this.#held) this.#letGo(held, this.#latestUs, emit);
    this.#held = [];
  }

  #plant(
    kind: Exclude<PlantKind, "reorder">,
    record: ObservedRecord,
    text: string,
    startUs: number,
    emit: (record: ObservedRecord) => void,
  ): void {
    switch (kind) {
      case "drop":
        break;
      case "repeat":
        emit(record);
        emit(record);
        break;
      case "delay":
        emit({ ...record, observedUs: record.observedUs + DELAY_US });
        break;
      case "early":
        emit({ ...record, observedUs: startUs - 1 });
        break;
      case "alter": {
        const value = this.#altered(text, this.#others);
        emit({ ...record, value: this.#rows.bytesOf(value) });
        this.#note(kind, record, value);
        return;
      }
      case "forge": {
        const value = this.#altered(text, this.#names);
        emit(record);
        emit({ ...record, value: this.#rows.bytesOf(value) });
        this.#note(kind, record, value);
        return;
      }
    }
    this.#note(kind, record);
  }

  #note(kind: PlantKind, { partition, offset }: ObservedRecord, value?: string): void {
    this.planted.push({ kind, partition, offset, ...(value === undefined ? {} : { value }) });
  }

  /** The record with another value in one of the columns, such as no right row has. */
  #altered(text: string, columns: readonly ColumnSpec[]): string {
    const { name, type } = columns[this.#random.below(columns.length)]!;
    const record = JSON.parse(text) as Record<string, unknown>;
    const value = valueAt(record, name);
    if (type === "string") return JSON.stringify(withValueAt(record, name, `planted ${String(value)}`));
    if (type === "json") return JSON.stringify(withValueAt(record, name, { planted: value }));
    return JSON.stringify(
      withValueAt(record, name, -1 - (typeof value === "number" ? Math.round(Math.abs(value)) : 0)),
    );
  }

  /** A right row has gone by those held that were read before it. */
  #pass({ partition }: ObservedRecord, key: string, earlier: readonly Held[]): void {
    for (const held of earlier) if (held.key === key && held.record.partition === partition) held.passed++;
  }

  #release(nowUs: number, emit: (record: ObservedRecord) => void): void {
    if (this.#held.length === 0) return;
    for (const held of this.#held) held.waited++;
    const due = this.#held.filter(
      ({ passed, waited }) => passed >= ROWS_BEHIND || waited >= (passed > 0 ? HELD_RECORDS : LONELY_RECORDS),
    );
    if (due.length === 0) return;
    for (const held of due) {
      const at = this.#held.indexOf(held);
      this.#held.splice(at, 1);
      this.#letGo(held, nowUs, emit);
      this.#pass(held.record, held.key, this.#held.slice(0, at));
    }
  }

  /** Where no other row of its key has passed it, nothing is out of order. */
  #letGo({ record, passed }: Held, observedUs: number, emit: (record: ObservedRecord) => void): void {
    emit(passed === 0 ? record : { ...record, observedUs });
    if (passed > 0) this.#note("reorder", record);
    else this.#queue.push("reorder");
  }

  #nextGap(): number {
    return 1 + this.#random.below(MAX_GAP);
  }
}
