import { assert } from "../../base/assert.ts";
import type { Connection, ConnectionHandler, Network } from "../ports.ts";
import { ConnectionEnd, type NetworkShare } from "./connection-end.ts";
import { FrameWatch } from "./frame-watch.ts";
import { Partitions } from "./partitions.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Universe } from "./universe.ts";

/** What all connections share. */
class Shared implements NetworkShare {
  readonly universe: Universe;
  readonly watch: FrameWatch;
  readonly partitions: Partitions;
  #ends = 0;
  #sent = 0;

  constructor(universe: Universe) {
    this.universe = universe;
    this.watch = new FrameWatch(universe.situations);
    this.partitions = new Partitions(universe);
  }

  nextEnd(): number {
    return this.#ends++;
  }

  nextMessage(): number {
    return this.#sent++;
  }
}

/**
 * Every process's way to every other: messages with a seeded latency each over connections that break with a process. Those of one
 * connection come in order, those of different ones overtake each other. A direction's buffer is empty when all has been handled.
 */
export class SimulatedNetwork {
  readonly #shared: Shared;
  /** One end of each connection that was made. */
  readonly #connections: ConnectionEnd[] = [];
  readonly #listeners = new Map<string, { readonly process: SimulatedProcess; readonly network: ProcessNetwork }>();

  constructor(universe: Universe) {
    this.#shared = new Shared(universe);
  }

  get partitions(): Partitions {
    return this.#shared.partitions;
  }

  /** Breaks all connections between two processes, as a reset would: what is under way may be lost. Returns how many there were. */
  breakConnections(one: string, other: string): number {
    const open = this.#connections.filter((end) => end.isOpen && end.joins(one, other));
    for (const end of open) end.reset();
    return open.length;
  }

  /** What every channel's receiver grants to begin with, for who watches the credit. */
  set windowBytes(bytes: number) {
    this.#shared.watch.windowBytes = bytes;
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
    const near = new ConnectionEnd(this.#shared, from, address, handler);
    const listener = this.#listeners.get(address);
    const accepted = listener?.process.alive ? listener.network.handler : null;
    if (listener === undefined || accepted === null) {
      near.breakLater(new Error(`connection to ${address} refused`));
      return near;
    }
    const far = new ConnectionEnd(this.#shared, listener.process, own, null);
    near.join(far);
    this.#connections.push(near);
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
