import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { present, unreachable } from "../../../base/assert.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { parseAddress } from "../../../engine/shell/tcp-connection.ts";
import { type LinkProxySpec, type Order, ruleOf, type Told } from "./control.ts";
import { CounterBook } from "./counters.ts";
import { ProxiedConnection } from "./proxied-connection.ts";
import { type FlowPattern, Rule, type RuleSpec } from "./rules.ts";
import type { SocketOwners } from "./socket-owner.ts";

/** Whoever opens a connection and is no process that the proxy was told of. Only patterns that mean everybody mean it. */
const UNKNOWN_ROLE = "unknown";
/** A process may connect before the proxy is told of it: so often, and so far apart, it is looked for again. */
const OWNER_LOOKS = 5;
const OWNER_LOOK_MS = 20;
const HOST = "127.0.0.1";

export interface RelayParts {
  nowUs(): number;
  readonly owners: Pick<SocketOwners, "ownerOf">;
  tell(message: Told): void;
}

interface Door {
  readonly server: Server;
  readonly address: string;
  /** null: spare. */
  role: string | null;
}

/** A TCP proxy between named processes of one machine, whose links can be broken while it runs. */
export class LinkRelay {
  readonly #parts: RelayParts;
  readonly #counters = new CounterBook();
  readonly #doors = new Map<string, Door>();
  readonly #upstreams = new Map<string, { readonly host: string; readonly port: number }>();
  readonly #roles = new Map<number, string>();
  readonly #connections = new Set<ProxiedConnection>();
  /** Accepted, but it is not known yet by whom they were opened. */
  readonly #unnamed = new Set<Socket>();
  readonly #rules = new Map<number, Rule>();
  #lastConnection = 0;

  private constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** Listens on the fixed and spare ports; `port-unavailable` when one is taken. */
  static async start({ fixed, spares }: LinkProxySpec, parts: RelayParts): Promise<LinkRelay> {
    const relay = new LinkRelay(parts);
    for (const { role, port, upstream } of fixed) {
      await relay.#listen(port, role);
      relay.#upstreams.set(role, parseAddress(upstream));
    }
    for (let i = 0; i < spares; i++) await relay.#listen(0, null);
    return relay;
  }

  /** Addresses that belong to no server yet. */
  get spares(): readonly string[] {
    return [...this.#doors.values()].filter(({ role }) => role === null).map(({ address }) => address);
  }

  /** Carries out one order; a port that is used up is replaced by another one. */
  async obey(order: Order): Promise<void> {
    switch (order.order) {
      case "process":
        this.#roles.set(order.pid, order.role);
        return;
      case "assign":
        present(this.#doors.get(order.address), `port ${order.address}`).role = order.role;
        this.#parts.tell({ spare: await this.#listen(0, null) });
        return;
      case "upstream":
        this.#leadTo(order.role, order.address);
        return;
      case "rule":
        this.#addRule(ruleOf(order));
        return;
      case "heal":
        this.#heal(order.id);
        return;
      case "reset":
        this.#reset(order.id, order.flows);
        return;
      case "counters":
        this.#parts.tell({ counters: { ask: order.ask, links: this.#counters.all() } });
        return;
      default:
        unreachable(order, "order");
    }
  }

  /** Ends all connections at once and listens no more. */
  async close(): Promise<void> {
    for (const connection of [...this.#connections]) connection.reset();
    for (const socket of this.#unnamed) socket.destroy();
    await Promise.all(
      [...this.#doors.values()].map(({ server }) => {
        server.close();
        return once(server, "close");
      }),
    );
  }

  async #listen(port: number, role: string | null): Promise<string> {
    const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true });
    server.listen(port, HOST);
    try {
      await once(server, "listening");
    } catch (cause) {
      throw new FaultlineError("port-unavailable", `the link proxy cannot listen on ${HOST}:${port} for ${role}`, {
        hint: "Something else has taken the port meanwhile; run it again.",
        cause,
      });
    }
    const bound = server.address();
    const address = `${HOST}:${typeof bound === "object" && bound !== null ? bound.port : port}`;
    const door: Door = { server, address, role };
    this.#doors.set(address, door);
    server.on("connection", (socket) => void this.#onConnection(door, socket));
    return address;
  }

  async #onConnection(door: Door, client: Socket): Promise<void> {
    // Nobody reads the socket meanwhile; a broken one is found broken when somebody does.
    client.on("error", () => {});
    this.#unnamed.add(client);
    const from = await this.#whoIs(client);
    this.#unnamed.delete(client);
    if (!client.destroyed) this.#adopt(client, from, door.role ?? UNKNOWN_ROLE);
  }

  async #whoIs(client: Socket): Promise<string> {
    const { remotePort = 0, localPort = 0 } = client;
    for (let look = 1; look <= OWNER_LOOKS && !client.destroyed; look++) {
      if (look > 1) await delay(OWNER_LOOK_MS);
      const owner = await this.#parts.owners.ownerOf(remotePort, localPort, () => this.#roles.keys());
      const role = owner === null ? undefined : this.#roles.get(owner);
      if (role !== undefined) return role;
    }
    return UNKNOWN_ROLE;
  }

  #adopt(client: Socket, from: string, to: string): void {
    const connection: ProxiedConnection = new ProxiedConnection({
      number: ++this.#lastConnection,
      client,
      from,
      to,
      counters: this.#counters,
      nowUs: () => this.#parts.nowUs(),
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    connection.setRules([...this.#rules.values()]);
    const upstream = this.#upstreams.get(to);
    if (upstream !== undefined) connection.leadTo(upstream);
  }

  #leadTo(role: string, address: string): void {
    const upstream = parseAddress(address);
    this.#upstreams.set(role, upstream);
    for (const connection of this.#connections) if (connection.ends.to === role) connection.leadTo(upstream);
  }

  #addRule(spec: RuleSpec): void {
    const onFirst = ({ spec: { id } }: Rule, atUs: number, what: string) =>
      this.#parts.tell({ seen: { id, atUs, what } });
    this.#rules.set(spec.id, new Rule(spec, this.#lastConnection + 1, onFirst));
    this.#applyRules();
    this.#parts.tell({ done: { id: spec.id, order: "rule", atUs: this.#parts.nowUs() } });
  }

  /** Also of a rule that is not there. */
  #heal(id: number): void {
    const rule = this.#rules.get(id);
    this.#rules.delete(id);
    this.#applyRules();
    const evidence = rule === undefined ? {} : { evidence: rule.evidence() };
    this.#parts.tell({ done: { id, order: "heal", atUs: this.#parts.nowUs(), ...evidence } });
  }

  #applyRules(): void {
    const rules = [...this.#rules.values()];
    for (const connection of [...this.#connections]) connection.setRules(rules);
  }

  #reset(id: number, flows: readonly FlowPattern[]): void {
    const resets = [...this.#connections].filter((connection) => connection.resetIf(flows)).length;
    const atUs = this.#parts.nowUs();
    if (resets > 0) this.#parts.tell({ seen: { id, atUs, what: `${resets} connections reset` } });
    this.#parts.tell({ done: { id, order: "reset", atUs, resets } });
  }
}
