import { assert } from "../../base/assert.ts";
import { type Element, elementCount } from "../task/element.ts";

/** Number of the last element in `element`. */
export function lastNumber(element: Element): number {
  return element.first + elementCount(element) - 1;
}

/** `element` without the numbers below `next`; range arithmetic only, the payload stays. `next` must lie inside the element. */
export function trimBefore(element: Element, next: number): Element {
  const drop = next - element.first;
  if (drop <= 0) return element;
  assert(element.kind === "records" && drop < element.count, "nothing would remain", { first: element.first, next });
  return { ...element, first: next, count: element.count - drop, skip: element.skip + drop };
}
