/** Delays that double from `firstMs` to `limitMs` until `reset`. */
export class Backoff {
  readonly #firstMs: number;
  readonly #limitMs: number;
  #nextMs: number;

  constructor(firstMs: number, limitMs: number) {
    this.#firstMs = firstMs;
    this.#limitMs = limitMs;
    this.#nextMs = firstMs;
  }

  next(): number {
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(this.#limitMs, delayMs * 2);
    return delayMs;
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
