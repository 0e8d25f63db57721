import type { Sink } from "../cli/io.ts";

/** Least time between two redraws on a terminal, and between two plain lines, µs. */
const REDRAW_US = 100_000;
const PLAIN_LINE_US = 10_000_000;

/** One line that is written over on a terminal; elsewhere a plain line now and then. */
export class ProgressLine {
  readonly #sink: Sink;
  readonly #clockUs: () => number;
  #shownUs: number;
  #isOpen = false;

  constructor(sink: Sink, clockUs: () => number) {
    this.#sink = sink;
    this.#clockUs = clockUs;
    this.#shownUs = clockUs();
  }

  show(text: () => string): void {
    const nowUs = this.#clockUs();
    if (nowUs - this.#shownUs < (this.#sink.isTTY ? REDRAW_US : PLAIN_LINE_US)) return;
    this.#shownUs = nowUs;
    if (!this.#sink.isTTY) {
      this.#sink.write(`${text()}\n`);
      return;
    }
    const fitting = [...text()].slice(0, Math.max(20, this.#sink.columns - 1)).join("");
    this.#sink.write(`\r\u001b[K${fitting}`);
    this.#isOpen = true;
  }

  /** Clears the line, before something else is printed. */
  close(): void {
    if (!this.#isOpen) return;
    this.#sink.write("\r\u001b[K");
    this.#isOpen = false;
  }
}
