/** What happens to items as they may go on. */
interface PendingHooks<T> {
  isDone(item: T): boolean;
  /** The item goes on; called once. */
  release(item: T): void;
  /** All items that came before this watermark have gone on. */
  forward(timeMs: number): void;
}

/** Items that came between two watermarks; `closedMs` is the second, NaN while it has not come. */
interface SegmentOf<T> {
  readonly items: Set<T>;
  closedMs: number;
}

/**
 * Items that are done in any order, between watermarks that none of them may pass: in the order of arrival, or, unordered, each as soon
 * as it is done and all watermarks before it have gone on.
 */
export class PendingSegments<T> {
  readonly #ordered: boolean;
  readonly #hooks: PendingHooks<T>;
  readonly #segments: SegmentOf<T>[] = [{ items: new Set(), closedMs: Number.NaN }];

  constructor(ordered: boolean, hooks: PendingHooks<T>) {
    this.#ordered = ordered;
    this.#hooks = hooks;
  }

  /** Items that have not gone on. */
  get size(): number {
    return this.#segments.reduce((sum, { items }) => sum + items.size, 0);
  }

  /** They, in the order of arrival. */
  *all(): Iterable<T> {
    for (const { items } of this.#segments) yield* items;
  }

  add(item: T): void {
    this.#segments.at(-1)!.items.add(item);
  }

  /** A watermark has come. */
  close(timeMs: number): void {
    const last = this.#segments.at(-1)!;
    const before = this.#segments.at(-2);
    if (last.items.size === 0 && before !== undefined) before.closedMs = timeMs;
    else {
      last.closedMs = timeMs;
      this.#segments.push({ items: new Set(), closedMs: Number.NaN });
    }
    this.#advance();
  }

  onDone(item: T): void {
    const [first] = this.#segments;
    if (!first!.items.has(item)) return;
    if (this.#ordered) this.#releaseDone(first!);
    else this.#release(first!, item);
    this.#advance();
  }

  #advance(): void {
    for (let first = this.#segments[0]!; first.items.size === 0 && !Number.isNaN(first.closedMs); ) {
      this.#segments.shift();
      this.#hooks.forward(first.closedMs);
      first = this.#segments[0]!;
      this.#releaseDone(first);
    }
  }

  #releaseDone(segment: SegmentOf<T>): void {
    for (const item of segment.items) {
      if (this.#hooks.isDone(item)) this.#release(segment, item);
      else if (this.#ordered) return;
    }
  }

  #release(segment: SegmentOf<T>, item: T): void {
    segment.items.delete(item);
    this.#hooks.release(item);
  }
}
