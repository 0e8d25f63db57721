import { once } from "node:events";
import { connect as connectSocket, createServer, type Server, type Socket } from "node:net";
import { assert } from "../../base/assert.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { Connection, ConnectionHandler, Network } from "../ports.ts";
import { parseAddress, TcpConnection } from "./tcp-connection.ts";

/** Ordered messages over TCP, one server socket a process. */
export class TcpNetwork implements Network {
  readonly address: string;
  /** Where it really listens: others may reach it somewhere else, through a proxy. */
  readonly listeningAt: string;
  readonly #server: Server;
  readonly #open = new Map<TcpConnection, Socket>();
  #handler: ((connection: Connection) => ConnectionHandler) | null = null;

  private constructor(server: Server, listeningAt: string, address: string) {
    this.#server = server;
    this.listeningAt = listeningAt;
    this.address = address;
    server.on("connection", (socket) => {
      assert(this.#handler !== null, "a connection came before `accept`");
      const connection = this.#adopt(socket, `${socket.remoteAddress}:${socket.remotePort}`);
      connection.attach(this.#handler(connection));
    });
  }

  /**
   * Listens on `host` (default 127.0.0.1) and `port` (default: any free one); `port-unavailable` when that fails. `advertise`: the
   * address that others are told, when they shall come another way.
   */
  static async listen(host = "127.0.0.1", port = 0, advertise?: string): Promise<TcpNetwork> {
    const server = createServer();
    server.listen(port, host);
    try {
      await once(server, "listening");
    } catch (cause) {
      throw new FaultlineError("port-unavailable", `cannot listen on ${host}:${port}`, { cause });
    }
    const bound = server.address();
    assert(bound !== null && typeof bound === "object", "a TCP server has an address");
    const listeningAt = `${host.includes(":") ? `[${host}]` : host}:${bound.port}`;
    return new TcpNetwork(server, listeningAt, advertise ?? listeningAt);
  }

  accept(handler: (connection: Connection) => ConnectionHandler): void {
    assert(this.#handler === null, "`accept` is called once");
    this.#handler = handler;
  }

  connect(address: string, handler: ConnectionHandler): Connection {
    const { host, port } = parseAddress(address);
    const connection = this.#adopt(connectSocket({ host, port }), address);
    connection.attach(handler);
    return connection;
  }

  #adopt(socket: Socket, peer: string): TcpConnection {
    const connection = new TcpConnection(socket, peer);
    this.#open.set(connection, socket);
    socket.on("close", () => this.#open.delete(connection));
    return connection;
  }

  /** Takes no more connections, sends what was given to the open ones and closes them; resolves when all are gone. */
  async close(): Promise<void> {
    this.#server.close();
    const closing = [...this.#open].map(([connection, socket]) => {
      connection.close();
      return once(socket, "close");
    });
    await Promise.allSettled(closing);
  }
}
