const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The bytes of `text` as string columns hold them: JSON without the quotes, as `JSON.stringify` escapes. Slow path. */
export function encodeText(text: string): Uint8Array {
  const quoted = encoder.encode(JSON.stringify(text));
  return quoted.subarray(1, quoted.length - 1);
}

/** The JavaScript string of a string column's span. Slow path. */
export function decodeText(bytes: Uint8Array, start: number, length: number): string {
  const raw = decoder.decode(bytes.subarray(start, start + length));
  return raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
}
