import { FaultlineError } from "../base/errors.ts";
import { Backoff } from "./backoff.ts";
import { Connection, type Endpoint, type ResponseHandler } from "./connection.ts";
import { API, type Api } from "./requests/api.ts";
import { checkApiVersions } from "./requests/api-versions.ts";
import type { RequestFrame } from "./requests/frame.ts";

const HANDSHAKE_TIMEOUT_MS = 5_000;

export interface LinkEvents {
  /** Connected, and the broker speaks all our requests. */
  onReady(): void;
  /** The connection broke or could not be made; the link tries again by itself. Requests without answer have failed before. */
  onDown(error: FaultlineError): void;
  /** The broker cannot be used: it is of another kind, or its answers make no sense. The link has given up. */
  onUnusable(error: FaultlineError): void;
}

/** A connection to one broker that is made again, with back-off, whenever it breaks. */
export class BrokerLink {
  readonly #clientId: string;
  readonly #events: LinkEvents;
  readonly #backoff = new Backoff(20, 500);
  #endpoint: Endpoint;
  #connection: Connection | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isReady = false;
  #isClosed = false;

  constructor(endpoint: Endpoint, clientId: string, events: LinkEvents) {
    this.#endpoint = endpoint;
    this.#clientId = clientId;
    this.#events = events;
    this.#connect();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Where the next connection goes; an open one is kept. */
  moveTo(endpoint: Endpoint): void {
    this.#endpoint = endpoint;
  }

  begin(api: Api): RequestFrame {
    if (this.#connection === null || !this.#isReady) throw new FaultlineError("assertion-failed", "link is not ready");
    return this.#connection.begin(api);
  }

  send(frame: RequestFrame, timeoutMs: number, handler: ResponseHandler): void {
    if (this.#connection === null) throw new FaultlineError("assertion-failed", "link is not ready");
    this.#connection.send(frame, timeoutMs, handler);
  }

  /** Closes for good. Requests without answer fail, no event follows. */
  close(): void {
    this.#isClosed = true;
    this.#isReady = false;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#connection?.close();
    this.#connection = null;
  }

  #connect(): void {
    this.#retry = null;
    this.#connection = new Connection(this.#endpoint, this.#clientId, {
      onOpen: () => this.#handshake(),
      onClose: (error) => this.#onClose(error),
    });
  }

  #handshake(): void {
    const connection = this.#connection;
    if (connection === null) return;
    connection.send(connection.begin(API.apiVersions), HANDSHAKE_TIMEOUT_MS, {
      onResponse: (reader) => {
        checkApiVersions(reader);
        this.#backoff.reset();
        this.#isReady = true;
        this.#events.onReady();
      },
      onFailure: () => {}, // the connection's onClose, which always follows, reports it
    });
  }

  #onClose(error: FaultlineError): void {
    this.#isReady = false;
    this.#connection = null;
    if (this.#isClosed) return;
    if (error.code !== "kafka-unreachable" && error.code !== "kafka-timeout") {
      this.#isClosed = true;
      this.#events.onUnusable(error);
      return;
    }
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.next());
    this.#events.onDown(error);
  }
}
