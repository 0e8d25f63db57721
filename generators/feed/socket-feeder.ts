import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { FaultlineError, systemCode } from "../../base/errors.ts";

/** What a client that reads slowly may leave unread, bytes, before it is disconnected. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

/** Listens like netcat: what is sent goes, as lines, to everybody who is connected; nobody gets what was sent before. */
export class SocketFeeder {
  readonly port: number;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #listeners: ((clients: number) => void)[] = [];

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (socket) => this.#onClient(socket));
  }

  /** Listens on loopback; port 0: any free one. Throws `port-unavailable`. */
  static async listen(port = 0): Promise<SocketFeeder> {
    const server = createServer();
    server.listen(port, "127.0.0.1");
    try {
      await once(server, "listening");
    } catch (cause) {
      throw new FaultlineError("port-unavailable", `cannot listen on port ${port}: ${systemCode(cause) ?? cause}`, {
        hint: "choose another one, or 0 for any that is free",
        cause,
      });
    }
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new FaultlineError("internal", "a TCP server without port");
    return new SocketFeeder(server, bound.port);
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Calls back with the number of clients whenever it changes. */
  onClients(listener: (clients: number) => void): void {
    this.#listeners.push(listener);
  }

  /** Sends one line; returns how many clients there were to get it. */
  send(line: string): number {
    for (const client of this.#clients) {
      if (client.writableLength > MAX_UNREAD_BYTES) client.destroy();
      else client.write(`${line}\n`);
    }
    return this.#clients.size;
  }

  /** Ends the connections in good order, so that clients see the end of input. Goes on listening. */
  hangUp(): void {
    for (const client of this.#clients) client.end();
  }

  /** Hangs up and listens no more. */
  async close(): Promise<void> {
    this.hangUp();
    for (const client of this.#clients) client.resume();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const limit = setTimeout(() => {
      for (const client of this.#clients) client.destroy();
    }, 1_000);
    await closed;
    clearTimeout(limit);
  }

  #onClient(socket: Socket): void {
    this.#clients.add(socket);
    socket.resume(); // what a client says interests nobody, its end does
    socket.on("error", () => {}); // `close` follows
    socket.once("close", () => {
      this.#clients.delete(socket);
      this.#tell();
    });
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#clients.size);
  }
}
