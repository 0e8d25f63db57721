import type { SnapshotReader } from "../checkpoint/snapshot.ts";
import { SnapshotWriter } from "../checkpoint/snapshot.ts";
import type { Segment } from "./segment.ts";

/** What the entries of a table own beyond their saved values, such as lists of rows; written and read with the table. */
export interface EntryDetails {
  /** The details as they are now, for a snapshot that is written later. */
  freeze(): FrozenDetails;
  /** Reads the details of an entry whose key and saved values have been read. */
  read(reader: SnapshotReader, segment: Segment, entry: number): void;
}

/** Details of all entries at one moment. */
export interface FrozenDetails {
  /** Those of one key group. */
  openGroup(): FrozenGroupDetails;
  /** Lets go of the frozen view. */
  release(): void;
}

/** Writes the details of a key group's entries, one after the other in the order of `save`. */
export interface FrozenGroupDetails {
  readonly writer: SnapshotWriter;
  /** Writes an entry's details, or notes where they are: bounded work, whatever their size. The entry may change afterwards. */
  save(segment: Segment, entry: number): void;
  /** Writes about `budgetBytes` of what was noted; returns what is left of the budget, 0 or less when there may be more to write. */
  advance(budgetBytes: number): number;
}

/** Details that are small for each entry: written when the entry is saved. */
export class SmallDetails implements EntryDetails {
  readonly #write: (writer: SnapshotWriter, segment: Segment, entry: number) => void;
  readonly #read: EntryDetails["read"];

  constructor(write: (writer: SnapshotWriter, segment: Segment, entry: number) => void, read: EntryDetails["read"]) {
    this.#write = write;
    this.#read = read;
  }

  freeze(): FrozenDetails {
    return {
      openGroup: () => {
        const writer = new SnapshotWriter();
        return {
          writer,
          save: (segment, entry) => this.#write(writer, segment, entry),
          advance: (budgetBytes) => budgetBytes,
        };
      },
      release: () => {},
    };
  }

  read(reader: SnapshotReader, segment: Segment, entry: number): void {
    this.#read(reader, segment, entry);
  }
}
