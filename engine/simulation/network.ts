import { assert } from "../../base/assert.ts";
import type { Connection, ConnectionHandler, Network } from "../ports.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Universe } from "./universe.ts";

const MIN_LATENCY_US = 20;
const MAX_LATENCY_US = 200;
/** Undelivered bytes of one direction above which `send` answers false. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** Every process's way to every other: ordered messages with a seeded latency each, over connections that break with a process. */
export class SimulatedNetwork {
  readonly #universe: Universe;
  readonly #listeners = new Map<string, { readonly process: SimulatedProcess; readonly network: ProcessNetwork }>();

  constructor(universe: Universe) {
    this.#universe = universe;
  }

  /** The network as `process` sees it, under `address`. */
  bind(process: SimulatedProcess, address: string): Network {
    assert(!this.#listeners.has(address), "address in use", { address });
    const network = new ProcessNetwork(process, address, this);
    this.#listeners.set(address, { process, network });
    return network;
  }

  /** Opens both ends; the far one comes alive a latency later. */
  connect(from: SimulatedProcess, own: string, address: string, handler: ConnectionHandler): Connection {
    const near = new End(this.#universe, from, address, handler);
    const listener = this.#listeners.get(address);
    const accepted = listener?.process.alive ? listener.network.handler : null;
    if (listener === undefined || accepted === null) {
      near.breakLater(new Error(`connection to ${address} refused`));
      return near;
    }
    const far = new End(this.#universe, listener.process, own, null);
    near.join(far);
    near.arriveLater(() => far.open(accepted));
    return near;
  }
}

class ProcessNetwork implements Network {
  readonly address: string;
  readonly #process: SimulatedProcess;
  readonly #shared: SimulatedNetwork;
  handler: ((connection: Connection) => ConnectionHandler) | null = null;

  constructor(process: SimulatedProcess, address: string, shared: SimulatedNetwork) {
    this.#process = process;
    this.address = address;
    this.#shared = shared;
  }

  accept(handler: (connection: Connection) => ConnectionHandler): void {
    assert(this.handler === null, "`accept` is called once");
    this.handler = handler;
  }

  connect(address: string, handler: ConnectionHandler): Connection {
    return this.#shared.connect(this.#process, this.address, address, handler);
  }
}

/** One end of a connection. */
class End implements Connection {
  readonly peer: string;
  readonly #universe: Universe;
  readonly #process: SimulatedProcess;
  #handler: ConnectionHandler | null;
  #far: End | null = null;
  #closed = false;
  #bufferedBytes = 0;
  #wantsDrain = false;
  /** When the latest message on its way from here arrives: the next one not before it. */
  #lastArrivalUs = 0;

  constructor(universe: Universe, process: SimulatedProcess, peer: string, handler: ConnectionHandler | null) {
    this.#universe = universe;
    this.#process = process;
    this.peer = peer;
    this.#handler = handler;
    process.onDeath(() => this.#die());
  }

  join(far: End): void {
    this.#far = far;
    far.#far = this;
  }

  open(accept: (connection: Connection) => ConnectionHandler): void {
    if (!this.#closed && this.#process.alive) this.#handler = accept(this);
  }

  send(header: Uint8Array, payload: Uint8Array | null): boolean {
    if (this.#closed) return true;
    const message = joined(header, payload);
    this.#universe.trace.noteBytes(header);
    this.#universe.trace.note(this.#universe.nowUs, 1, message.length);
    this.#bufferedBytes += message.length;
    const far = this.#far;
    this.arriveLater(() => {
      this.#delivered(message.length);
      far?.receive(message);
    });
    if (this.#bufferedBytes <= MAX_BUFFERED_BYTES) return true;
    this.#wantsDrain = true;
    return false;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const far = this.#far;
    this.arriveLater(() => far?.closedByFar(null));
  }

  /** The connection cannot be made. */
  breakLater(error: Error): void {
    this.arriveLater(() => this.closedByFar(error));
  }

  /** Something reaches the far end, after all that was sent before. */
  arriveLater(run: () => void): void {
    const latencyUs = this.#universe.latencyUs(MIN_LATENCY_US, MAX_LATENCY_US);
    this.#lastArrivalUs = Math.max(this.#lastArrivalUs, this.#universe.nowUs + latencyUs);
    this.#universe.queue.at(this.#lastArrivalUs, run);
  }

  receive(message: Uint8Array): void {
    if (this.#closed || !this.#process.alive) return;
    this.#process.run(() => this.#handler?.onMessage(message));
  }

  #delivered(bytes: number): void {
    this.#bufferedBytes -= bytes;
    if (!this.#wantsDrain || this.#closed || this.#bufferedBytes > MAX_BUFFERED_BYTES / 2) return;
    this.#wantsDrain = false;
    this.#process.run(() => this.#handler?.onDrain());
  }

  closedByFar(error: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#process.run(() => this.#handler?.onClosed(error));
  }

  /** The process is gone: the far end sees a reset. */
  #die(): void {
    if (this.#closed) return;
    this.#closed = true;
    const far = this.#far;
    this.arriveLater(() => far?.closedByFar(new Error(`connection to ${this.#process.name} reset`)));
  }
}

function joined(header: Uint8Array, payload: Uint8Array | null): Uint8Array {
  if (payload === null) return header;
  const message = new Uint8Array(header.length + payload.length);
  message.set(header);
  message.set(payload, header.length);
  return message;
}
