import type { AuctionEvent, NexmarkEvent, PersonEvent } from "../../../generators/nexmark/model.ts";
import type { ExpectedRow, Oracle } from "../../query.ts";

const CATEGORY = 10;
const STATES = ["OR", "ID", "CA"];

/** q3, local item suggestion: every pair of a person in one of the states and an auction of the category that she sells. */
export function q3Oracle(): Oracle<NexmarkEvent> {
  const persons = new Map<number, PersonEvent[]>();
  const auctionsBySeller = new Map<number, AuctionEvent[]>();
  return {
    onEvent(event, index, emit) {
      if (event.type === "person" && STATES.includes(event.person.state)) {
        append(persons, event.person.id, event.person);
        for (const auction of auctionsBySeller.get(event.person.id) ?? []) emit(joined(event.person, auction, index));
      }
      if (event.type === "auction" && event.auction.category === CATEGORY) {
        append(auctionsBySeller, event.auction.seller, event.auction);
        for (const person of persons.get(event.auction.seller) ?? []) emit(joined(person, event.auction, index));
      }
    },
    onEnd() {},
  };
}

function append<T>(lists: Map<number, T[]>, key: number, value: T): void {
  lists.set(key, [...(lists.get(key) ?? []), value]);
}

function joined({ name, city, state }: PersonEvent, { id }: AuctionEvent, index: number): ExpectedRow {
  return { values: [name, city, state, id], lastInput: index };
}
