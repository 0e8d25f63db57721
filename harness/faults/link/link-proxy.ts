import { join } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import { entryPoint } from "../../services/entry-point.ts";
import type { Guard } from "../../services/guard.ts";
import { LineProcess } from "../../sweep/bindings/line-process.ts";
import type { Done, LinkProxySpec, Order, Told } from "./control.ts";
import type { LinkCounters } from "./counters.ts";
import type { FlowPattern, RuleEvidence, Treatment } from "./rules.ts";

/** What reports call the driver of link faults. */
export const LINK_DRIVER = "TCP link proxy";
export const BROKER_ROLE = "broker";
/** Ports that are open before anybody needs them; one more is opened for each that is used. */
const SPARES = 32;
const ANSWER_LIMIT_MS = 5_000;

export interface LinkProxyStart {
  /** Where the private broker's LINK listener is, and where it tells clients that it is; null: no broker of ours. */
  readonly broker: { readonly address: string; readonly advertisedPort: number } | null;
  readonly logDirectory: string;
  readonly guard: Guard;
}

/** A rule, or a reset, that was ordered. */
export interface Strike {
  readonly id: number;
  /** Resolves when the proxy has carried it out. */
  readonly done: Promise<Done>;
  /** Resolves when it first does something to a byte or a connection; perhaps never. */
  readonly seen: Promise<{ readonly atUs: number; readonly what: string }>;
}

/** What a fault on links did, as the proxy measured it; times in monotonic µs. */
export interface LinkEffect {
  readonly flows: readonly FlowPattern[];
  readonly treatment: Treatment | { readonly kind: "reset" };
  readonly endedUs: number;
  /** Of what lasted. */
  readonly evidence?: RuleEvidence;
  /** Of a reset: the number of connections. */
  readonly resets?: number;
}

/** The TCP link proxy of one run, seen from the harness. */
export class LinkProxy {
  readonly #process: LineProcess;
  readonly #spares: string[] = [];
  readonly #addresses = new Map<string, string>();
  readonly #done = new Map<string, (done: Done) => void>();
  readonly #seen = new Map<number, (sight: { readonly atUs: number; readonly what: string }) => void>();
  readonly #asked = new Map<number, (links: readonly LinkCounters[]) => void>();
  readonly #broker: LinkProxyStart["broker"];
  readonly #struck = new Map<number, Pick<LinkEffect, "flows" | "treatment">>();
  readonly #effects: LinkEffect[] = [];
  #lastId = 0;

  private constructor(process: LineProcess, early: readonly Told[], broker: LinkProxyStart["broker"]) {
    this.#process = process;
    this.#broker = broker;
    for (const told of early) this.#onTold(told);
  }

  /** Starts the process and resolves when its ports are open. Throws `service-start-failed`. */
  static async start({ broker, logDirectory, guard }: LinkProxyStart): Promise<LinkProxy> {
    const spec: LinkProxySpec = {
      fixed: broker === null ? [] : [{ role: BROKER_ROLE, port: broker.advertisedPort, upstream: broker.address }],
      spares: SPARES,
    };
    const early: Told[] = [];
    let proxy: LinkProxy | null = null;
    const process = await LineProcess.start({
      role: "link-proxy",
      entry: entryPoint(import.meta.url, "./proxy-main"),
      spec,
      specFile: join(logDirectory, "link-proxy.json"),
      logFile: join(logDirectory, "link-proxy.log"),
      guard,
      failure: "service-start-failed",
      onMessage: (message) => {
        const told = message as unknown as Told;
        if (proxy === null) early.push(told);
        else proxy.#onTold(told);
      },
    });
    proxy = new LinkProxy(process, early, broker);
    return proxy;
  }

  get pid(): number {
    return this.#process.child.pid;
  }

  /** Resolves when it breaks: then the links of the run are broken too. */
  get failed(): Promise<FaultlineError> {
    return this.#process.failed;
  }

  /** Where clients find the broker through the proxy; null: its links cannot be broken. */
  get brokers(): readonly string[] | null {
    return this.#broker === null ? null : [`127.0.0.1:${this.#broker.advertisedPort}`];
  }

  /** Where others find the server of this role, which may be yet to start; always the same. */
  addressFor(role: string): string {
    const known = this.#addresses.get(role);
    if (known !== undefined) return known;
    const address = this.#spares.shift();
    if (address === undefined) {
      throw new FaultlineError("port-unavailable", `the link proxy has no port for ${role}`, {
        hint: `More than ${SPARES} processes were started at once.`,
      });
    }
    this.#addresses.set(role, address);
    this.#order({ order: "assign", role, address });
    return address;
  }

  /** The server of this role really listens here. */
  listensAt(role: string, address: string): void {
    this.#order({ order: "upstream", role, address });
  }

  /** To be told at once when a process has been started: connections are recognised by who opened them. */
  processStarted(role: string, pid: number): void {
    this.#order({ order: "process", role, pid });
  }

  /** Puts a rule on the bytes of `flows`, until `heal`. */
  treat(flows: readonly FlowPattern[], treatment: Treatment): Strike {
    return this.#strike({ flows, treatment }, (id) => ({ order: "rule", id, flows: copyOf(flows), treatment }));
  }

  /** Resets all connections that carry bytes of `flows`, either way. */
  reset(flows: readonly FlowPattern[]): Strike {
    const treatment = { kind: "reset" } as const;
    return this.#strike({ flows, treatment }, (id) => ({ order: "reset", id, flows: copyOf(flows) }));
  }

  /** Takes a rule away; what it held back is delivered. Resolves with what it did. */
  async heal({ id }: Strike): Promise<Done> {
    const done = this.#answerTo("heal", id);
    this.#order({ order: "heal", id });
    this.#seen.delete(id);
    return done;
  }

  /** Faults that are over, in the order of their end. */
  get effects(): readonly LinkEffect[] {
    return this.#effects;
  }

  /** What has gone over each link since the start. */
  async counters(): Promise<readonly LinkCounters[]> {
    const ask = ++this.#lastId;
    const answer = new Promise<readonly LinkCounters[]>((resolve) => this.#asked.set(ask, resolve));
    this.#order({ order: "counters", ask });
    return this.#limited(answer, "its counters");
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  #strike(struck: Pick<LinkEffect, "flows" | "treatment">, make: (id: number) => Order): Strike {
    const id = ++this.#lastId;
    this.#struck.set(id, struck);
    const done = this.#answerTo(struck.treatment.kind === "reset" ? "reset" : "rule", id);
    const seen = new Promise<{ readonly atUs: number; readonly what: string }>((resolve) => {
      this.#seen.set(id, resolve);
    });
    this.#order(make(id));
    return { id, done, seen };
  }

  #answerTo(order: Done["order"], id: number): Promise<Done> {
    const answer = new Promise<Done>((resolve) => this.#done.set(`${order} ${id}`, resolve));
    return this.#limited(answer, `an answer to ${order} ${id}`);
  }

  /** Rejects when the proxy has broken or says nothing for too long. */
  #limited<T>(answer: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const message = `waited ${ANSWER_LIMIT_MS} ms for ${what} of the link proxy`;
      timer = setTimeout(() => reject(new FaultlineError("system-failed", message)), ANSWER_LIMIT_MS);
    });
    const broken = this.failed.then((error) => Promise.reject(error));
    return Promise.race([answer, late, broken]).finally(() => clearTimeout(timer));
  }

  #order(order: Order): void {
    this.#process.send(order);
  }

  #onDone(done: Done): void {
    const { id, order, atUs, evidence, resets } = done;
    const struck = this.#struck.get(id);
    if (order !== "rule" && struck !== undefined) {
      this.#struck.delete(id);
      const effect = { ...(evidence === undefined ? {} : { evidence }), ...(resets === undefined ? {} : { resets }) };
      this.#effects.push({ ...struck, endedUs: atUs, ...effect });
    }
    settle(this.#done, `${order} ${id}`, done);
  }

  #onTold(told: Told): void {
    if ("spare" in told) this.#spares.push(told.spare);
    else if ("seen" in told) settle(this.#seen, told.seen.id, told.seen);
    else if ("done" in told) this.#onDone(told.done);
    else settle(this.#asked, told.counters.ask, told.counters.links);
  }
}

function settle<K, T>(waiting: Map<K, (value: T) => void>, key: K, value: T): void {
  waiting.get(key)?.(value);
  waiting.delete(key);
}

function copyOf(flows: readonly FlowPattern[]) {
  const ends = (of: FlowPattern["from"]) => (of === "*" ? of : [...of]);
  return flows.map(({ from, to }) => ({ from: ends(from), to: ends(to) }));
}
