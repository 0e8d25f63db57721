import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import type { Connection, ConnectionHandler } from "../../../engine/ports.ts";
import { machineTimers } from "../../../engine/shell/machine-timers.ts";
import { TcpNetwork } from "../../../engine/shell/tcp-network.ts";

/** A handler that records what it hears and resolves promises on it. */
class Recorder implements ConnectionHandler {
  readonly messages: string[] = [];
  drains = 0;
  readonly closed: Promise<Error | null>;
  #onClosed: (error: Error | null) => void = () => {};
  #wanted = { count: 0, resolve: () => {} };
  #onDrained = () => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  received(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = { count, resolve };
      this.#check();
    });
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  #check(): void {
    if (this.messages.length >= this.#wanted.count) this.#wanted.resolve();
  }

  onMessage(message: Uint8Array): void {
    this.messages.push(message.length > 100 ? `${message.length} bytes` : Buffer.from(message).toString());
    this.#check();
  }

  onDrain(): void {
    this.drains++;
    this.#onDrained();
  }

  onClosed(error: Error | null): void {
    this.#onClosed(error);
  }
}

async function pair(
  use: (near: Connection, nearHears: Recorder, far: Connection, farHears: Recorder) => Promise<void>,
) {
  const [server, client] = [await TcpNetwork.listen(), await TcpNetwork.listen()];
  const farHears = new Recorder();
  const accepted = new Promise<Connection>((resolve) => {
    server.accept((connection) => {
      resolve(connection);
      return farHears;
    });
  });
  const nearHears = new Recorder();
  const near = client.connect(server.address, nearHears);
  try {
    await use(near, nearHears, await accepted, farHears);
  } finally {
    await Promise.all([server.close(), client.close()]);
  }
}

const text = (value: string) => Buffer.from(value);

test("messages sent at once, before the connection stands, arrive whole and in order, both ways", () =>
  pair(async (near, nearHears, far, farHears) => {
    for (let i = 0; i < 500; i++) near.send(text(`h${i}`), i % 2 === 0 ? text(`p${i}`) : null);
    far.send(text("back"), null);
    await Promise.all([farHears.received(500), nearHears.received(1)]);
    assert.deepEqual(farHears.messages.slice(0, 4), ["h0p0", "h1", "h2p2", "h3"]);
    assert.equal(farHears.messages[499], "h499");
    assert.deepEqual(nearHears.messages, ["back"]);
  }));

test("a sender above the bound is told to wait, and once when it may go on; nothing is lost", () =>
  pair(async (near, nearHears, _far, farHears) => {
    const payload = new Uint8Array(300_000);
    const answers = Array.from({ length: 10 }, () => near.send(text("x"), payload));
    assert.equal(answers[0], true);
    assert.equal(answers[9], false);
    await nearHears.drained();
    await farHears.received(10);
    assert.equal(nearHears.drains, 1);
    assert.deepEqual(new Set(farHears.messages), new Set(["300001 bytes"]));
    assert.equal(near.send(text("x"), null), true);
  }));

test("close sends what was given before, tells the peer without error, and the closer hears nothing", () =>
  pair(async (near, nearHears, _far, farHears) => {
    near.send(text("last"), null);
    near.close();
    assert.equal(await farHears.closed, null);
    assert.deepEqual(farHears.messages, ["last"]);
    const later = new Promise((resolve) => machineTimers.soon(() => resolve("none")));
    const heard = await Promise.race([nearHears.closed.then(() => "closed"), later]);
    assert.equal(heard, "none");
  }));

test("others may be told another address than the one it listens at", async () => {
  const network = await TcpNetwork.listen("127.0.0.1", 0, "127.0.0.1:9");
  assert.equal(network.address, "127.0.0.1:9");
  assert.notEqual(network.listeningAt, network.address);
  const other = await TcpNetwork.listen();
  assert.equal(other.listeningAt, other.address);
  const reached = new Promise<void>((resolve) => {
    network.accept(() => {
      resolve();
      return new Recorder();
    });
  });
  other.connect(network.listeningAt, new Recorder());
  await reached;
  await Promise.all([network.close(), other.close()]);
});

test("a connection that cannot be made is reported as one error", async () => {
  const network = await TcpNetwork.listen();
  const { address } = network;
  await network.close();
  const hears = new Recorder();
  const other = await TcpNetwork.listen();
  const connection = other.connect(address, hears);
  connection.send(text("nobody hears this"), null);
  assert.equal(((await hears.closed) as NodeJS.ErrnoException).code, "ECONNREFUSED");
  await other.close();
});

test("who speaks another protocol, or breaks off in mid-message, ends its own connection only", async () => {
  const server = await TcpNetwork.listen();
  const handlers: Recorder[] = [];
  server.accept(() => {
    const handler = new Recorder();
    handlers.push(handler);
    return handler;
  });
  const [host, port] = server.address.split(":");
  const speak = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(port), host);
      socket.on("error", () => {});
      socket.on("close", () => resolve());
      socket.end(bytes);
    });
  await speak(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
  await speak(Buffer.from([9, 0, 0, 0, 1]));
  const errors = await Promise.all(handlers.map((handler) => handler.closed));
  assert.deepEqual(
    errors.map((error) => (error as { code?: string } | null)?.code),
    ["cluster-protocol", "cluster-protocol"],
  );
  await server.close();
});

test("a port in use is an environment error", async () => {
  const first = await TcpNetwork.listen();
  const port = Number(first.address.split(":")[1]);
  await assert.rejects(TcpNetwork.listen("127.0.0.1", port), { code: "port-unavailable" });
  await first.close();
});
