import { FaultlineError } from "../../../base/errors.ts";
import { MAGIC, VERSION } from "./layout.ts";

/** What is wrong with the first bytes of a record that is not of the format that its reader was told to read. */
export function foreignHead(found: number, hash: number, partition: number, offset: number): FaultlineError {
  const context = { partition, offset };
  const where = `record ${offset} of partition ${partition}`;
  const first = found & 0xff;
  if ((first & MAGIC) !== MAGIC) {
    const what = first === 0x7b ? "JSON" : `no binary record (its first byte is ${hex(first, 2)})`;
    const hint = "is everything that writes and reads this topic set to the same data.format?";
    return new FaultlineError("job-failed", `${where} is ${what}, where binary records were expected`, {
      hint,
      context,
    });
  }
  const version = first & ~MAGIC;
  if (version !== VERSION) {
    const message = `${where} is a binary record of version ${version}; this is version ${VERSION}`;
    return new FaultlineError("job-failed", message, {
      hint: "writer and reader must be of the same release",
      context,
    });
  }
  const other = found >>> 16;
  if (other !== hash) {
    const message = `${where} is a binary record of schema ${hex(other, 4)}; expected is schema ${hex(hash, 4)}`;
    return new FaultlineError("job-failed", message, { hint: "writer and reader disagree about the fields", context });
  }
  const message = `${where} is a binary record of variant ${(found >>> 8) & 0xff}, which its schema does not have`;
  return new FaultlineError("job-failed", message, { context });
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}
