import type { SnapshotReader, SnapshotWriter } from "../checkpoint/snapshot.ts";

const NOBODY = 0xffff;

/** Decides which entries of an order log count. */
export interface TermRule {
  /** Latest term claimed; 0: none. */
  readonly term: number;
  /** The replica that leads in it; null: none. */
  readonly holder: number | null;
  /** A claim was read. true: it counts. */
  onClaim(term: number, replica: number): boolean;
  /** Does an order of that term and replica count, here in the log? */
  counts(term: number, replica: number): boolean;
  snapshot(writer: SnapshotWriter): void;
  restore(reader: SnapshotReader): void;
}

/**
 * The reader's rule: of the claims in the log those count that are larger than all before, so the first one of each term; an order counts
 * when it is of the latest claim that counts. So all replicas void the same entries, whoever wrote late.
 */
export class Terms implements TermRule {
  #term = 0;
  #holder = NOBODY;

  get term(): number {
    return this.#term;
  }

  get holder(): number | null {
    return this.#holder === NOBODY ? null : this.#holder;
  }

  onClaim(term: number, replica: number): boolean {
    if (term <= this.#term) return false;
    this.#term = term;
    this.#holder = replica;
    return true;
  }

  counts(term: number, replica: number): boolean {
    return term === this.#term && replica === this.#holder;
  }

  snapshot(writer: SnapshotWriter): void {
    writer.f64(this.#term);
    writer.u32(this.#holder);
  }

  restore(reader: SnapshotReader): void {
    this.#term = reader.f64();
    this.#holder = reader.u32();
  }
}
