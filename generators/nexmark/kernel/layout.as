// AssemblyScript. Where parameters and the event that is held lie: words of 8 bytes, as in memory.ts. All state is in memory.

const PARAMETERS: usize = 65536;

/** Address of a word. */
@inline
function word(index: usize): usize {
  return PARAMETERS + (index << 3);
}

// Parameters: integers unless said otherwise; addresses are 0 for what is not there.
export const FIRST_EVENT_ID: usize = word(0);
export const FIRST_EVENT_NUMBER: usize = word(1);
export const GROUP_SIZE: usize = word(2);
/** Double. */
export const DELAY_US: usize = word(3);
/** Double. */
export const BASE_TIME_MS: usize = word(4);
export const PERSON_SHARE: usize = word(5);
export const AUCTION_SHARE: usize = word(6);
export const TOTAL_SHARE: usize = word(7);
export const IN_FLIGHT: usize = word(8);
export const ACTIVE_PEOPLE: usize = word(9);
export const HOT_AUCTION_RATIO: usize = word(10);
export const HOT_SELLERS_RATIO: usize = word(11);
export const HOT_BIDDERS_RATIO: usize = word(12);
export const PERSON_SIZE: usize = word(13);
export const AUCTION_SIZE: usize = word(14);
export const BID_SIZE: usize = word(15);
export const IS_CLASSIC: usize = word(16);
export const ZIPF_KEYS: usize = word(17);
export const ZIPF_AUCTIONS: usize = word(18);
export const ZIPF_AUCTIONS_SEED: usize = word(19);
export const ZIPF_BIDDERS: usize = word(20);
export const ZIPF_BIDDERS_SEED: usize = word(21);
/** Addresses: pairs (address, length), 4 bytes each, of texts; the powers of ten of prices; classic: room for `extra`. */
export const TEXTS: usize = word(22);
export const POWERS: usize = word(23);
export const EXTRA_ROOM: usize = word(24);
/** Addresses, head: rows of channels and their offsets; the static text, escaped, and the blocks of text.ts. */
export const ROWS: usize = word(25);
export const ROW_OFFSETS: usize = word(26);
export const EXTRA_TEXT: usize = word(27);
export const EXTRA_BLOCKS: usize = word(28);
export const EXTRA_LENGTH: usize = word(29);
/** State of the random numbers; only head has another step than the generator's constant. */
export const RANDOM_STATE: usize = word(30);
export const RANDOM_STEP: usize = word(31);

// The event that is held: what draw.ts calls so.
export const TYPE: usize = word(32);
export const KEY: usize = word(33);
export const TIMESTAMP_MS: usize = word(34);
export const PERSON: usize = word(35);
export const PRICE: usize = word(36);
export const RESERVE: usize = word(37);
export const EXPIRES: usize = word(38);
export const CATEGORY: usize = word(39);
export const FIRST_NAME: usize = word(40);
export const LAST_NAME: usize = word(41);
export const CITY: usize = word(42);
export const STATE: usize = word(43);
/** Four numbers of 4 bytes. */
export const CARD: usize = word(44);
export const ROW: usize = word(46);
/** Pairs (first byte, end) of addresses. */
export const EXTRA: usize = word(47);
export const EMAIL_USER: usize = word(49);
export const EMAIL_HOST: usize = word(51);
export const ITEM_NAME: usize = word(53);
export const DESCRIPTION: usize = word(55);
// The time that was written last, in digits.
export const WRITTEN_MS: usize = word(57);
export const WRITTEN_LENGTH: usize = word(58);
export const WRITTEN_DIGITS: usize = word(60);
// Room for words.
export const WORD_ROOM: usize = word(64);
