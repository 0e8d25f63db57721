import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import { BytesKeyTable, NumberKeyTable } from "../../state/key-table.ts";
import { DistinctSets } from "../aggregate/distinct-sets.ts";
import type { KeyGroupRange } from "../operator.ts";

/** Accumulators by key, and the sets of values that distinct counts need. */
export interface Pane {
  readonly table: NumberKeyTable | BytesKeyTable;
  readonly sets: DistinctSets | null;
}

/**
 * So many panes are always kept for reuse, and more while they had no more entries in all than this, values of sets among them: where
 * partitions are read unevenly many panes are live at once, and their tables would grow anew again and again.
 */
const MIN_SPARE_PANES = 4;
const MAX_SPARE_ENTRIES = 65_536;

/** A window operator's live panes, those that have rows. */
export class Panes {
  readonly #range: KeyGroupRange;
  readonly #width: number;
  readonly #numeric: boolean;
  readonly #distinct: boolean;
  readonly #panes = new Map<number, Pane>();
  /** Numbers of the live panes, ascending. */
  readonly #order: number[] = [];
  readonly #spare: { readonly pane: Pane; readonly entries: number }[] = [];
  #spareEntries = 0;
  #lastNumber = Number.NaN;
  #last: Pane | null = null;

  /** `width`: numbers of an accumulator; `numeric`: keys are numbers; `distinct`: panes have sets. */
  constructor(range: KeyGroupRange, width: number, numeric: boolean, distinct: boolean) {
    this.#range = range;
    this.#width = width;
    this.#numeric = numeric;
    this.#distinct = distinct;
  }

  /** The live panes in [first, end), ascending. */
  between(first: number, end: number): Pane[] {
    const panes: Pane[] = [];
    for (const number of this.#order) {
      if (number >= end) break;
      if (number >= first) panes.push(this.#panes.get(number)!);
    }
    return panes;
  }

  /** Pane `number`, made when it is not there. */
  open(number: number): Pane {
    if (number === this.#lastNumber && this.#last !== null) return this.#last;
    let pane = this.#panes.get(number);
    if (pane === undefined) {
      pane = this.#reused() ?? this.#create();
      this.#panes.set(number, pane);
      this.#insert(number);
    }
    this.#lastNumber = number;
    this.#last = pane;
    return pane;
  }

  /** The earliest live pane; +Infinity when there is none. */
  earliest(): number {
    return this.#order[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets the earliest pane. */
  dropEarliest(): void {
    const number = this.#order.shift();
    const pane = number === undefined ? undefined : this.#panes.get(number);
    if (number === undefined || pane === undefined) return;
    this.#panes.delete(number);
    this.#lastNumber = Number.NaN;
    this.#last = null;
    this.#keep(pane);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.u32(this.#order.length);
    for (const number of this.#order) {
      const { table, sets } = this.#panes.get(number)!;
      writer.f64(number);
      table.snapshot(writer);
      sets?.snapshot(writer);
    }
  }

  /** Adds those parts of a snapshot that this instance owns. */
  restore(reader: SnapshotReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const { table, sets } = this.open(reader.f64());
      table.restore(reader);
      sets?.restore(reader);
    }
  }

  /** New panes are nearly always the latest. */
  #insert(number: number): void {
    let at = this.#order.length;
    while (at > 0 && this.#order[at - 1]! > number) at -= 1;
    this.#order.splice(at, 0, number);
  }

  #keep(pane: Pane): void {
    const entries = pane.table.size + (pane.sets?.size ?? 0);
    const isMuch = this.#spareEntries + entries > MAX_SPARE_ENTRIES;
    if (isMuch && this.#spare.length >= MIN_SPARE_PANES) return;
    pane.table.clear();
    pane.sets?.clear();
    this.#spare.push({ pane, entries });
    this.#spareEntries += entries;
  }

  #reused(): Pane | undefined {
    const spare = this.#spare.pop();
    this.#spareEntries -= spare?.entries ?? 0;
    return spare?.pane;
  }

  #create(): Pane {
    const options = { width: this.#width };
    const range = this.#range;
    return {
      table: this.#numeric ? new NumberKeyTable(range, options) : new BytesKeyTable(range, options),
      sets: this.#distinct ? new DistinctSets(range) : null,
    };
  }
}
