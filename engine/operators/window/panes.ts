import type { SnapshotReader, SnapshotWriter } from "../../checkpoint/snapshot.ts";
import { BytesKeyTable, NumberKeyTable } from "../../state/key-table.ts";
import type { KeyGroupRange } from "../operator.ts";

export type PaneTable = NumberKeyTable | BytesKeyTable;

/** Pane tables kept for reuse; more are left to the collector. */
const MAX_SPARE_TABLES = 4;

/** A window operator's live panes: one table of accumulators per pane that has rows. */
export class Panes {
  readonly #range: KeyGroupRange;
  readonly #width: number;
  readonly #numeric: boolean;
  readonly #tables = new Map<number, PaneTable>();
  /** Live panes, ascending. */
  readonly #order: number[] = [];
  readonly #spare: PaneTable[] = [];
  #lastPane = Number.NaN;
  #lastTable: PaneTable | null = null;

  /** `width`: accumulators per key; `numeric`: keys are numbers. */
  constructor(range: KeyGroupRange, width: number, numeric: boolean) {
    this.#range = range;
    this.#width = width;
    this.#numeric = numeric;
  }

  /** Tables of the live panes in [first, end), ascending. */
  between(first: number, end: number): PaneTable[] {
    const tables: PaneTable[] = [];
    for (const pane of this.#order) {
      if (pane >= end) break;
      if (pane >= first) tables.push(this.#tables.get(pane)!);
    }
    return tables;
  }

  /** The pane's table, made when it is not there. */
  open(pane: number): PaneTable {
    if (pane === this.#lastPane && this.#lastTable !== null) return this.#lastTable;
    let table = this.#tables.get(pane);
    if (table === undefined) {
      table = this.#spare.pop() ?? this.#create();
      this.#tables.set(pane, table);
      this.#insert(pane);
    }
    this.#lastPane = pane;
    this.#lastTable = table;
    return table;
  }

  /** The earliest live pane; +Infinity when there is none. */
  earliest(): number {
    return this.#order[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets the earliest pane. */
  dropEarliest(): void {
    const pane = this.#order.shift();
    const table = pane === undefined ? undefined : this.#tables.get(pane);
    if (pane === undefined || table === undefined) return;
    this.#tables.delete(pane);
    this.#lastPane = Number.NaN;
    this.#lastTable = null;
    if (this.#spare.length >= MAX_SPARE_TABLES) return;
    table.clear();
    this.#spare.push(table);
  }

  snapshot(writer: SnapshotWriter): void {
    writer.u32(this.#order.length);
    for (const pane of this.#order) {
      writer.f64(pane);
      this.#tables.get(pane)!.snapshot(writer);
    }
  }

  /** Adds those parts of a snapshot that this instance owns. */
  restore(reader: SnapshotReader): void {
    for (let left = reader.u32(); left > 0; left--) this.open(reader.f64()).restore(reader);
  }

  /** New panes are nearly always the latest. */
  #insert(pane: number): void {
    let at = this.#order.length;
    while (at > 0 && this.#order[at - 1]! > pane) at -= 1;
    this.#order.splice(at, 0, pane);
  }

  #create(): PaneTable {
    const options = { width: this.#width };
    return this.#numeric ? new NumberKeyTable(this.#range, options) : new BytesKeyTable(this.#range, options);
  }
}
