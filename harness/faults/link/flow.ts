import type { Socket } from "node:net";
import type { LinkCounters } from "./counters.ts";
import type { Rule } from "./rules.ts";

/** Bytes that a flow holds back at most, beyond what the kernel's buffers of its two sockets hold. */
const HELD_BOUND_BYTES = 256 * 1024;
/** On a delayed link as many bytes may be under way as in a TCP window that has grown as usual. */
const DELAYED_BOUND_BYTES = 4 * 1024 * 1024;
/** A throttled flow passes pieces that take about so long, not whole reads at once. */
const RATE_PIECE_SECONDS = 0.01;
const MIN_PIECE_BYTES = 1024;
/** Timers have whole milliseconds: what is due within half of one goes now. */
const TIMER_SLACK_US = 500;

interface Piece {
  /** null: the end of the stream. */
  readonly bytes: Buffer | null;
  readonly arrivedUs: number;
  dueUs: number;
  readonly lateBy: readonly Rule[];
}

/**
 * One direction of one connection. Without a rule bytes pass at once; with rules they wait in a bounded queue, in order, and reading
 * stops when it is full, so that the sender feels it. What waited is delivered when the rules go: a healed link loses nothing.
 */
export class Flow {
  readonly #from: Socket;
  readonly #counters: LinkCounters;
  readonly #nowUs: () => number;
  readonly #onEmpty: () => void;
  #to: Socket | null = null;
  #rules: readonly Rule[] = [];
  #queue: Piece[] = [];
  /** Pieces at the front of the queue that are gone already. */
  #taken = 0;
  #queuedBytes = 0;
  #lastDueUs = 0;
  #awaitsDrain = false;
  #closed = false;
  #timer: NodeJS.Timeout | null = null;

  /** Reads nothing before `connect`, unless a rule blocks it. `onEmpty`: what waited has been handed on. */
  constructor(from: Socket, counters: LinkCounters, nowUs: () => number, onEmpty: () => void) {
    this.#from = from;
    this.#counters = counters;
    this.#nowUs = nowUs;
    this.#onEmpty = onEmpty;
    from.pause();
    from.on("data", (chunk) => this.#onData(chunk));
    from.on("end", () => this.#enqueue(null, this.#nowUs()));
  }

  get name(): string {
    return `${this.#counters.from}->${this.#counters.to}`;
  }

  get isBlocked(): boolean {
    return this.#rules.some(({ spec }) => spec.treatment.kind === "block");
  }

  /** Everything that came has been handed on. */
  get isEmpty(): boolean {
    return this.#taken === this.#queue.length;
  }

  /** From now on bytes go to `to`. */
  connect(to: Socket): void {
    this.#to = to;
    to.on("drain", () => {
      this.#awaitsDrain = false;
      this.#pump();
    });
    this.#pump();
  }

  /** Sets the rules in force; what waits because of one that is gone goes on. */
  setRules(rules: readonly Rule[]): void {
    const added = rules.some((rule) => !this.#rules.includes(rule));
    const gone = this.#rules.some((rule) => !rules.includes(rule));
    if (!added && !gone) return;
    this.#rules = rules;
    const nowUs = this.#nowUs();
    if (gone) this.#hasten(nowUs);
    if (added && this.isBlocked) this.#noteHeld(this.#queuedBytes, nowUs);
    this.#pump();
  }

  /** Nothing is read or delivered any more; what waits is lost. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#counters.dropped += this.#queuedBytes;
    this.#queue = [];
    this.#taken = 0;
    this.#queuedBytes = 0;
  }

  #onData(chunk: Buffer): void {
    if (this.#closed) return;
    this.#counters.bytes += chunk.length;
    const to = this.#to;
    if (this.#rules.length === 0 && this.isEmpty && to !== null && !to.destroyed) {
      this.#deliver(to, chunk);
      if (this.#awaitsDrain) this.#from.pause();
      return;
    }
    const nowUs = this.#nowUs();
    if (this.isBlocked) this.#noteHeld(chunk.length, nowUs);
    const rate = this.#bytesPerSecond();
    const pieceBytes = rate === null ? chunk.length : Math.max(MIN_PIECE_BYTES, Math.floor(rate * RATE_PIECE_SECONDS));
    for (let start = 0; start < chunk.length; start += pieceBytes) {
      this.#enqueue(chunk.subarray(start, start + pieceBytes), nowUs);
    }
    this.#pump();
  }

  #enqueue(bytes: Buffer | null, nowUs: number): void {
    if (this.#closed) return;
    const lateBy = this.#rules.filter(({ spec }) => spec.treatment.kind !== "block");
    this.#lastDueUs = this.#dueUs(bytes?.length ?? 0, nowUs);
    this.#queue.push({ bytes, arrivedUs: nowUs, dueUs: this.#lastDueUs, lateBy });
    this.#queuedBytes += bytes?.length ?? 0;
    if (bytes === null) this.#pump();
  }

  /** Delays add up; pieces behind one another are as far apart as the least rate wants, and never overtake. */
  #dueUs(bytes: number, nowUs: number): number {
    let dueUs = nowUs;
    for (const { spec, random } of this.#rules) {
      if (spec.treatment.kind !== "delay") continue;
      const { ms, jitterMs } = spec.treatment;
      dueUs += Math.max(0, (ms + jitterMs * (2 * random.unit() - 1)) * 1000);
    }
    const rate = this.#bytesPerSecond();
    const busyUntilUs = Math.max(dueUs, this.#lastDueUs);
    return rate === null ? busyUntilUs : busyUntilUs + (bytes * 1e6) / rate;
  }

  #bytesPerSecond(): number | null {
    let least: number | null = null;
    for (const { spec } of this.#rules) {
      if (spec.treatment.kind !== "rate") continue;
      least = Math.min(least ?? Number.POSITIVE_INFINITY, spec.treatment.bytesPerSecond);
    }
    return least;
  }

  /** A rule is gone: what still waits is due as the others say, from now on. */
  #hasten(nowUs: number): void {
    this.#lastDueUs = 0;
    for (let i = this.#taken; i < this.#queue.length; i++) {
      const piece = this.#queue[i]!;
      const dueUs = this.#dueUs(piece.bytes?.length ?? 0, Math.min(piece.arrivedUs, nowUs));
      this.#lastDueUs = piece.dueUs = Math.min(piece.dueUs, Math.max(dueUs, this.#lastDueUs));
    }
  }

  #noteHeld(bytes: number, nowUs: number): void {
    if (bytes === 0) return;
    for (const rule of this.#rules) if (rule.spec.treatment.kind === "block") rule.held(bytes, nowUs, this.name);
  }

  /** Delivers what is due, then reads on or waits. */
  #pump(): void {
    if (this.#closed) return;
    // An end that is gone takes nothing: whoever sends to it feels that nobody reads.
    const to = this.#to?.destroyed === true ? null : this.#to;
    const hadSome = !this.isEmpty;
    if (to !== null && !this.isBlocked) this.#pumpInto(to);
    this.#compact();
    if (hadSome && this.isEmpty) this.#onEmpty();
    if (this.#closed) return;
    const bound = this.#rules.some(({ spec }) => spec.treatment.kind === "delay")
      ? DELAYED_BOUND_BYTES
      : HELD_BOUND_BYTES;
    const mayRead = !this.#awaitsDrain && this.#queuedBytes < bound && (to !== null || this.isBlocked);
    if (mayRead) this.#from.resume();
    else this.#from.pause();
  }

  #pumpInto(to: Socket): void {
    while (!this.#awaitsDrain && !this.isEmpty) {
      const piece = this.#queue[this.#taken]!;
      const nowUs = this.#nowUs();
      if (piece.dueUs > nowUs + TIMER_SLACK_US) {
        this.#wakeAt(piece.dueUs, nowUs);
        return;
      }
      this.#taken++;
      this.#hand(to, piece, nowUs);
    }
  }

  #hand(to: Socket, { bytes, arrivedUs, lateBy }: Piece, nowUs: number): void {
    if (bytes === null) {
      to.end();
      return;
    }
    this.#queuedBytes -= bytes.length;
    this.#counters.delayed += bytes.length;
    for (const rule of lateBy) rule.late(bytes.length, nowUs - arrivedUs, arrivedUs, this.name);
    this.#deliver(to, bytes);
  }

  #deliver(to: Socket, bytes: Buffer): void {
    this.#counters.delivered += bytes.length;
    if (!to.write(bytes)) this.#awaitsDrain = true;
  }

  #wakeAt(dueUs: number, nowUs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, Math.round((dueUs - nowUs) / 1000)));
  }

  /** Gives back the memory of what was handed on, now and then: not a copy for each piece. */
  #compact(): void {
    if (this.#taken < 64 && !this.isEmpty) return;
    this.#queue = this.#queue.slice(this.#taken);
    this.#taken = 0;
  }
}
