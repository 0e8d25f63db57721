import { decodeOrderEntry } from "../../engine/replication/order-entry.ts";
import { Terms } from "../../engine/replication/terms.ts";
import type { ReplicaState } from "./replica-states.ts";

/** One group of an attempt, as its log says. */
interface Group {
  readonly terms: Terms;
  /** Who has written the latest claim that counts. */
  leader: string | null;
}

/** What a process has to do with one partition of the order log. */
interface Writing {
  unanswered: number;
  /** Behind the last order of it in the log. */
  end: number;
  read: number;
}

/** Follows the order log of a job from outside: who leads which group, and what each of them knows of what it has written. */
export class OrderWatch {
  readonly #topic: string;
  readonly #meet: (state: ReplicaState) => void;
  /** By partition, then by attempt. */
  readonly #groups = new Map<number, Map<number, Group>>();
  readonly #ends = new Map<number, number>();
  /** By process, then by partition. */
  readonly #writings = new Map<string, Map<number, Writing>>();

  constructor(topic: string, meet: (state: ReplicaState) => void) {
    this.#topic = topic;
    this.#meet = meet;
  }

  /** Partitions of the groups that the process leads in their latest attempt, as far as the log says. */
  ledBy(process: string): readonly number[] {
    return [...this.#groups].flatMap(([partition, attempts]) => {
      return [...attempts.values()].at(-1)?.leader === process ? [partition] : [];
    });
  }

  onAppended(process: string, topic: string, partition: number, value: Uint8Array): void {
    if (topic !== this.#topic) return;
    const end = (this.#ends.get(partition) ?? 0) + 1;
    this.#ends.set(partition, end);
    const writing = this.#writing(process, partition);
    writing.unanswered++;
    const entry = decodeOrderEntry(value, 0, value.length);
    const group = this.#group(partition, entry.attempt);
    if (entry.kind === "claim") this.#onClaim(process, group, entry.term, entry.replica);
    if (entry.kind !== "order") return;
    writing.end = end;
    if (group.terms.counts(entry.term, entry.replica)) return;
    this.#meet("voidEntry");
    this.#meet("lateAppend");
  }

  onAcknowledged(process: string, topic: string, partition: number, count: number): void {
    if (topic !== this.#topic) return;
    const writing = this.#writing(process, partition);
    writing.unanswered = Math.max(0, writing.unanswered - count);
  }

  onRead(process: string, topic: string, partition: number, nextOffset: number): void {
    if (topic === this.#topic) this.#writing(process, partition).read = nextOffset;
  }

  /** The process dies. */
  onEnd(process: string): void {
    for (const partition of this.ledBy(process)) {
      const { unanswered, end, read } = this.#writing(process, partition);
      if (unanswered > 0) this.#meet("leaderKilledUnanswered");
      else if (read < end) this.#meet("leaderKilledUnread");
    }
  }

  /** The election gives the process up. */
  onSessionLost(process: string): void {
    const isInDoubt = this.ledBy(process).some((partition) => this.#writing(process, partition).unanswered > 0);
    if (isInDoubt) this.#meet("sessionInDoubt");
  }

  #onClaim(process: string, group: Group, term: number, replica: number): void {
    if (!group.terms.onClaim(term, replica)) {
      this.#meet("voidEntry");
      return;
    }
    if (group.leader !== null && group.leader !== process) this.#meet("takeover");
    group.leader = process;
  }

  #group(partition: number, attempt: number): Group {
    const attempts = this.#groups.get(partition) ?? new Map<number, Group>();
    this.#groups.set(partition, attempts);
    const group = attempts.get(attempt) ?? { terms: new Terms(), leader: null };
    attempts.set(attempt, group);
    return group;
  }

  #writing(process: string, partition: number): Writing {
    const own = this.#writings.get(process) ?? new Map<number, Writing>();
    this.#writings.set(process, own);
    const writing = own.get(partition) ?? { unanswered: 0, end: 0, read: 0 };
    own.set(partition, writing);
    return writing;
  }
}
