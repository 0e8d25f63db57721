/** Who is owed how many bytes once a logical channel has been processed up to a number. */
interface Charge {
  readonly last: number;
  readonly physical: number;
  readonly bytes: number;
}

/** More than a sending instance has replicas, which take turns. */
const LATE_CHARGES = 8;

/** Bytes of arrived but unprocessed elements of one logical channel, by number, so that credit goes back to the replica that sent them. */
export class CreditLedger {
  /** Ascending by `last`. */
  #charges: Charge[] = [];
  #head = 0;

  /**
   * Notes `bytes` of physical channel `physical` that are held until number `last` is processed. They are added to a late charge of the same
   * channel while both together are no more than `joinedBytes`, so that what waits in files takes little memory here.
   */
  charge(last: number, physical: number, bytes: number, joinedBytes = 0): void {
    if (joinedBytes > 0) bytes += this.#takeLate(last, physical, joinedBytes - bytes);
    const charges = this.#charges;
    let at = charges.length;
    while (at > this.#head && charges[at - 1]!.last > last) at--;
    if (at === charges.length) charges.push({ last, physical, bytes });
    else charges.splice(at, 0, { last, physical, bytes });
  }

  /** Removes one of the latest charges, of the same channel, lower number and `maxBytes` at most; returns its bytes. */
  #takeLate(last: number, physical: number, maxBytes: number): number {
    const charges = this.#charges;
    const from = Math.max(this.#head, charges.length - LATE_CHARGES);
    const at = charges.findLastIndex((charge, index) => index >= from && charge.physical === physical);
    const late = charges[at];
    if (late === undefined || at < from || late.last >= last || late.bytes > maxBytes) return 0;
    charges.splice(at, 1);
    return late.bytes;
  }

  /** Numbers up to `processed` are done: gives the bytes back to whom they are owed. */
  settle(processed: number, giveBack: (physical: number, bytes: number) => void): void {
    const charges = this.#charges;
    while (this.#head < charges.length && charges[this.#head]!.last <= processed) {
      const { physical, bytes } = charges[this.#head++]!;
      giveBack(physical, bytes);
    }
    if (this.#head > 32 && this.#head * 2 > charges.length) {
      this.#charges = charges.slice(this.#head);
      this.#head = 0;
    }
  }
}
