/** Who is owed how many bytes once a logical channel has been processed up to a number. */
interface Charge {
  readonly last: number;
  readonly physical: number;
  readonly bytes: number;
}

/** Bytes of arrived but unprocessed elements of one logical channel, by number, so that credit goes back to the replica that sent them. */
export class CreditLedger {
  /** Ascending by `last`. */
  #charges: Charge[] = [];
  #head = 0;

  /** Notes `bytes` of physical channel `physical` that stay in memory until number `last` is processed. */
  charge(last: number, physical: number, bytes: number): void {
    const charges = this.#charges;
    let at = charges.length;
    while (at > this.#head && charges[at - 1]!.last > last) at--;
    if (at === charges.length) charges.push({ last, physical, bytes });
    else charges.splice(at, 0, { last, physical, bytes });
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
