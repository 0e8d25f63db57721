import { Fifo } from "../merge/fifo.ts";
import type { Connection, ConnectionHandler } from "../ports.ts";
import { type FrameWatch, isFrame } from "./frame-watch.ts";
import { Latency } from "./latency.ts";
import type { Partitions } from "./partitions.ts";
import type { SimulatedProcess } from "./process.ts";
import { TRACED } from "./trace.ts";
import type { Universe } from "./universe.ts";

/** What all connections share. */
export interface NetworkShare {
  readonly universe: Universe;
  readonly watch: FrameWatch;
  readonly partitions: Partitions;
  /** A number for an end, in the order of opening. */
  nextEnd(): number;
  /** A number for a message, in the order of sending. */
  nextMessage(): number;
}

/** One end of a simulated connection: delays what it sends, holds it back in a partition, breaks with its process. */
export class ConnectionEnd implements Connection {
  readonly peer: string;
  readonly #shared: NetworkShare;
  readonly #universe: Universe;
  readonly #process: SimulatedProcess;
  readonly #number: number;
  readonly #latency: Latency;
  #handler: ConnectionHandler | null;
  #far: ConnectionEnd | null = null;
  #closed = false;
  #bufferedBytes = 0;
  #wantsDrain = false;
  /** What has to wait for the end of a partition, in order. */
  readonly #held = new Fifo<() => void>();
  /** When the latest message on its way from here arrives: the next one not before it. */
  #lastArrivalUs = 0;

  constructor(shared: NetworkShare, process: SimulatedProcess, peer: string, handler: ConnectionHandler | null) {
    this.#shared = shared;
    this.#universe = shared.universe;
    this.#process = process;
    this.#number = shared.nextEnd();
    this.#latency = new Latency(shared.universe, shared.universe.conditions.messages);
    this.peer = peer;
    this.#handler = handler;
    process.onDeath(() => this.#die());
  }

  join(far: ConnectionEnd): void {
    this.#far = far;
    far.#far = this;
  }

  get isOpen(): boolean {
    return !this.#closed;
  }

  /** Of a connection between these two. */
  joins(one: string, other: string): boolean {
    const [near, far] = [this.#process.name, this.#farName];
    return (near === one && far === other) || (near === other && far === one);
  }

  /** Both ends find it broken, each after a while. */
  reset(): void {
    const { queue, nowUs } = this.#universe;
    for (const end of [this, this.#far]) {
      if (end === null) continue;
      const reason = `connection between ${this.#process.name} and ${this.#farName} reset`;
      queue.at(nowUs + this.#latency.nextUs(), () => end.closedByFar(new Error(reason)));
    }
  }

  open(accept: (connection: Connection) => ConnectionHandler): void {
    this.#process.run(() => {
      if (!this.#closed) this.#handler = accept(this);
    });
  }

  send(header: Uint8Array, payload: Uint8Array | null): boolean {
    if (this.#closed) return true;
    const message = joined(header, payload);
    this.#shared.watch.onSent(message);
    this.#bufferedBytes += message.length;
    if (isFrame(message)) this.#universe.watch.onBuffered?.(this.#bufferedBytes);
    const far = this.#far;
    const number = this.#shared.nextMessage();
    const sentUs = this.#process.nowUs;
    this.arriveLater(() => {
      // The process may have died in the midst of the work that ends with this message.
      if (this.#process.diedUs >= sentUs) far?.receive(message, number);
    });
    if (this.#bufferedBytes <= this.#universe.conditions.networkBufferBytes) return true;
    if (!this.#wantsDrain && isFrame(message)) this.#universe.situations.meet("fullNetworkBuffer");
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
    const delayUs = this.#latency.nextUs() + this.#shared.partitions.takeDelayUs(this.#process.name, this.#farName);
    this.#lastArrivalUs = Math.max(this.#lastArrivalUs, this.#process.nowUs + delayUs);
    this.#universe.queue.at(this.#lastArrivalUs, () => {
      if (this.#held.length === 0 && !this.#isCut()) {
        run();
        return;
      }
      this.#held.push(run);
      this.#shared.partitions.onHeld(this.#process.name, this.#farName);
      if (this.#held.length === 1) this.#releaseLater();
    });
  }

  #releaseLater(): void {
    const { partitions } = this.#shared;
    this.#universe.queue.at(partitions.endUs(this.#process.name, this.#farName), () => {
      if (this.#isCut()) this.#releaseLater();
      else for (let run = this.#held.shift(); run !== undefined; run = this.#held.shift()) run();
    });
  }

  #isCut(): boolean {
    return this.#shared.partitions.isCut(this.#process.name, this.#farName);
  }

  get #farName(): string {
    return this.peer.slice(0, this.peer.lastIndexOf(":"));
  }

  /** `number` in the order of sending. */
  receive(message: Uint8Array, number: number): void {
    if (this.#closed || !this.#process.alive) return;
    if (!this.#process.arrivesInOrder(number)) this.#universe.situations.meet("overtaking");
    this.#process.run(() => {
      this.#acknowledge(message.length);
      if (this.#closed) return;
      this.#note(message);
      this.#handler?.onMessage(message);
    });
  }

  /** Tells the far end, unless nothing reaches it now. */
  #acknowledge(bytes: number): void {
    const { partitions } = this.#shared;
    if (!this.#isCut()) this.#far?.delivered(bytes);
    else {
      const endUs = partitions.endUs(this.#process.name, this.#farName);
      this.#universe.queue.at(endUs, () => this.#far?.delivered(bytes));
    }
  }

  /** The far end has taken it. */
  delivered(bytes: number): void {
    this.#bufferedBytes -= bytes;
    if (!this.#wantsDrain || this.#closed || this.#bufferedBytes > this.#universe.conditions.networkBufferBytes / 2)
      return;
    this.#wantsDrain = false;
    this.#process.run(() => {
      if (!this.#closed) this.#handler?.onDrain();
    });
  }

  closedByFar(error: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#universe.trace.note(this.#universe.nowUs, TRACED.closed, this.#number);
    this.#process.run(() => this.#handler?.onClosed(error));
  }

  #note(message: Uint8Array): void {
    const { trace, nowUs, watch } = this.#universe;
    trace.note(nowUs, TRACED.message, this.#number);
    trace.noteBytes(message);
    if (watch.onControl !== undefined && !isFrame(message)) {
      watch.onControl(this.#farName, this.#process.name, new TextDecoder().decode(message));
    }
    if (trace.detailed) {
      const { text, isRoutine } = this.#shared.watch.describe(message);
      trace.tell(nowUs, `${this.peer} → ${this.#process.name}  ${text}`, isRoutine);
    }
    this.#shared.watch.onDelivered(message);
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
