/** Pages that were made before, as long as what they were made of has not changed; those used longest ago are forgotten. */
export class PageCache {
  readonly #mostPages: number;
  readonly #mostCharacters: number;
  readonly #pages = new Map<string, { readonly version: string; readonly text: string }>();
  #characters = 0;

  constructor(mostPages: number, mostCharacters: number) {
    this.#mostPages = mostPages;
    this.#mostCharacters = mostCharacters;
  }

  /** The page `key` in this version: as it was made before, or made now. */
  async get(key: string, version: string, make: () => string | Promise<string>): Promise<string> {
    const known = this.#pages.get(key);
    if (known?.version === version) {
      this.#pages.delete(key);
      this.#pages.set(key, known);
      return known.text;
    }
    const text = await make();
    this.#forget(key);
    this.#pages.set(key, { version, text });
    this.#characters += text.length;
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= this.#mostPages && this.#characters <= this.#mostCharacters) break;
      this.#forget(oldest);
    }
    return text;
  }

  #forget(key: string): void {
    this.#characters -= this.#pages.get(key)?.text.length ?? 0;
    this.#pages.delete(key);
  }
}
