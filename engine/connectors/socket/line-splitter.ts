import { FaultlineError } from "../../../base/errors.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** Longest line that is taken, bytes: whoever sends no line ends must not fill the memory. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Cuts a stream of bytes into lines: they end with LF, or CR LF; the last one may have no end. Of empty lines nothing is said. */
export class LineSplitter {
  #rest: Uint8Array = new Uint8Array(0);

  /** The lines that `chunk` completes, without their ends. `run-failed` when a line is longer than 1 MiB. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const lines: Uint8Array[] = [];
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.#take(bytes.subarray(start, end), lines);
      start = end + 1;
    }
    this.#rest = bytes.slice(start);
    if (this.#rest.length > MAX_LINE_BYTES) {
      throw new FaultlineError("run-failed", `a line of more than ${MAX_LINE_BYTES} bytes`, {
        hint: "end lines with a line feed",
      });
    }
    return lines;
  }

  /** What came after the last line end. */
  end(): readonly Uint8Array[] {
    const lines: Uint8Array[] = [];
    this.#take(this.#rest, lines);
    this.#rest = new Uint8Array(0);
    return lines;
  }

  #take(line: Uint8Array, lines: Uint8Array[]): void {
    const length = line.at(-1) === RETURN ? line.length - 1 : line.length;
    if (length > 0) lines.push(line.slice(0, length));
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
