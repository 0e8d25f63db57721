/**
 * Arrays that grow without being copied. A small one is copied, which is quick. From `IN_PLACE_BYTES` on an array lies in memory with
 * room behind it that is only reserved (a growable buffer; Node has none that are not shared), and growing makes more of it usable: some
 * microseconds, whatever the size. The result is a plain view of fixed length, as fast as any; who has the old one must take the new one.
 */

/** So large that the process's number of mappings (65,530 on Linux, up to four for each array) is enough for 16 GB. */
const IN_PLACE_BYTES = 2 * 1024 * 1024;
/** An array that outgrows this is copied once, to where there is more room. */
const RESERVED_BYTES = 256 * 1024 * 1024;
const GROWTH_OF_RESERVE = 64;
/**
 * The collector does not count shared memory, so it would not hurry to free any. Each buffer has a companion of its size that it does
 * count; nobody touches that, so it takes no memory.
 */
const companions = new WeakMap<SharedArrayBuffer, ArrayBuffer>();

/** An array of `length` numbers that begins with those of `array`; further ones are 0 unless the caller has set them. */
export function grownFloat64(array: Float64Array, length: number): Float64Array {
  const bytes = length * Float64Array.BYTES_PER_ELEMENT;
  if (growInPlace(array.buffer, bytes)) return new Float64Array(array.buffer, 0, length);
  const grown = bytes < IN_PLACE_BYTES ? new Float64Array(length) : new Float64Array(reserved(bytes), 0, length);
  grown.set(array);
  return grown;
}

/** As `grownFloat64`. */
export function grownInt32(array: Int32Array, length: number): Int32Array {
  const bytes = length * Int32Array.BYTES_PER_ELEMENT;
  if (growInPlace(array.buffer, bytes)) return new Int32Array(array.buffer, 0, length);
  const grown = bytes < IN_PLACE_BYTES ? new Int32Array(length) : new Int32Array(reserved(bytes), 0, length);
  grown.set(array);
  return grown;
}

/** As `grownFloat64`; of `array` only the first `used` bytes matter. */
export function grownUint8(array: Uint8Array, used: number, length: number): Uint8Array {
  if (growInPlace(array.buffer, length)) return new Uint8Array(array.buffer, 0, length);
  const grown = length < IN_PLACE_BYTES ? new Uint8Array(length) : new Uint8Array(reserved(length), 0, length);
  grown.set(array.subarray(0, used));
  return grown;
}

/** Makes the buffer at least `bytes` long where it lies; false when it cannot be. */
function growInPlace(buffer: ArrayBufferLike, bytes: number): boolean {
  if (!(buffer instanceof SharedArrayBuffer) || buffer.maxByteLength < bytes) return false;
  if (buffer.byteLength < bytes) {
    buffer.grow(bytes);
    companions.get(buffer)?.resize(bytes);
  }
  return true;
}

/** A buffer of `bytes` zeros with room behind it. */
function reserved(bytes: number): SharedArrayBuffer {
  const maxByteLength = bytes * 2 <= RESERVED_BYTES ? RESERVED_BYTES : bytes * GROWTH_OF_RESERVE;
  const buffer = new SharedArrayBuffer(bytes, { maxByteLength });
  companions.set(buffer, new ArrayBuffer(bytes, { maxByteLength }));
  return buffer;
}
