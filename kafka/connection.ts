import { connect, type Socket } from "node:net";
import { monotonicUs } from "../base/clock.ts";
import { asFaultlineError, FaultlineError } from "../base/errors.ts";
import { FrameBuffer } from "./frame-buffer.ts";
import type { Api } from "./requests/api.ts";
import { RequestFrame } from "./requests/frame.ts";
import { Reader } from "./wire/reader.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const TIMEOUT_CHECK_MS = 250;
/** Larger than the largest fetch answer: its bound plus one batch. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ResponseHandler {
  /** The answer, after its correlation id; in place, valid during the call. A throw breaks the connection. */
  onResponse(reader: Reader): void;
  /** There will be no answer; whether the broker acted on the request is unknown. */
  onFailure(error: FaultlineError): void;
}

export interface ConnectionEvents {
  onOpen(): void;
  /** Once, also when opening failed. All requests have had their `onFailure` before. */
  onClose(error: FaultlineError): void;
}

interface Pending {
  readonly frame: RequestFrame;
  readonly handler: ResponseHandler;
  readonly deadlineUs: number;
}

/** One TCP connection to a broker: requests out, answers in the same order in. Everything is callbacks. */
export class Connection {
  readonly #endpoint: Endpoint;
  readonly #clientId: string;
  readonly #socket: Socket;
  readonly #frames = new FrameBuffer(MAX_FRAME_BYTES);
  readonly #pending: Pending[] = [];
  readonly #events: ConnectionEvents;
  readonly #connectDeadlineUs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #deliver = (buffer: Buffer, start: number, end: number): void => this.#onFrame(buffer, start, end);
  #nextCorrelationId = 1;
  #isOpen = false;
  #isClosed = false;

  constructor(endpoint: Endpoint, clientId: string, events: ConnectionEvents) {
    this.#endpoint = endpoint;
    this.#clientId = clientId;
    this.#events = events;
    this.#connectDeadlineUs = monotonicUs() + CONNECT_TIMEOUT_MS * 1000;
    this.#timer = setInterval(() => this.#checkDeadlines(), TIMEOUT_CHECK_MS);
    this.#socket = connect({
      host: endpoint.host,
      port: endpoint.port,
      noDelay: true,
      onread: { buffer: () => this.#frames.space(), callback: (length: number) => this.#onBytes(length) },
    });
    this.#socket.on("connect", () => {
      this.#isOpen = true;
      this.#events.onOpen();
    });
    this.#socket.on("error", (cause) => this.close(this.#lost(cause.message, cause)));
    this.#socket.on("end", () => this.close(this.#lost("closed by the broker")));
    this.#socket.on("close", () => this.close(this.#lost("closed")));
  }

  /** Starts a request of `api`; write its body, then `send` it before beginning the next. */
  begin(api: Api): RequestFrame {
    const correlationId = this.#nextCorrelationId;
    this.#nextCorrelationId = correlationId === 0x7fffffff ? 1 : correlationId + 1;
    return new RequestFrame(api, correlationId, this.#clientId);
  }

  /** Sends the request; exactly one of the handler's methods will be called, never before this returns unless closed. */
  send(frame: RequestFrame, timeoutMs: number, handler: ResponseHandler): void {
    if (this.#isClosed) {
      handler.onFailure(this.#lost("closed"));
      return;
    }
    this.#pending.push({ frame, handler, deadlineUs: monotonicUs() + timeoutMs * 1000 });
    frame.writeTo(this.#socket);
  }

  /** Closes at once; requests without answer fail with `reason`. */
  close(reason: FaultlineError = this.#lost("closed by this client")): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#socket.destroy();
    for (const { handler } of this.#pending.splice(0)) handler.onFailure(reason);
    this.#events.onClose(reason);
  }

  #onBytes(length: number): boolean {
    try {
      if (!this.#isClosed) this.#frames.received(length, this.#deliver);
    } catch (error) {
      this.close(asFaultlineError(error, "kafka-protocol"));
    }
    return true;
  }

  #onFrame(buffer: Buffer, start: number, end: number): void {
    if (this.#isClosed) return;
    const reader = new Reader(buffer, start, end);
    const correlationId = reader.int32();
    const request = this.#pending.shift();
    if (request === undefined || request.frame.correlationId !== correlationId) {
      if (request !== undefined) this.#pending.unshift(request);
      throw new FaultlineError("kafka-protocol", "the broker answers a request that was not asked", {
        context: { ...this.#endpoint, correlationId, expected: request?.frame.correlationId },
      });
    }
    try {
      request.handler.onResponse(reader);
    } catch (error) {
      const reason = asFaultlineError(error, "kafka-protocol");
      request.handler.onFailure(reason);
      throw reason;
    }
  }

  #checkDeadlines(): void {
    const nowUs = monotonicUs();
    const oldest = this.#pending[0];
    if (!this.#isOpen && nowUs > this.#connectDeadlineUs) {
      this.close(this.#lost(`no connection after ${CONNECT_TIMEOUT_MS} ms`));
    } else if (oldest !== undefined && nowUs > oldest.deadlineUs) {
      const { host, port } = this.#endpoint;
      const message = `no answer to ${oldest.frame.api.name} from ${host}:${port} in time`;
      this.close(new FaultlineError("kafka-timeout", message, { context: { host, port } }));
    }
  }

  #lost(reason: string, cause?: unknown): FaultlineError {
    const { host, port } = this.#endpoint;
    return new FaultlineError("kafka-unreachable", `connection to the broker at ${host}:${port}: ${reason}`, {
      hint: "Check that the broker runs and that the address is right.",
      context: { host, port },
      cause,
    });
  }
}
