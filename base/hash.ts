/**
 * 64-bit content hashes as two 32-bit halves, without allocation: two lanes of MurmurHash3's 32-bit mixing with different
 * constants and a cross-mixing finish. Not cryptographic. Used to name rows (observation log, verification) and to spread keys.
 * Equal in every process and on every platform.
 */

/** The halves of the last 64-bit hash; read them before the next call. */
export const lastHash = { high: 0, low: 0 };

function mixLane(h: number, k: number, c1: number, c2: number): number {
  let x = Math.imul(k, c1);
  x = (x << 15) | (x >>> 17);
  x = Math.imul(x, c2);
  let y = h ^ x;
  y = (y << 13) | (y >>> 19);
  return (Math.imul(y, 5) + 0xe6546b64) | 0;
}

function finish32(h: number): number {
  let x = h;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Hashes `bytes[start, end)`; writes `lastHash`. */
export function hash64(bytes: Uint8Array, start: number, end: number, seed = 0): void {
  let a = seed | 0;
  let b = (seed ^ 0x9e3779b9) | 0;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    a = mixLane(a, k, 0xcc9e2d51, 0x1b873593);
    b = mixLane(b, k, 0x239b961b, 0xab0e9789);
  }
  if (i < end) {
    let k = 0;
    for (let shift = 0; i < end; i++, shift += 8) k |= bytes[i]! << shift;
    a = mixLane(a, k, 0xcc9e2d51, 0x1b873593);
    b = mixLane(b, k, 0x239b961b, 0xab0e9789);
  }
  const length = end - start;
  a = finish32(a ^ length);
  b = finish32(b ^ length ^ a);
  lastHash.high = (a + b) >>> 0;
  lastHash.low = b;
}

/** A 32-bit hash of an integer of up to 53 bits; for key groups and hash tables. */
export function hashNumber(value: number): number {
  const high = Math.floor(value / 4294967296);
  const h = mixLane(value | 0, high | 0, 0xcc9e2d51, 0x1b873593);
  return finish32(h);
}

/** A 32-bit hash of `bytes[start, end)`; for key groups and hash tables. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  hash64(bytes, start, end, 0);
  return lastHash.low;
}
