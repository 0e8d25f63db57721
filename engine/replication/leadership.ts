import type { TermRule } from "./terms.ts";

export interface LeadershipHost {
  /** Leads from now on. */
  onBegin(): void;
  /** Leads no more. */
  onEnd(): void;
  /** `takeClaim` has something now. */
  onClaimable(): void;
  /** Elected, but another one leads, or it does not get on: leave the election and stand again, behind the others. */
  resign(): void;
}

type Role = { readonly kind: "follower" } | { readonly kind: "claiming" | "leading"; readonly term: number };

const FOLLOWER: Role = { kind: "follower" };

/**
 * Whether a replica leads its group. It claims a term when it is elected, or when the leader is lost and it is the first of those left, which
 * is known long before the election is; it leads when it reads its own claim in the log and that counts, and stops when it reads a later one or
 * is deposed. Safe whoever claims, because all go by the claims in the log; who is elected but does not lead stands again, so that in the
 * end the elected one leads.
 */
export class Leadership {
  readonly #replica: number;
  readonly #terms: TermRule;
  readonly #host: LeadershipHost;
  readonly #lost = new Set<number>();
  #role: Role = FOLLOWER;
  /** Fencing token of the election that this replica has won and not lost; null: it has not. */
  #epoch: number | null = null;
  #wantsClaim = false;

  constructor(replica: number, terms: TermRule, host: LeadershipHost) {
    this.#replica = replica;
    this.#terms = terms;
    this.#host = host;
  }

  /** The term that it leads; null: it does not. */
  get term(): number | null {
    return this.#role.kind === "leading" ? this.#role.term : null;
  }

  /** It has taken a claim that it has not read yet. */
  get claims(): boolean {
    return this.#role.kind === "claiming";
  }

  /** Won the election; `epoch` only grows. */
  onElected(epoch: number): void {
    this.#epoch = epoch;
    if (this.term === null) this.#claim();
  }

  /** No longer sure to be elected. */
  onDeposed(): void {
    // One that has taken over from a lost leader leads without having been elected.
    if (this.#epoch === null) return;
    this.#epoch = null;
    this.#follow();
  }

  /** A replica of the group is no longer part of the job. */
  onReplicaLost(replica: number): void {
    this.#lost.add(replica);
    this.#succeed();
  }

  /** What it has appended does not come back: somebody else may fare better. */
  onStalled(): void {
    this.#follow();
    this.#resign();
  }

  /** The term that is to be claimed in the log now; null: none. */
  takeClaim(): number | null {
    if (!this.#wantsClaim) return null;
    this.#wantsClaim = false;
    const term = Math.max(this.#terms.term + 1, this.#epoch ?? 0);
    this.#role = { kind: "claiming", term };
    return term;
  }

  /** A claim was read. true: it counts. */
  onClaim(term: number, replica: number): boolean {
    const role = this.#role;
    const counts = this.#terms.onClaim(term, replica);
    if (replica === this.#replica && role.kind === "claiming" && role.term === term) {
      if (counts) this.#lead(term);
      else this.#yield();
    } else if (counts && role.kind === "leading") this.#yield();
    else if (counts) this.#succeed();
    return counts;
  }

  #lead(term: number): void {
    this.#role = { kind: "leading", term };
    this.#host.onBegin();
  }

  #yield(): void {
    this.#follow();
    this.#resign();
    this.#succeed();
  }

  #resign(): void {
    if (this.#epoch === null) return;
    this.#epoch = null;
    this.#host.resign();
  }

  #follow(): void {
    const { kind } = this.#role;
    this.#role = FOLLOWER;
    this.#wantsClaim = false;
    if (kind === "leading") this.#host.onEnd();
  }

  /** Takes over from a leader that is lost when it is the first of those left. */
  #succeed(): void {
    const { holder } = this.#terms;
    const isVacant = holder === null ? this.#lost.size > 0 : this.#lost.has(holder);
    if (isVacant && this.#role.kind === "follower" && this.#firstLeft() === this.#replica) this.#claim();
  }

  #firstLeft(): number {
    let first = 0;
    while (this.#lost.has(first)) first++;
    return first;
  }

  #claim(): void {
    if (this.#wantsClaim || this.claims) return;
    this.#wantsClaim = true;
    this.#host.onClaimable();
  }
}
