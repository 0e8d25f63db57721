// AssemblyScript. Draws one event into the words of layout.as, in the draw order of the public generators: draw.ts in another language.

import * as at from "./layout";
import { adjustedNumber, auctionHorizonMs, coldAuction, coldPerson, epochOf, hotOf, lastAuction, lastPerson, timestampMs } from "./numbers";
import { priceCents } from "./price";
import { below, longBelow, nextInt, reseed } from "./random";
import { CITIES, FIRST_NAMES, LAST_NAMES, STATES, textLength } from "./text";
import { drawWord, spanLength } from "./word";
import { rankOf } from "./zipf";

const FIRST_ID: i64 = 1000;
const FIRST_CATEGORY: i64 = 10;
const CARD_LENGTH: i32 = 19;
const HOT_CHANNELS: i32 = 4;
const CHANNELS: i32 = 10000;
const BACKSLASH: u8 = 0x5c;
const LETTER_A: i32 = 0x61;

const PERSON: i32 = 0;
const AUCTION: i32 = 1;
const BID: i32 = 2;

// Room for words, each with slack for copies in blocks.
const EMAIL_USER_ROOM: usize = at.WORD_ROOM;
const EMAIL_HOST_ROOM: usize = at.WORD_ROOM + 32;
const ITEM_NAME_ROOM: usize = at.WORD_ROOM + 64;
const DESCRIPTION_ROOM: usize = at.WORD_ROOM + 128;

export function drawnKey(): i64 {
  return load<i64>(at.KEY);
}

export function drawEvent(index: f64): void {
  const number = adjustedNumber(index);
  const id = load<i64>(at.FIRST_EVENT_ID) + number;
  const timeMs = timestampMs(number);
  store<i64>(at.TIMESTAMP_MS, <i64>timeMs);
  if (load<i32>(at.IS_CLASSIC)) reseed(id);
  const epoch = epochOf(id);
  const offset = id - epoch * load<i64>(at.TOTAL_SHARE);
  const people = load<i64>(at.PERSON_SHARE);
  if (offset >= people + load<i64>(at.AUCTION_SHARE)) drawBid(id, epoch, offset);
  else if (offset >= people) drawAuction(number, timeMs, epoch, offset);
  else drawPerson(lastPerson(epoch, offset));
}

@inline
function drawBid(id: i64, epoch: i64, offset: i64): void {
  store<i32>(at.TYPE, BID);
  const auctions = load<usize>(at.ZIPF_AUCTIONS);
  let auction: i64;
  if (auctions != 0) auction = rankOf(id, auctions, load<u32>(at.ZIPF_AUCTIONS_SEED));
  else {
    const last = lastAuction(epoch, offset);
    auction = below(load<i32>(at.HOT_AUCTION_RATIO)) > 0 ? hotOf(last) : coldAuction(last);
  }
  store<i64>(at.KEY, FIRST_ID + auction);
  const bidders = load<usize>(at.ZIPF_BIDDERS);
  let bidder: i64;
  if (bidders != 0) bidder = rankOf(id, bidders, load<u32>(at.ZIPF_BIDDERS_SEED));
  else {
    const last = lastPerson(epoch, offset);
    bidder = below(load<i32>(at.HOT_BIDDERS_RATIO)) > 0 ? hotOf(last) + 1 : coldPerson(last);
  }
  store<i64>(at.PRICE, priceCents());
  if (load<i32>(at.IS_CLASSIC)) store<i64>(at.PERSON, FIRST_ID + bidder);
  else {
    store<i32>(at.ROW, below(2) > 0 ? below(HOT_CHANNELS) : HOT_CHANNELS + below(CHANNELS));
    // Head adds the offset of person ids a second time.
    store<i64>(at.PERSON, FIRST_ID + FIRST_ID + bidder);
  }
  drawExtra(32, load<i32>(at.BID_SIZE));
}

function drawAuction(number: i64, timeMs: f64, epoch: i64, offset: i64): void {
  store<i32>(at.TYPE, AUCTION);
  store<i64>(at.KEY, FIRST_ID + lastAuction(epoch, offset));
  const person = lastPerson(epoch, offset);
  const isHot = below(load<i32>(at.HOT_SELLERS_RATIO)) > 0;
  store<i64>(at.PERSON, FIRST_ID + (isHot ? hotOf(person) : coldPerson(person)));
  store<i64>(at.CATEGORY, FIRST_CATEGORY + <i64>below(5));
  const price = priceCents();
  store<i64>(at.PRICE, price);
  // In doubles: beyond 2^53 ms, they round.
  store<i64>(at.EXPIRES, <i64>(timeMs + 1 + <f64>longBelow(<i64>Math.max(2 * auctionHorizonMs(number), 1))));
  drawWord(at.ITEM_NAME, ITEM_NAME_ROOM, 20);
  drawWord(at.DESCRIPTION, DESCRIPTION_ROOM, 100);
  store<i64>(at.RESERVE, price + priceCents());
  drawExtra(48 + spanLength(at.ITEM_NAME) + spanLength(at.DESCRIPTION), load<i32>(at.AUCTION_SIZE));
}

function drawPerson(last: i64): void {
  store<i32>(at.TYPE, PERSON);
  store<i64>(at.KEY, FIRST_ID + last);
  const firstName = FIRST_NAMES + below(LAST_NAMES - FIRST_NAMES);
  const lastName = LAST_NAMES + below(CITIES - LAST_NAMES);
  drawWord(at.EMAIL_USER, EMAIL_USER_ROOM, 7);
  drawWord(at.EMAIL_HOST, EMAIL_HOST_ROOM, 5);
  for (let i: usize = 0; i < 4; i++) store<i32>(at.CARD + (i << 2), below(10000));
  const city = CITIES + below(STATES - CITIES);
  const state = STATES + below(6);
  store<i32>(at.FIRST_NAME, firstName);
  store<i32>(at.LAST_NAME, lastName);
  store<i32>(at.CITY, city);
  store<i32>(at.STATE, state);
  const nameLength = textLength(firstName) + 1 + textLength(lastName);
  const emailLength = spanLength(at.EMAIL_USER) + 1 + spanLength(at.EMAIL_HOST) + 4;
  const placeLength = textLength(city) + textLength(state);
  drawExtra(8 + nameLength + emailLength + CARD_LENGTH + placeLength, load<i32>(at.PERSON_SIZE));
}

/** `extra` pads an event of `current` bytes to about `average`: a slice of the static text, or letters drawn one by one. */
@inline
function drawExtra(current: i32, average: i32): void {
  if (current > average) {
    store<usize>(at.EXTRA, 0);
    store<usize>(at.EXTRA, 0, 8);
    return;
  }
  const wanted = average - current;
  const delta = <i32>Math.floor(<f64>wanted * 0.2 + 0.5);
  const least = wanted - delta;
  const length = delta == 0 ? least : least + below(2 * delta);
  if (load<i32>(at.IS_CLASSIC)) drawLetters(length);
  else {
    const first = below(load<i32>(at.EXTRA_LENGTH) - length);
    store<usize>(at.EXTRA, placeOf(first));
    store<usize>(at.EXTRA, placeOf(first + length), 8);
  }
}

/** Where character `index` of the static text lies: its block's first, as many further, and one more for each backslash between. */
@inline
function placeOf(index: i32): usize {
  const block = load<usize>(at.EXTRA_BLOCKS) + (<usize>(index >> 6) << 4);
  const further = <u64>(index & 63);
  const escaped = popcnt(load<u64>(block) & (((<u64>1) << further) - 1));
  return load<usize>(at.EXTRA_TEXT) + load<usize>(block, 8) + <usize>(further + escaped);
}

/** Six letters of one int, which may be negative; escaped as they come. */
function drawLetters(length: i32): void {
  const room = load<usize>(at.EXTRA_ROOM);
  let end = room;
  for (let left = length; left > 0; left -= 6) {
    let bits = nextInt();
    for (let i = min(left, 6); i > 0; i--) {
      const rest = bits / 26;
      const letter = <u8>(LETTER_A + (bits - rest * 26));
      bits = rest;
      // Written always, and overwritten by a letter that needs no backslash.
      store<u8>(end, BACKSLASH);
      end += <usize>(letter == BACKSLASH);
      store<u8>(end, letter);
      end += 1;
    }
  }
  store<usize>(at.EXTRA, room);
  store<usize>(at.EXTRA, end, 8);
}
