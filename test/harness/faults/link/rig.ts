import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { monotonicUs } from "../../../../base/clock.ts";
import type { Order, Told } from "../../../../harness/faults/link/control.ts";
import type { LinkCounters } from "../../../../harness/faults/link/counters.ts";
import { LinkRelay } from "../../../../harness/faults/link/relay.ts";
import type { FlowPattern, Treatment } from "../../../../harness/faults/link/rules.ts";

const LIMIT_MS = 5_000;

/** Fails when `promise` takes longer than any of these tests may wait. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const over = new AbortController();
  const late = delay(LIMIT_MS, null, { signal: over.signal }).then(
    () => Promise.reject(new Error(`waited ${LIMIT_MS} ms for ${what}`)),
    () => promise, // the race is over
  );
  return Promise.race([promise, late]).finally(() => over.abort());
}

/** One end of a connection under test: what has come so far, and how it ended. */
export class End {
  readonly socket: Socket;
  /** Bytes that have come. */
  length = 0;
  readonly #chunks: Buffer[] = [];
  hasEnded = false;
  error: string | null = null;
  #changed: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      this.#chunks.push(chunk);
      this.length += chunk.length;
      this.#changed();
    });
    socket.on("end", () => {
      this.hasEnded = true;
      this.#changed();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
    socket.on("close", () => this.#changed());
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.received.toString("latin1");
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** Resolves as soon as `condition` holds. */
  async until(condition: (end: this) => boolean, what: string): Promise<void> {
    const holds = async () => {
      while (!condition(this)) {
        await new Promise<void>((resolve) => {
          this.#changed = resolve;
        });
      }
    };
    await within(holds(), what);
  }
}

/** A relay with two servers, `left` and `right`, and clients that may be anybody. */
export class Rig {
  readonly told: Told[] = [];
  readonly relay: LinkRelay;
  readonly #servers = new Map<string, { readonly server: Server; readonly door: string; readonly accepted: End[] }>();
  readonly #pids = new Map<string, number>();
  readonly #clients: Socket[] = [];
  #connecting = 0;
  #lastRule = 0;

  private constructor(relay: LinkRelay) {
    this.relay = relay;
  }

  static async start(t: TestContext): Promise<Rig> {
    let rig: Rig | null = null;
    const relay = await LinkRelay.start(
      { fixed: [], spares: 3 },
      {
        nowUs: monotonicUs,
        owners: { ownerOf: async () => rig!.#connecting },
        tell: (told) => rig!.told.push(told),
      },
    );
    rig = new Rig(relay);
    t.after(() => rig.#close());
    for (const role of ["left", "right"]) await rig.#serve(role);
    return rig;
  }

  /** Connects as `role` to the server `to` through the relay; resolves with both ends when the server has it. */
  async pair(role: string, to: string): Promise<{ readonly client: End; readonly server: End }> {
    const client = await this.open(role, to);
    return { client, server: await this.nextAt(to) };
  }

  /** Connects only. */
  async open(role: string, to: string): Promise<End> {
    this.#connecting = await this.#pidOf(role);
    const { door } = this.#servers.get(to)!;
    const socket = connect({ host: "127.0.0.1", port: Number(door.split(":")[1]), allowHalfOpen: true });
    this.#clients.push(socket);
    await within(once(socket, "connect"), `${role} to connect`);
    // The relay looks who it is when it accepts; that is over before it answers anything.
    await this.counters();
    return new End(socket);
  }

  /** The next connection that the server was given. */
  async nextAt(role: string): Promise<End> {
    const { server, accepted } = this.#servers.get(role)!;
    if (accepted.length === 0) await within(once(server, "accepted"), `a connection at ${role}`);
    return accepted.shift()!;
  }

  /** Connections that the server has been given and nobody has taken. */
  waitingAt(role: string): number {
    return this.#servers.get(role)!.accepted.length;
  }

  async rule(flows: readonly FlowPattern[], treatment: Treatment): Promise<number> {
    const id = ++this.#lastRule;
    await this.relay.obey({ order: "rule", id, flows: mutable(flows), treatment });
    return id;
  }

  async heal(id: number): Promise<void> {
    await this.relay.obey({ order: "heal", id });
  }

  async reset(flows: readonly FlowPattern[]): Promise<void> {
    await this.relay.obey({ order: "reset", id: ++this.#lastRule, flows: mutable(flows) });
  }

  /** What the relay has said of a rule: that it did something, and the sum when it was healed. */
  seen(id: number) {
    return this.told.flatMap((told) => ("seen" in told && told.seen.id === id ? [told.seen] : []));
  }

  done(id: number) {
    return this.told.flatMap((told) => ("done" in told && told.done.id === id ? [told.done] : [])).at(-1);
  }

  /** After a turn of the event loop, so that what has arrived is counted. */
  async counters(): Promise<readonly LinkCounters[]> {
    for (let turns = 0; turns < 3; turns++) await turn();
    await this.relay.obey({ order: "counters", ask: 0 });
    return this.told.flatMap((told) => ("counters" in told ? [told.counters.links] : [])).at(-1)!;
  }

  async link(from: string, to: string): Promise<LinkCounters | undefined> {
    return (await this.counters()).find((link) => link.from === from && link.to === to);
  }

  async #serve(role: string): Promise<void> {
    const server = createServer({ allowHalfOpen: true });
    const accepted: End[] = [];
    server.on("connection", (socket) => {
      accepted.push(new End(socket));
      server.emit("accepted");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const door = this.relay.spares[0]!;
    await this.relay.obey({ order: "assign", role, address: door });
    const upstream = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await this.relay.obey({ order: "upstream", role, address: upstream });
    this.#servers.set(role, { server, door, accepted });
  }

  async #pidOf(role: string): Promise<number> {
    const known = this.#pids.get(role);
    if (known !== undefined) return known;
    const pid = this.#pids.size + 1;
    this.#pids.set(role, pid);
    const order: Order = { order: "process", role, pid };
    await this.relay.obey(order);
    return pid;
  }

  async #close(): Promise<void> {
    await this.relay.close();
    for (const socket of this.#clients) socket.destroy();
    for (const { server } of this.#servers.values()) server.close();
  }
}

function mutable(flows: readonly FlowPattern[]) {
  const ends = (of: FlowPattern["from"]) => (of === "*" ? of : [...of]);
  return flows.map(({ from, to }) => ({ from: ends(from), to: ends(to) }));
}
