import { assert, present } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { FetchRequest } from "../requests/fetch.ts";
import { guarded, surface } from "../surface.ts";
import type { TopicLeaders } from "../topic-leaders.ts";
import type { Fetcher, FetcherOptions } from "../types.ts";
import type { FetchState } from "./partition.ts";
import { FetchSession, type SessionEvents } from "./session.ts";

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const DEFAULT_UNREACHABLE_MS = 60_000;
/** Checks within the time that a partition may be without an answer. */
const CHECKS = 20;

/** The fetcher of assigned partitions of one topic. Everything is callbacks. */
export class PartitionFetcher implements Fetcher {
  readonly #options: FetcherOptions;
  readonly #clientId: string;
  readonly #leaders: TopicLeaders;
  readonly #request: FetchRequest;
  readonly #states: readonly FetchState[];
  readonly #sessions = new Map<number, FetchSession>();
  readonly #onClosed: () => void;
  readonly #events: SessionEvents;
  readonly #unreachableMs: number;
  #silenceTimer: NodeJS.Timeout | null = null;
  #lastError: FaultlineError | null = null;
  #isStarted = false;
  #isPaused = false;
  #isClosed = false;

  /** `onClosed` is called when the fetcher holds no resources any more. */
  constructor(options: FetcherOptions, clientId: string, leaders: TopicLeaders, onClosed: () => void) {
    assert(options.assignments.length > 0, "a fetcher needs partitions");
    this.#options = options;
    this.#clientId = clientId;
    this.#leaders = leaders;
    this.#onClosed = onClosed;
    const maxBytesPerPartition = options.maxBytesPerPartition ?? 1024 * 1024;
    this.#request = {
      topic: options.topic,
      isolation: options.isolation,
      maxWaitMs: options.maxWaitMs ?? 500,
      minBytes: options.minBytes ?? 1,
      maxBytesPerPartition,
      maxBytes: Math.min(MAX_ANSWER_BYTES, maxBytesPerPartition * options.assignments.length),
    };
    this.#states = options.assignments.map(({ partition, offset }) => ({
      partition,
      offset,
      isWaiting: true,
      isHeld: false,
      silentMs: 0,
    }));
    this.#unreachableMs = this.#request.maxWaitMs + (options.unreachableTimeoutMs ?? DEFAULT_UNREACHABLE_MS);
    this.#events = {
      onBatch: (view) => this.#options.onBatch(view),
      onSkipped: (partition, nextOffset) => this.#options.onSkipped?.(partition, nextOffset),
      onDown: (error) => this.#onDown(error),
      onAnswer: () => this.#onAnswer(),
      onFailed: (error) => this.#fail(error),
    };
  }

  start(): void {
    assert(!this.#isStarted, "a fetcher is started once");
    this.#isStarted = true;
    const intervalMs = Math.ceil(this.#unreachableMs / CHECKS);
    this.#silenceTimer = setInterval(() => this.#checkSilence(intervalMs), intervalMs);
    this.#recover();
  }

  pause(): void {
    this.#isPaused = true;
    for (const session of this.#sessions.values()) session.isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const session of this.#sessions.values()) session.isPaused = false;
  }

  hold(partition: number, held: boolean): void {
    const state = this.#state(partition);
    if (state.isHeld === held) return;
    state.isHeld = held;
    state.silentMs = 0;
    if (!held) for (const session of this.#sessions.values()) session.ask();
  }

  position(partition: number): number {
    return this.#state(partition).offset;
  }

  #state(partition: number): FetchState {
    const state = this.#states.find((candidate) => candidate.partition === partition);
    if (state === undefined)
      throw new FaultlineError("assertion-failed", `partition ${partition} is not the fetcher's`);
    return state;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#silenceTimer !== null) clearInterval(this.#silenceTimer);
    this.#leaders.close();
    for (const session of this.#sessions.values()) session.close();
    this.#onClosed();
  }

  #onDown(error: FaultlineError): void {
    if (this.#isClosed) return;
    this.#lastError = error;
    this.#recover();
  }

  #onAnswer(): void {
    if (this.#states.every(({ isWaiting }) => !isWaiting)) this.#leaders.settled();
  }

  /** Counts by intervals and not by the clock: a process that was stopped for a minute has not waited. */
  #checkSilence(intervalMs: number): void {
    if (this.#isPaused) return;
    for (const state of this.#states) {
      if (state.isHeld) continue;
      state.silentMs += intervalMs;
      if (state.silentMs <= this.#unreachableMs) continue;
      this.#fail(this.#lastError ?? this.#silence(state.partition));
      return;
    }
  }

  #silence(partition: number): FaultlineError {
    const { topic } = this.#options;
    return new FaultlineError("kafka-unreachable", `no answer for ${topic}/${partition} in ${this.#unreachableMs} ms`, {
      hint: "Check that all brokers of the cluster run and that the partition numbers exist.",
      context: { topic, partition },
    });
  }

  /** Learns the leaders anew, then goes on at the next offsets. */
  #recover(): void {
    this.#leaders.refreshSoon((error) => {
      if (this.#isClosed) return;
      if (error !== null) this.#fail(error);
      else this.#assignLeaders();
    });
  }

  #assignLeaders(): void {
    for (const session of this.#sessions.values()) session.states = [];
    let isMissing = false;
    for (const state of this.#states) {
      const leader = this.#leaders.leaderOf(state.partition);
      state.isWaiting = leader < 0;
      if (leader < 0) isMissing = true;
      else this.#session(leader).states.push(state);
    }
    for (const [nodeId, session] of this.#sessions) {
      if (session.states.length > 0) session.isPaused = this.#isPaused;
      else {
        // It leads nothing of ours any more: perhaps it has left, and would be called for ever.
        session.close();
        this.#sessions.delete(nodeId);
      }
    }
    if (isMissing) this.#onDown(this.#withoutLeader());
  }

  #withoutLeader(): FaultlineError {
    return new FaultlineError("kafka-unreachable", `partitions of ${this.#options.topic} have no leader`, {
      hint: "Check that all brokers of the cluster run and that the partition numbers exist.",
    });
  }

  #session(nodeId: number): FetchSession {
    const endpoint = present(this.#leaders.endpoint(nodeId), `address of broker ${nodeId}`);
    const known = this.#sessions.get(nodeId);
    known?.moveTo(endpoint);
    if (known !== undefined) return known;
    const { requestTimeoutMs = 30_000, restMs = 0 } = this.#options;
    const times = { timeoutMs: this.#request.maxWaitMs + requestTimeoutMs, restMs };
    const session = new FetchSession(endpoint, this.#clientId, this.#request, times, this.#events);
    this.#sessions.set(nodeId, session);
    return session;
  }

  /** After `close` only what a callback has thrown can still come here. */
  #fail(error: FaultlineError): void {
    if (this.#isClosed) {
      surface(error);
      return;
    }
    this.close();
    guarded(() => this.#options.onError(error));
  }
}
