// AssemblyScript. Writes the event that is held as the Kafka value in JSON: what render.ts does. Scribbles up to 16 bytes past the end.

import * as at from "./layout";
import * as text from "./text";
import { copy, writeFourDigits, writeNumber, writeSpan, writeText } from "./text";

const SPACE: u8 = 0x20;
const AT_SIGN: u8 = 0x40;
const AUCTION: i32 = 1;
const BID: i32 = 2;

export function writeEvent(target: usize): usize {
  const type = load<i32>(at.TYPE);
  if (type == BID) return writeBid(target);
  return type == AUCTION ? writeAuction(target) : writePerson(target);
}

@inline
function writeBid(target: usize): usize {
  let end = writeNumber(writeText(target, text.BID_AUCTION), load<i64>(at.KEY));
  end = writeNumber(writeText(end, text.BIDDER), load<i64>(at.PERSON));
  end = writeNumber(writeText(end, text.PRICE), load<i64>(at.PRICE));
  if (load<i32>(at.IS_CLASSIC)) end = writeText(end, text.TIME);
  else {
    const offsets = load<usize>(at.ROW_OFFSETS) + (load<usize>(at.ROW) << 2);
    const start = load<usize>(offsets);
    end = copy(end, load<usize>(at.ROWS) + start, load<usize>(offsets, 4) - start);
  }
  return writeText(writeExtra(writeTime(end)), text.BID_END);
}

function writeAuction(target: usize): usize {
  let end = writeNumber(writeText(target, text.AUCTION_ID), load<i64>(at.KEY));
  end = writeSpan(writeText(end, text.ITEM_NAME), at.ITEM_NAME);
  end = writeSpan(writeText(end, text.DESCRIPTION), at.DESCRIPTION);
  end = writeNumber(writeText(end, text.INITIAL_BID), load<i64>(at.PRICE));
  end = writeNumber(writeText(end, text.RESERVE), load<i64>(at.RESERVE));
  end = writeTime(writeText(end, text.TIME));
  end = writeNumber(writeText(end, text.EXPIRES), load<i64>(at.EXPIRES));
  end = writeNumber(writeText(end, text.SELLER), load<i64>(at.PERSON));
  end = writeNumber(writeText(end, text.CATEGORY), load<i64>(at.CATEGORY));
  return writeText(writeExtra(end), text.AUCTION_END);
}

function writePerson(target: usize): usize {
  let end = writeNumber(writeText(target, text.PERSON_ID), load<i64>(at.KEY));
  end = writeText(writeText(end, text.NAME), load<i32>(at.FIRST_NAME));
  store<u8>(end, SPACE);
  end = writeText(end + 1, load<i32>(at.LAST_NAME));
  end = writeSpan(writeText(end, text.EMAIL), at.EMAIL_USER);
  store<u8>(end, AT_SIGN);
  end = writeText(writeSpan(end + 1, at.EMAIL_HOST), text.CARD);
  for (let i: usize = 0; i < 4; i++) {
    end = writeFourDigits(end, load<i32>(at.CARD + (i << 2)));
    store<u8>(end, SPACE);
    end += 1;
  }
  end = writeText(writeText(end - 1, text.CITY), load<i32>(at.CITY));
  end = writeText(writeText(end, text.STATE), load<i32>(at.STATE));
  end = writeTime(writeText(end, text.TIME_AFTER_TEXT));
  return writeText(writeExtra(end), text.PERSON_END);
}

@inline
function writeExtra(target: usize): usize {
  return writeSpan(writeText(target, text.EXTRA), at.EXTRA);
}

/** The time of the event; its digits are kept, since many events have the same. */
@inline
function writeTime(target: usize): usize {
  const timeMs = load<i64>(at.TIMESTAMP_MS);
  if (timeMs != load<i64>(at.WRITTEN_MS)) {
    store<i64>(at.WRITTEN_MS, timeMs);
    store<usize>(at.WRITTEN_LENGTH, writeNumber(at.WRITTEN_DIGITS, timeMs) - at.WRITTEN_DIGITS);
  }
  return copy(target, at.WRITTEN_DIGITS, load<usize>(at.WRITTEN_LENGTH));
}
