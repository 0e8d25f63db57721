import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { BrokerLink } from "../broker-link.ts";
import type { Endpoint } from "../connection.ts";
import { brokerError, isRetriable } from "../errors.ts";
import { BatchView } from "../record-batch/decode.ts";
import type { RecordBatchView } from "../record-batch/view.ts";
import { API } from "../requests/api.ts";
import { type FetchedPartition, type FetchRequest, readFetchResponse, writeFetchRequest } from "../requests/fetch.ts";
import type { Reader } from "../wire/reader.ts";
import { takeBatches } from "./answer.ts";
import type { FetchedBatch, FetchState } from "./partition.ts";

/** An answer at least this large means backlog: the next one is asked for before this one is delivered, so that the broker works meanwhile. */
const BACKLOG_BYTES = 64 * 1024;

interface SessionTimes {
  /** Of an unanswered request. */
  readonly timeoutMs: number;
  /** Between an answer and the next request, unless there is a backlog; 0: none. */
  readonly restMs: number;
}

export interface SessionEvents {
  onBatch(view: RecordBatchView): void;
  /** A batch without records for readers ends at `nextOffset`. */
  onSkipped(partition: number, nextOffset: number): void;
  /** Partitions are waiting for fresh metadata, or the connection is gone. */
  onDown(error: FaultlineError): void;
  /** An answer came. */
  onAnswer(): void;
  onFailed(error: FaultlineError): void;
}

/** Fetches all partitions that one broker leads, in one long-polling request after the other. */
export class FetchSession {
  states: FetchState[] = [];
  readonly #request: FetchRequest;
  readonly #times: SessionTimes;
  readonly #events: SessionEvents;
  readonly #link: BrokerLink;
  readonly #view = new BatchView();
  #first = 0;
  #isAsking = false;
  /** Runs while the session rests. */
  #rest: NodeJS.Timeout | null = null;
  #isPaused = true;
  #isClosed = false;

  constructor(endpoint: Endpoint, clientId: string, request: FetchRequest, times: SessionTimes, events: SessionEvents) {
    this.#request = request;
    this.#times = times;
    this.#events = events;
    this.#link = new BrokerLink(endpoint, clientId, {
      onReady: () => this.ask(),
      onDown: (error) => this.#events.onDown(error),
      onUnusable: (error) => this.#events.onFailed(error),
    });
  }

  moveTo(endpoint: Endpoint): void {
    this.#link.moveTo(endpoint);
  }

  set isPaused(value: boolean) {
    this.#isPaused = value;
    if (!value) this.ask();
  }

  /** Sends the next request, unless one is under way, or paused, or nothing is wanted: all partitions are waiting or held. */
  ask(): void {
    if (this.#rest !== null || this.#isAsking || this.#isPaused || this.#isClosed || !this.#link.isReady) return;
    const positions = this.states.filter(({ isWaiting, isHeld }) => !isWaiting && !isHeld);
    if (positions.length === 0) return;
    // The broker fills an answer in the order of the request: let each partition be first in turn.
    this.#first = (this.#first + 1) % positions.length;
    const rotated = [...positions.slice(this.#first), ...positions.slice(0, this.#first)];
    const frame = this.#link.begin(API.fetch);
    writeFetchRequest(frame.writer, this.#request, rotated);
    this.#isAsking = true;
    this.#link.send(frame, this.#times.timeoutMs, {
      onResponse: (reader) => {
        this.#isAsking = false;
        this.#onResponse(reader);
      },
      onFailure: () => {
        this.#isAsking = false;
      },
    });
  }

  close(): void {
    this.#isClosed = true;
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#link.close();
  }

  /** Throws only for an answer that cannot be read, which breaks the connection; everything else fails the fetcher, also what its user throws. */
  #onResponse(reader: Reader): void {
    const bytes = reader.buffer;
    const size = reader.remaining;
    const answer = readFetchResponse(reader);
    try {
      if (answer.errorCode !== 0) throw brokerError(answer.errorCode, `fetching from ${this.#request.topic}`);
      const batches: FetchedBatch[] = [];
      for (const partition of answer.partitions) this.#take(bytes, partition, batches);
      this.#events.onAnswer();
      if (size >= BACKLOG_BYTES) this.ask();
      else this.#beginRest();
      this.#deliver(bytes, batches);
      this.ask();
    } catch (error) {
      this.#events.onFailed(asFaultlineError(error));
    }
  }

  #beginRest(): void {
    if (this.#times.restMs === 0 || this.#isClosed) return;
    this.#rest = setTimeout(() => {
      this.#rest = null;
      this.ask();
    }, this.#times.restMs);
  }

  #take(bytes: Buffer, answer: FetchedPartition, batches: FetchedBatch[]): void {
    const state = this.states.find(({ partition }) => partition === answer.partition);
    if (state === undefined) return; // moved to another broker meanwhile
    if (answer.errorCode === 0) {
      state.silentMs = 0;
      takeBatches(this.#view, bytes, answer, state, this.#request.isolation, batches);
      return;
    }
    const error = brokerError(answer.errorCode, `fetching from ${this.#request.topic}/${answer.partition}`);
    if (!isRetriable(answer.errorCode)) throw error;
    state.isWaiting = true;
    this.#events.onDown(error);
  }

  #deliver(bytes: Buffer, batches: readonly FetchedBatch[]): void {
    const view = this.#view;
    for (const { state, start, end, fromOffset, highWatermark, isAborted } of batches) {
      if (this.#isClosed) return;
      if (view.load(bytes, start, end, false) < 0)
        throw new FaultlineError("assertion-failed", "a checked batch is gone");
      if (isAborted || view.isControl || view.recordCount === 0) {
        this.#events.onSkipped(state.partition, view.nextOffset);
        continue;
      }
      view.skipTo(fromOffset);
      view.partition = state.partition;
      view.highWatermark = highWatermark;
      if (view.recordCount > 0) this.#events.onBatch(view);
      else this.#events.onSkipped(state.partition, view.nextOffset);
    }
  }
}
