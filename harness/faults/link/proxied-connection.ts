import { connect, type Socket } from "node:net";
import type { CounterBook } from "./counters.ts";
import { Flow } from "./flow.ts";
import { type FlowPattern, matches, type Rule, rulesFor } from "./rules.ts";

export interface ConnectionParts {
  /** From 1, in the order of their coming. */
  readonly number: number;
  readonly client: Socket;
  /** Who opened it, and to whom. */
  readonly from: string;
  readonly to: string;
  readonly counters: CounterBook;
  nowUs(): number;
  onClosed(): void;
}

/**
 * One connection through the proxy. Its other end is opened once the server's address is known and no rule blocks it; an opening
 * handshake needs both directions. A reset or refusal on one side becomes a reset on the other, behind the bytes that came before it.
 */
export class ProxiedConnection {
  readonly #parts: ConnectionParts;
  readonly #forward: Flow;
  #backward: Flow | null = null;
  #server: Socket | null = null;
  #address: { readonly host: string; readonly port: number } | null = null;
  #rules: readonly Rule[] = [];
  #isClosed = false;
  /** What the end that has broken sent: the other end hears of the break when that has arrived. */
  #brokenFlow: Flow | null = null;
  /** Rules that are known to hold back this connection's opening. */
  readonly #heldBy = new Set<Rule>();

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { client, counters, from, to, nowUs } = parts;
    client.setNoDelay(true);
    this.#forward = new Flow(client, counters.of(from, to), nowUs, () => this.#settle());
    this.#watch(client, this.#forward);
    counters.of(from, to).connections++;
  }

  /** Who opened it and to whom it leads. */
  get ends(): { readonly from: string; readonly to: string } {
    return this.#parts;
  }

  /** Sets where the server listens, and opens the other end as soon as nothing blocks it. */
  leadTo(address: { readonly host: string; readonly port: number }): void {
    this.#address = address;
    this.#open();
  }

  /** Sets the rules of the whole proxy that are in force. */
  setRules(rules: readonly Rule[]): void {
    this.#rules = rules;
    const { number, from, to } = this.#parts;
    this.#forward.setRules(rulesFor(rules, from, to, number));
    this.#backward?.setRules(rulesFor(rules, to, from, number));
    this.#open();
    this.#settle();
  }

  /** Resets both ends when bytes that `flows` mean go over it; what is under way is lost. */
  resetIf(flows: readonly FlowPattern[]): boolean {
    const { from, to, counters } = this.#parts;
    if (this.#isClosed || !(matches(flows, from, to) || matches(flows, to, from))) return false;
    counters.of(from, to).resets++;
    this.reset();
    return true;
  }

  /** RST to both ends. */
  reset(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forward.close();
    this.#backward?.close();
    this.#parts.client.resetAndDestroy();
    this.#server?.resetAndDestroy();
    this.#parts.onClosed();
  }

  #open(): void {
    if (this.#server !== null || this.#address === null || this.#isClosed) return;
    const { client, from, to, number, counters, nowUs } = this.#parts;
    const rules = [...rulesFor(this.#rules, from, to, number), ...rulesFor(this.#rules, to, from, number)];
    const blocking = rules.filter(({ spec }) => spec.treatment.kind === "block");
    for (const rule of blocking) {
      if (!this.#heldBy.has(rule)) rule.heldConnection(nowUs(), `${from}->${to}`);
      this.#heldBy.add(rule);
    }
    if (blocking.length > 0) return;
    const server = connect({ ...this.#address, noDelay: true, allowHalfOpen: true });
    this.#server = server;
    const backward = new Flow(server, counters.of(to, from), nowUs, () => this.#settle());
    this.#backward = backward;
    backward.setRules(rulesFor(this.#rules, to, from, number));
    this.#watch(server, backward);
    server.once("connect", () => {
      this.#forward.connect(server);
      backward.connect(client);
    });
  }

  /** `flow`: what `socket` sends. An orderly end travels as the end of the flow; here is seen what breaks. */
  #watch(socket: Socket, flow: Flow): void {
    let isBroken = false;
    socket.on("error", () => {
      isBroken = true;
    });
    socket.on("close", () => {
      if (isBroken) this.#brokenFlow ??= flow;
      this.#settle();
    });
  }

  /** Ends the connection when both ends are gone, or one has broken and what it had sent has arrived. */
  #settle(): void {
    const broken = this.#brokenFlow;
    const hasBroken = broken?.isEmpty === true && !broken.isBlocked;
    const isOver = this.#parts.client.closed && (this.#server === null || this.#server.closed);
    if (hasBroken || isOver) this.reset();
  }
}
