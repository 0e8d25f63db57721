import { crc32c as native } from "@node-rs/crc32";

/**
 * CRC-32C (Castagnoli) of bytes, several GB/s: a checksum against damage, not against forgery. With `before`, the checksum of
 * what comes before them, that of both together.
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  return native(bytes, before);
}
