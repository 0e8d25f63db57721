import { KaZooOrdering, type Ordering } from "../../../../engine/merge/kazoo-ordering.ts";
import { type TermRule, Terms } from "../../../../engine/replication/terms.ts";
import { type Element, elementCount } from "../../../../engine/task/element.ts";
import type { Planted } from "./replica.ts";

/** The published candidates: one entry an arrival; a leader takes from the front, a follower drops at delivery. */
abstract class Candidates implements Ordering {
  readonly candidates: number[] = [];
  leads = false;
  #issued = 0;
  #read = 0;

  get unread(): boolean {
    return this.leads && this.#issued > this.#read;
  }

  offer(channel: number, element: Element): void {
    for (let left = elementCount(element); left > 0; left--) this.candidates.push(channel);
  }

  onOrdered(_channel: number, count: number): void {
    this.#read += count;
  }

  begin(): void {
    this.leads = true;
  }

  end(): void {
    this.leads = false;
  }

  take(): readonly number[] | null {
    if (!this.leads || this.candidates.length === 0) return null;
    const runs = this.candidates.splice(0).flatMap((channel) => [channel, 1]);
    this.#issued += runs.length / 2;
    return runs;
  }

  restore(): void {}

  abstract onDelivered(channel: number, count: number): void;
}

/** Drops the head, whatever channel it names. */
export class HeadDrop extends Candidates {
  onDelivered(_channel: number, count: number): void {
    if (!this.leads) this.candidates.splice(0, count);
  }
}

/** Counts as ordered only what has been delivered: what is in the log beyond that is issued again when it leads. */
class ReIssue implements Ordering {
  readonly #inner: KaZooOrdering;
  #leads = false;

  constructor(channels: number) {
    this.#inner = new KaZooOrdering(channels);
  }

  get unread(): boolean {
    return this.#inner.unread;
  }

  offer(channel: number, element: Element): void {
    this.#inner.offer(channel, element);
  }

  onOrdered(_channel: number, _count: number): void {}

  onDelivered(channel: number, count: number): void {
    this.#inner.onOrdered(channel, count);
  }

  begin(): void {
    if (!this.#leads) this.#inner.begin();
    this.#leads = true;
  }

  end(): void {
    this.#leads = false;
    this.#inner.end();
  }

  take(maxRuns: number): readonly number[] | null {
    return this.#inner.take(maxRuns);
  }

  restore(): void {}
}

/** Counts what it has issued once more until it is read. */
class ForgetsPending extends KaZooOrdering {
  override take(maxRuns: number): readonly number[] | null {
    if (this.unread) this.begin();
    return super.take(maxRuns);
  }
}

/** Takes flagged heartbeats for any other: orders right on behind them. */
class PassesFlags extends KaZooOrdering {
  override offer(channel: number, element: Element): void {
    super.offer(channel, element.kind === "heartbeat" ? { ...element, checkpointId: null } : element);
  }
}

/** Every order counts, whoever wrote it and when. */
class NoFencing extends Terms implements TermRule {
  override counts(): boolean {
    return true;
  }
}

/** `seq > latest` instead of exactly the next. */
class LaterIsFine {
  latest = 0;

  offer(element: Element, deliver: (element: Element) => void): void {
    const last = element.first + elementCount(element) - 1;
    if (last <= this.latest) return;
    const drop = Math.max(0, this.latest + 1 - element.first);
    this.latest = last;
    deliver(
      element.kind !== "records" || drop === 0
        ? element
        : { ...element, first: element.first + drop, count: element.count - drop, skip: element.skip + drop },
    );
  }
}

function withOrdering(make: (channels: number) => Ordering & { onDelivered?(channel: number, count: number): void }) {
  return (): Planted => ({
    parts: () => {
      let planted: ReturnType<typeof make> | null = null;
      const ordering = (channels: number) => {
        planted = make(channels);
        return planted;
      };
      return { ordering, onDelivered: (channel: number, count: number) => planted?.onDelivered?.(channel, count) };
    },
  });
}

export interface Defect {
  readonly name: string;
  readonly plant: () => Planted;
  /** It knows nothing of flagged heartbeats, and is to be caught for something else. */
  readonly withoutFlags?: true;
}

/** The defects of the original, and some that ours could have. */
export const DEFECTS: readonly Defect[] = [
  {
    name: "head-drop: a follower drops the first candidate, whatever its channel",
    plant: withOrdering(() => new HeadDrop()),
    withoutFlags: true,
  },
  {
    name: "re-issue on promotion: what is in the log and not delivered is ordered again",
    plant: withOrdering((channels) => new ReIssue(channels)),
    withoutFlags: true,
  },
  {
    name: "no fencing: a deposed leader's late orders count",
    plant: () => ({ parts: () => ({ terms: new NoFencing() }) }),
  },
  {
    name: "forgotten failed flag: the last replica's failure is tolerated",
    plant: () => ({ forgetsFailures: true }),
  },
  {
    name: "seq > latest: a sender that is ahead makes the other's elements look old",
    plant: () => ({ channel: () => new LaterIsFine() }),
  },
  { name: "orders before it has read its own claim", plant: () => ({ readsOwnClaimAtOnce: true }) },
  {
    name: "forgets what it has issued and not read",
    plant: withOrdering((channels) => new ForgetsPending(channels)),
    withoutFlags: true,
  },
  { name: "orders behind a flagged heartbeat", plant: withOrdering((channels) => new PassesFlags(channels)) },
];
