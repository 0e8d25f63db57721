import type { WireVariant } from "../../../engine/connectors/json/wire-format.ts";

/** Value of a field as columns hold it: decimals in thousandths. */
export type Cell = number | string | null;

/** A binary record, written after the table of docs/decisions/0011-binary-wire-format.md and nothing else. */
export function eventBytes(
  hash: number,
  { tag, fields }: Pick<WireVariant, "tag" | "fields">,
  values: readonly Cell[],
): Uint8Array {
  const flags = new Uint8Array(Math.ceil(fields.length / 8));
  const numbers: Buffer[] = [];
  const ends: Buffer[] = [];
  const strings: Buffer[] = [];
  let end = 0;
  fields.forEach(({ type }, i) => {
    const value = values[i] ?? null;
    if (value === null) flags[Math.floor(i / 8)]! += 2 ** (i % 8);
    const eight = Buffer.alloc(8);
    if (type === "string") {
      const bytes = value === null ? Buffer.alloc(0) : Buffer.from(JSON.stringify(value).slice(1, -1));
      end += bytes.length;
      const four = Buffer.alloc(4);
      four.writeUInt32LE(end);
      ends.push(four);
      strings.push(bytes);
    } else if (type === "f64") {
      eight.writeDoubleLE(Number(value ?? 0));
      numbers.push(eight);
    } else {
      eight.writeBigInt64LE(BigInt(value ?? 0));
      numbers.push(eight);
    }
  });
  const head = Buffer.from([0xf9, tag, hash % 256, Math.floor(hash / 256)]);
  return new Uint8Array(Buffer.concat([head, flags, ...numbers, ...ends, ...strings]));
}
