import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs } from "../base/clock.ts";
import { asFaultlineError, FaultlineError } from "../base/errors.ts";
import { Backoff } from "./backoff.ts";
import { Connection, type Endpoint } from "./connection.ts";
import { API, type Api } from "./requests/api.ts";
import { checkApiVersions } from "./requests/api-versions.ts";
import type { Reader } from "./wire/reader.ts";
import type { Writer } from "./wire/writer.ts";

const REQUEST_TIMEOUT_MS = 5_000;

/** A request off the hot path: `write` fills in the body, `read` makes the result from the answer and may throw the broker's error. */
export interface Call<T> {
  readonly api: Api;
  write(writer: Writer): void;
  read(reader: Reader): T;
}

/** Requests off the hot path, as promises, over one connection per broker that is opened when needed. */
export class ControlChannel {
  readonly #clientId: string;
  readonly #timeoutMs: number;
  readonly #connections = new Map<string, Promise<Connection>>();
  #bootstrap: readonly Endpoint[];
  #turn = 0;
  #isClosed = false;

  constructor(bootstrap: readonly Endpoint[], clientId: string, timeoutMs: number) {
    this.#bootstrap = bootstrap;
    this.#clientId = clientId;
    this.#timeoutMs = timeoutMs;
  }

  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Brokers learnt later join those that requests to any broker may go to. */
  learn(brokers: readonly Endpoint[]): void {
    const all = [...this.#bootstrap, ...brokers].map(({ host, port }) => ({ host, port }));
    this.#bootstrap = all.filter((a, i) => all.findIndex((b) => b.host === a.host && b.port === a.port) === i);
  }

  /**
   * Asks any broker, one after the other with back-off, until one answers or the time is over.
   * Throws the last `kafka-unreachable`, or at once what `call.read` throws unless `again` says that it may go away.
   */
  async askAny<T>(call: Call<T>, again: (error: FaultlineError) => boolean = () => false): Promise<T> {
    const endUs = monotonicUs() + this.#timeoutMs * 1000;
    const backoff = new Backoff(20, 500);
    for (;;) {
      const endpoint = this.#bootstrap[this.#turn % this.#bootstrap.length]!;
      try {
        return await this.ask(endpoint, call);
      } catch (cause) {
        const error = asFaultlineError(cause);
        const isConnection = error.code === "kafka-unreachable" || error.code === "kafka-timeout";
        if (this.#isClosed || !(isConnection || again(error)) || monotonicUs() > endUs) throw error;
        this.#turn = (this.#turn + 1) % this.#bootstrap.length;
        await delay(backoff.next());
      }
    }
  }

  /** Asks the broker at `endpoint`, once. */
  async ask<T>(endpoint: Endpoint, call: Call<T>): Promise<T> {
    if (this.#isClosed) throw new FaultlineError("kafka-closed", "the Kafka client is closed");
    const connection = await this.#connection(endpoint);
    return send(connection, call);
  }

  close(): void {
    this.#isClosed = true;
    for (const opening of this.#connections.values()) {
      opening.then(
        (connection) => connection.close(),
        () => {}, // whoever asked has the error
      );
    }
    this.#connections.clear();
  }

  #connection(endpoint: Endpoint): Promise<Connection> {
    const name = `${endpoint.host}:${endpoint.port}`;
    const known = this.#connections.get(name);
    if (known !== undefined) return known;
    const opening = open(endpoint, this.#clientId, () => this.#connections.delete(name));
    this.#connections.set(name, opening);
    return opening;
  }
}

function open(endpoint: Endpoint, clientId: string, onClose: () => void): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const connection: Connection = new Connection(endpoint, clientId, {
      onOpen: () => {
        send(connection, { api: API.apiVersions, write: () => {}, read: checkApiVersions }).then(
          () => resolve(connection),
          reject,
        );
      },
      onClose: (error) => {
        onClose();
        reject(error);
      },
    });
  });
}

function send<T>(connection: Connection, call: Call<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const frame = connection.begin(call.api);
    call.write(frame.writer);
    connection.send(frame, REQUEST_TIMEOUT_MS, {
      onResponse: (reader) => {
        try {
          resolve(call.read(reader));
        } catch (error) {
          reject(error);
        }
      },
      onFailure: reject,
    });
  });
}
