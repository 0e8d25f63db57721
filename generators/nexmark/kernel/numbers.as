// AssemblyScript. Ids and times of events, as numbers.ts explains them.

import {
  ACTIVE_PEOPLE,
  AUCTION_SHARE,
  BASE_TIME_MS,
  DELAY_US,
  FIRST_EVENT_NUMBER,
  GROUP_SIZE,
  IN_FLIGHT,
  PERSON_SHARE,
  TOTAL_SHARE,
} from "./layout";
import { longBelow } from "./random";

const FIRST_ID_LEAD: i64 = 10;
const HOT_BATCH: i64 = 100;

/** The event number of `index`, permuted within its group. */
@inline
export function adjustedNumber(index: f64): i64 {
  const number = load<i64>(FIRST_EVENT_NUMBER) + <i64>index;
  const size = load<i64>(GROUP_SIZE);
  if (size == 1) return number;
  return (number / size) * size + ((number * 953) % size);
}

/** Epoch ms; truncated twice, in doubles. */
@inline
export function timestampMs(number: i64): f64 {
  return load<f64>(BASE_TIME_MS) + Math.floor(Math.trunc(<f64>number * load<f64>(DELAY_US)) / 1000);
}

@inline
export function auctionHorizonMs(number: i64): f64 {
  const ahead = (load<i64>(IN_FLIGHT) * load<i64>(TOTAL_SHARE)) / load<i64>(AUCTION_SHARE);
  return timestampMs(number + ahead) - timestampMs(number);
}

/** ⌊id / total share⌋; exact, and division of doubles is the cheaper one. */
@inline
export function epochOf(id: i64): i64 {
  return <i64>(<f64>id / <f64>load<i64>(TOTAL_SHARE));
}

@inline
export function lastPerson(epoch: i64, offset: i64): i64 {
  const share = load<i64>(PERSON_SHARE);
  return epoch * share + min(offset, share - 1);
}

@inline
export function lastAuction(epoch: i64, offset: i64): i64 {
  const people = load<i64>(PERSON_SHARE);
  const share = load<i64>(AUCTION_SHARE);
  if (offset < people) return (epoch - 1) * share + share - 1;
  return epoch * share + min(offset - people, share - 1);
}

@inline
export function coldPerson(last: i64): i64 {
  const count = last + 1;
  const active = min(count, load<i64>(ACTIVE_PEOPLE));
  return count - active + longBelow(active + FIRST_ID_LEAD);
}

@inline
export function coldAuction(last: i64): i64 {
  const first = max(last - load<i64>(IN_FLIGHT), 0);
  return first + longBelow(last - first + 1 + FIRST_ID_LEAD);
}

/** The first of a batch of ids: hot auction and seller. */
@inline
export function hotOf(last: i64): i64 {
  return (last / HOT_BATCH) * HOT_BATCH;
}
