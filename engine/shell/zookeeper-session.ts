import zookeeper, { type Client, type ClientError } from "node-zookeeper-client";
import { monotonicUs } from "../../base/clock.ts";

/** Longest wait between two tries to connect. */
const RECONNECT_MS = 50;
/** A server that is just starting may take a connection and never answer: given up after so long, or the session's timeout if that is longer. */
const LEAST_HANDSHAKE_MS = 1_000;
/** What a client that is closed has to take its leave. */
const FAREWELL_MS = 300;
/** Looks at the lease so often within a session's timeout. */
const LOOKS_PER_TIMEOUT = 6;
/** The lease is shorter than the session: with one look's delay it still ends before the server gives the session up. */
const LEASE_SHARE = 4 / 6;

export interface SessionHandler {
  /** The session is there. */
  onUp(): void;
  /** It is lost, or it is not known whether it is; nothing of it may be relied on. Once, at the latest before the server may give it up. */
  onDown(): void;
}

/**
 * One session with ZooKeeper, from its beginning to its first trouble: a broken connection and a server that is silent count as its end, because
 * nobody can know that it is not. The client does not notice silence itself; here a probe must have been answered within two thirds of the
 * timeout, counted from when it was sent.
 */
export class ZooKeeperSession {
  readonly #client: Client;
  readonly #timeoutMs: number;
  readonly #handler: SessionHandler;
  #state: "connecting" | "up" | "down" = "connecting";
  #provenUs = 0;
  #timer: NodeJS.Timeout | null = null;
  #connected = false;
  #closing: Promise<void> | null = null;

  constructor(servers: readonly string[], timeoutMs: number, handler: SessionHandler) {
    this.#timeoutMs = timeoutMs;
    this.#handler = handler;
    const options = { sessionTimeout: timeoutMs, spinDelay: RECONNECT_MS, retries: 0 };
    this.#client = zookeeper.createClient(servers.join(","), options);
    this.#client.on("state", (state) => this.#onState(state.name));
    this.#client.connect();
    const handshakeMs = Math.max(timeoutMs, LEAST_HANDSHAKE_MS);
    this.#timer = setInterval(() => this.#client.connectionManager.socket?.destroy(), handshakeMs);
  }

  get up(): boolean {
    return this.#state === "up";
  }

  /** Asks the client; the answer is passed over when the session has gone down meanwhile. An error ends the session, unless `expected` has its code. */
  ask<T>(
    request: (client: Client, callback: (error: ClientError | null, result: T) => void) => void,
    done: (result: T | null) => void,
    expected: readonly number[] = [],
  ): void {
    if (!this.up) return;
    request(this.#client, (error, result) => {
      if (!this.up) return;
      if (error === null || error === undefined) done(result);
      else if (expected.includes(error.code)) done(null);
      else this.#end();
    });
  }

  /** A watcher of this session that is passed over once it has gone down. */
  watcher(run: () => void): () => void {
    return () => {
      if (this.up) run();
    };
  }

  /** Ends it at the server too, as far as that can be reached. Not told to the handler. Resolves when the connection is closed. */
  close(): Promise<void> {
    this.#closing ??= this.#takeLeave();
    return this.#closing;
  }

  async #takeLeave(): Promise<void> {
    this.#state = "down";
    this.#stopLooking();
    this.#client.removeAllListeners("state");
    const { socket } = this.#client.connectionManager;
    if (!this.#connected || socket === undefined) {
      this.#abandon();
      return;
    }
    this.#client.close();
    const force = setTimeout(() => this.#abandon(), FAREWELL_MS);
    await new Promise((closed) => socket.once("close", closed));
    clearTimeout(force);
  }

  /** Ends a client that has no session at hand: closed in the midst of connecting, it throws; otherwise it would try for ever. */
  #abandon(): void {
    const manager = this.#client.connectionManager;
    manager.connect = () => {};
    manager.onSocketConnected = () => manager.socket?.destroy();
    manager.socket?.destroy();
  }

  #onState(state: string): void {
    this.#connected = state === zookeeper.State.SYNC_CONNECTED.name;
    if (this.#state === "down") {
      // Connected again: what is left of the session is in the way of others, and of the next one.
      if (this.#connected) void this.close();
    } else if (this.#connected) {
      this.#state = "up";
      this.#provenUs = monotonicUs();
      this.#stopLooking();
      this.#look();
      this.#handler.onUp();
    } else this.#end();
  }

  #look(): void {
    this.#probe();
    this.#timer = setInterval(() => {
      const leaseUs = this.#timeoutMs * 1000 * LEASE_SHARE;
      if (monotonicUs() - this.#provenUs > leaseUs) this.#end();
      else this.#probe();
    }, this.#timeoutMs / LOOKS_PER_TIMEOUT);
  }

  #probe(): void {
    const sentUs = monotonicUs();
    this.ask<unknown>(
      (client, callback) => client.exists("/", callback),
      () => {
        this.#provenUs = Math.max(this.#provenUs, sentUs);
      },
    );
  }

  #end(): void {
    if (this.#state === "down") return;
    this.#state = "down";
    this.#stopLooking();
    // The client goes on by itself: it connects again and ends the session, or finds that it has expired. Not for ever.
    const forget = setTimeout(() => void this.close(), 2 * this.#timeoutMs);
    forget.unref();
    this.#handler.onDown();
  }

  #stopLooking(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
