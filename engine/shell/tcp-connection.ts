import { connect as connectSocket, type Socket } from "node:net";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { Connection, ConnectionHandler } from "../ports.ts";
import { frameMessage, MessageAssembler } from "./message-assembler.ts";

/** Unsent bytes above which `send` says: no more until drained. */
const SOFT_BOUND_BYTES = 1024 * 1024;
/** Unsent bytes above which the sender is broken: it did not wait. */
const HARD_BOUND_BYTES = 256 * 1024 * 1024;
/** How long a peer may take to close its side after we closed ours. */
const LINGER_MS = 1000;

/** Opens a connection to `host:port`. Messages may be sent at once; `onClosed` tells when it could not be made. */
export function connectTcp(address: string, handler: ConnectionHandler): Connection {
  const { host, port } = parseAddress(address);
  const connection = new TcpConnection(connectSocket({ host, port }), address);
  connection.attach(handler);
  return connection;
}

/** Splits `host:port`; `usage` when it is not one. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || Number(match![3]) > 65_535) {
    throw new FaultlineError("usage", `"${address}" is not an address`, { hint: "write host:port" });
  }
  return { host, port: Number(match![3]) };
}

/** Messages over one TCP socket. All that is sent in one go of the event loop (a callback, say of a timer) leaves in one write. */
export class TcpConnection implements Connection {
  readonly peer: string;
  readonly #socket: Socket;
  #handler: ConnectionHandler | null = null;
  #error: Error | null = null;
  #corked = false;
  #aboveBound = false;
  #closed = false;

  constructor(socket: Socket, peer: string) {
    this.peer = peer;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("error", (error) => {
      this.#error ??= error;
    });
  }

  /** Sets who gets what arrives; called once, before this turn of the event loop ends. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    const assembler = new MessageAssembler((message) => {
      if (!this.#closed) handler.onMessage(message);
    });
    this.#socket.on("data", (chunk) => {
      if (!this.#closed) this.#receive(assembler, chunk);
    });
    this.#socket.on("drain", () => {
      if (!this.#aboveBound || this.#closed) return;
      this.#aboveBound = false;
      handler.onDrain();
    });
    this.#socket.on("close", () => {
      if (assembler.midMessage)
        this.#error ??= new FaultlineError("cluster-protocol", "connection ended in mid-message");
      this.#reportClosed();
    });
  }

  #receive(assembler: MessageAssembler, chunk: Buffer): void {
    try {
      assembler.push(chunk);
    } catch (error) {
      const failure = asFaultlineError(error);
      if (failure.code !== "cluster-protocol") throw error;
      this.#socket.destroy(failure);
    }
  }

  #reportClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handler?.onClosed(this.#error);
  }

  send(header: Uint8Array, payload: Uint8Array | null): boolean {
    if (this.#closed || this.#socket.destroyed) return true;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    for (const part of frameMessage(header, payload)) this.#socket.write(part);
    const unsent = this.#socket.writableLength;
    if (unsent > HARD_BOUND_BYTES) {
      this.#socket.destroy(new FaultlineError("assertion-failed", `${unsent} unsent bytes to ${this.peer}`));
    }
    if (unsent > SOFT_BOUND_BYTES) this.#aboveBound = true;
    return !this.#aboveBound;
  }

  /** Sends what was given to `send`, then closes. The handler hears nothing more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.end();
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.on("close", () => clearTimeout(linger));
  }
}
