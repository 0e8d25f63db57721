import { hashBytes, hashNumber } from "../../base/hash.ts";

/**
 * Key groups: the unit in which keyed state is spread and moved. A key's group is hash(key) mod total; instance i of P owns groups
 * ceil(i·total/P) … ceil((i+1)·total/P) − 1.
 */

/** hash mod `total`, without floating point for the usual power of two. */
export function groupOfHash(hash: number, total: number): number {
  return (total & (total - 1)) === 0 ? hash & (total - 1) : (hash >>> 0) % total;
}

/** Group of a key that is one integer field (see `KeyCodec.numeric`); `NULL_KEY` for SQL NULL. */
export function keyGroupOfNumber(key: number, total: number): number {
  return groupOfHash(hashNumber(key), total);
}

/** Group of any other key, from its key bytes. */
export function keyGroupOfBytes(bytes: Uint8Array, start: number, end: number, total: number): number {
  return groupOfHash(hashBytes(bytes, start, end), total);
}

/** First key group of `instance`; that of the next instance ends its range. */
export function firstKeyGroup(instance: number, parallelism: number, total: number): number {
  return Math.ceil((instance * total) / parallelism);
}

/** The instance that owns `group`: the inverse of `firstKeyGroup`. */
export function instanceOfKeyGroup(group: number, parallelism: number, total: number): number {
  return Math.floor((group * parallelism) / total);
}

/** Key groups [first, end) of `total` that an instance owns. */
export function keyGroupRange(
  instance: number,
  parallelism: number,
  total: number,
): { readonly first: number; readonly end: number; readonly total: number } {
  return {
    first: firstKeyGroup(instance, parallelism, total),
    end: firstKeyGroup(instance + 1, parallelism, total),
    total,
  };
}
