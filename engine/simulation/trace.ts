/** What kind of event a note in the trace is about. */
export const TRACED = { message: 1, fetch: 2, append: 3, closed: 4 } as const;

export interface TraceSettings {
  /** Lines kept; default 64. */
  readonly keep?: number;
  /** Also makes a line of every delivery; by default only of journal entries, because lines cost more than what they tell of. */
  readonly detailed?: boolean;
  /** Gets every line at once. */
  readonly onLine?: (line: string) => void;
}

/**
 * A rolling 64-bit hash of everything that happened (every delivery with its bytes and virtual time, every journal entry), and the
 * last lines of it for people. Equal traces, equal runs.
 */
export class Trace {
  /** `tell` makes lines. */
  readonly detailed: boolean;
  #a = 0x9e3779b9 | 0;
  #b = 0x85ebca6b | 0;
  readonly #lines: string[] = [];
  readonly #keep: number;
  readonly #onLine: ((line: string) => void) | null;
  #at = 0;

  constructor({ keep = 64, detailed = false, onLine }: TraceSettings = {}) {
    this.#keep = keep;
    this.detailed = detailed;
    this.#onLine = onLine ?? null;
  }

  /** Adds numbers to the hash only; for what happens per event. */
  note(timeUs: number, what: number, detail: number): void {
    this.#mix(timeUs);
    this.#mix(Math.floor(timeUs / 4294967296));
    this.#mix(what);
    this.#mix(detail);
  }

  /** Adds bytes to the hash. */
  noteBytes(bytes: Uint8Array): void {
    const whole = bytes.length - (bytes.length % 4);
    for (let at = 0; at < whole; at += 4) {
      this.#mix(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    }
    for (let at = whole; at < bytes.length; at++) this.#mix(bytes[at]!);
  }

  /** Adds a line to the hash and to what is kept. */
  line(timeUs: number, text: string): void {
    this.#mix(timeUs);
    for (let index = 0; index < text.length; index++) this.#mix(text.charCodeAt(index));
    this.#remember(timeUs, text);
  }

  /** In a detailed trace: keeps a line without hashing it. What goes on also in a job that hangs is not kept, only handed on. */
  tell(timeUs: number, text: string, isRoutine = false): void {
    if (!this.detailed) return;
    if (isRoutine) this.#onLine?.(lineOf(timeUs, text));
    else this.#remember(timeUs, text);
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** Oldest first. */
  get lastLines(): readonly string[] {
    const from = Math.max(0, this.#at - this.#keep);
    return Array.from({ length: this.#at - from }, (_, index) => this.#lines[(from + index) % this.#keep]!);
  }

  #remember(timeUs: number, text: string): void {
    const line = lineOf(timeUs, text);
    this.#lines[this.#at % this.#keep] = line;
    this.#at++;
    this.#onLine?.(line);
  }

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#b = Math.imul(this.#b ^ (value + 0x7f4a7c15), 0x5bd1e995);
    this.#b ^= this.#b >>> 15;
  }
}

function lineOf(timeUs: number, text: string): string {
  return `${timeUs} µs  ${text}`;
}
