/** A rolling 64-bit hash of everything that happened, and the last lines of it for people. Equal traces, equal runs. */
export class Trace {
  #a = 0x9e3779b9 | 0;
  #b = 0x85ebca6b | 0;
  readonly #lines: string[] = [];
  readonly #keep: number;
  #at = 0;

  /** Keeps the last `keep` lines. */
  constructor(keep = 64) {
    this.#keep = keep;
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
    for (let index = 0; index < bytes.length; index++) this.#mix(bytes[index]!);
  }

  /** Adds a line to the hash and to what is kept. */
  line(timeUs: number, text: string): void {
    this.#mix(timeUs);
    for (let index = 0; index < text.length; index++) this.#mix(text.charCodeAt(index));
    this.remember(`${timeUs} µs  ${text}`);
  }

  /** Keeps a line without hashing it. */
  remember(text: string): void {
    this.#lines[this.#at % this.#keep] = text;
    this.#at++;
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

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x01000193);
    this.#b = Math.imul(this.#b ^ (value + 0x7f4a7c15), 0x5bd1e995);
    this.#b ^= this.#b >>> 15;
  }
}
