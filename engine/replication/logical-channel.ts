import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import { type Element, elementCount } from "../task/element.ts";
import { lastNumber, trimBefore } from "./trim.ts";

/**
 * Receiving end of a logical channel, which all replicas of the sending instance feed. Accepts exactly number `latest + 1`:
 * what is older is dropped (overlaps trimmed by range arithmetic), what is newer is held until the gap is filled by any replica.
 * So any mixture of copies, duplicates and replays comes out as every number once, in order.
 */
export class LogicalChannel {
  /** Latest number accepted; what acknowledgements carry. */
  #latest = 0;
  /** Elements beyond a gap, ascending by first number. */
  readonly #held: Element[] = [];
  readonly #maxHeld: number;
  /** Numbers that came more than once. */
  #duplicates = 0;
  /** Elements of which the first part was known, the rest not. */
  #trimmed = 0;
  /** Elements that had to wait for what was missing before them. */
  #gaps = 0;

  /** Holds at most `maxHeld` elements beyond a gap. */
  constructor(maxHeld: number) {
    this.#maxHeld = maxHeld;
  }

  get latest(): number {
    return this.#latest;
  }

  get heldCount(): number {
    return this.#held.length;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  get trimmed(): number {
    return this.#trimmed;
  }

  get gaps(): number {
    return this.#gaps;
  }

  /** Continues after number `latest`, for a restored or re-integrated receiver; only before the first element. */
  resumeAfter(latest: number): void {
    assert(this.#latest === 0 && this.#held.length === 0, "channel already in use", { latest: this.#latest });
    this.#latest = latest;
  }

  /** Takes one copy; hands what has become deliverable to `deliver`, in order. `cluster-protocol` when a gap holds too much. */
  offer(element: Element, deliver: (element: Element) => void): void {
    if (element.first > this.#latest + 1) {
      this.#hold(element);
      return;
    }
    this.#accept(element, deliver);
    while (this.#held.length > 0 && this.#held[0]!.first <= this.#latest + 1) {
      this.#accept(this.#held.shift()!, deliver);
    }
  }

  #accept(element: Element, deliver: (element: Element) => void): void {
    const last = lastNumber(element);
    if (last <= this.#latest) {
      this.#duplicates += elementCount(element);
      return;
    }
    const trimmed = trimBefore(element, this.#latest + 1);
    if (trimmed.first > element.first) this.#trimmed++;
    this.#duplicates += trimmed.first - element.first;
    this.#latest = last;
    deliver(trimmed);
  }

  #hold(element: Element): void {
    const last = lastNumber(element);
    let at = this.#held.length;
    while (at > 0 && this.#held[at - 1]!.first > element.first) at--;
    const before = this.#held[at - 1];
    if (before !== undefined && lastNumber(before) >= last) {
      this.#duplicates += elementCount(element);
      return;
    }
    if (this.#held.length >= this.#maxHeld) {
      throw new FaultlineError(
        "cluster-protocol",
        `a gap after element ${this.#latest} holds ${this.#maxHeld} elements`,
        {
          hint: "no live sender fills the gap: the replica group is lost",
          context: { latest: this.#latest, first: element.first },
        },
      );
    }
    this.#gaps++;
    this.#held.splice(at, 0, element);
  }
}
