import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { asFaultlineError } from "../../../base/errors.ts";
import type { KeeperAnswers, KeeperReply, KeeperRequest } from "./protocol.ts";

type Handler = (request: KeeperRequest) => Promise<KeeperAnswers[keyof KeeperAnswers]>;

/** Takes commands from loopback: one JSON line a connection, one line back. */
export class ControlServer {
  readonly address: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(server: Server, handle: Handler) {
    this.#server = server;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (socket) => {
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
      socket.on("error", () => {}); // whoever asked is gone
      createInterface({ input: socket }).once("line", (line) => void answer(socket, line, handle));
    });
  }

  static async start(handle: Handler): Promise<ControlServer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ControlServer(server, handle);
  }

  /** Takes no more; answers that are on their way are given. */
  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.end();
  }
}

async function answer(socket: Socket, line: string, handle: Handler): Promise<void> {
  let reply: KeeperReply;
  try {
    reply = { ok: true, answer: await handle(JSON.parse(line) as KeeperRequest) };
  } catch (error) {
    const { code, message, hint } = asFaultlineError(error);
    reply = { ok: false, code, message, ...(hint === undefined ? {} : { hint }) };
  }
  socket.end(`${JSON.stringify(reply)}\n`);
}
