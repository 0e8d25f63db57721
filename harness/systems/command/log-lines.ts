import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { systemCode } from "../../../base/errors.ts";

/** How much of a log an error shows. */
const TAIL_BYTES = 4096;
const TAIL_LINES = 6;
/** Read at once; a longer line is taken apart. */
const CHUNK_BYTES = 64 * 1024;

/** Reads a growing log line by line. */
export class LogLines {
  readonly #file: string;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  readonly #decoder = new StringDecoder("utf8");
  #position = 0;
  #begun = "";

  constructor(file: string) {
    this.#file = file;
  }

  /** Whether one of the lines that are new since the last call matches; a last line without its end waits for it. */
  match(pattern: RegExp): boolean {
    for (let text = this.#read(); text !== ""; text = this.#read()) {
      const lines = (this.#begun + text).split("\n");
      const open = lines.pop() ?? "";
      this.#begun = open.length > CHUNK_BYTES ? "" : open;
      if (lines.some((line) => pattern.test(line))) return true;
    }
    return false;
  }

  #read(): string {
    return withFile(this.#file, "", (fd) => {
      const length = readSync(fd, this.#chunk, 0, CHUNK_BYTES, this.#position);
      this.#position += length;
      return this.#decoder.write(this.#chunk.subarray(0, length));
    });
  }
}

/** The last lines of a log, on one line; empty when there are none. */
export function logTail(file: string): string {
  const text = withFile(file, "", (fd) => {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8");
  });
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.slice(-TAIL_LINES).join(" | ");
}

function withFile<T>(file: string, absent: T, read: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return absent;
    throw error;
  }
  try {
    return read(fd);
  } finally {
    closeSync(fd);
  }
}
