import { FaultlineError } from "../../base/errors.ts";
import { VarintReader, varintLength, writeVarint } from "../wire/varint.ts";

export interface Header {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** The header section of a record, its count included: what `Producer.append` takes. Made once and used for many records. */
export function encodeHeaders(headers: readonly Header[]): Uint8Array {
  const keys = headers.map((header) => Buffer.from(header.key, "utf8"));
  let length = varintLength(headers.length);
  headers.forEach(({ value }, i) => {
    const key = keys[i]!;
    length += varintLength(key.length) + key.length + varintLength(value?.length ?? -1) + (value?.length ?? 0);
  });
  const bytes = new Uint8Array(length);
  let at = writeVarint(bytes, 0, headers.length);
  headers.forEach(({ value }, i) => {
    const key = keys[i]!;
    at = writeVarint(bytes, at, key.length);
    bytes.set(key, at);
    at = writeVarint(bytes, at + key.length, value?.length ?? -1);
    if (value !== null) bytes.set(value, at);
    at += value?.length ?? 0;
  });
  return bytes;
}

/** The headers in `bytes[start, end)`, a record's header section with its count. Values are views. Throws `kafka-corrupt`. */
export function readHeaders(bytes: Uint8Array, start: number, end: number): Header[] {
  const reader = new VarintReader(bytes);
  reader.position = start;
  reader.end = end;
  const count = reader.next();
  const headers: Header[] = [];
  for (let i = 0; i < count; i++) {
    const key = take(reader, reader.next());
    const length = reader.next();
    const value = length < 0 ? null : take(reader, length);
    headers.push({ key: Buffer.from(key).toString("utf8"), value });
  }
  return headers;
}

function take(reader: VarintReader, length: number): Uint8Array {
  const start = reader.position;
  if (length < 0 || start + length > reader.end) {
    throw new FaultlineError("kafka-corrupt", "a record header does not end where its record does", {
      context: { position: start, length, end: reader.end },
    });
  }
  reader.position = start + length;
  return reader.bytes.subarray(start, start + length);
}
