// AssemblyScript. Nexmark's random words, as text.ts explains them.

import { below } from "./random";

const MIN_LENGTH: i32 = 3;
const SPACE: u8 = 0x20;
const LETTER_A: i32 = 0x61;

/** Draws a word of 3 .. `maxLength` − 1 characters into `room` and trims it; where it lies then is stored at `span`. */
export function drawWord(span: usize, room: usize, maxLength: i32): void {
  const length = MIN_LENGTH + below(maxLength - MIN_LENGTH);
  let start = room;
  let end = room + <usize>length;
  for (let p = start; p < end; p++) store<u8>(p, below(13) == 0 ? SPACE : <u8>(LETTER_A + below(26)));
  while (start < end && load<u8>(start) == SPACE) start++;
  while (end > start && load<u8>(end - 1) == SPACE) end--;
  store<usize>(span, start);
  store<usize>(span, end, 8);
}

@inline
export function spanLength(span: usize): i32 {
  return <i32>(load<usize>(span, 8) - load<usize>(span));
}
