import type { Connection } from "../ports.ts";
import { encodeFrameHeader, type Frame } from "../task/frame.ts";
import type { FrameLink } from "../task/link.ts";

/** Frames over a connection to another worker. */
export class PeerLink implements FrameLink {
  readonly #connection: Connection;
  #writable = true;
  #closed = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get writable(): boolean {
    return this.#writable && !this.#closed;
  }

  /** Frames after the connection's end go nowhere: whoever owns the link fails the tasks that use it. */
  send(frame: Frame): void {
    if (this.#closed) return;
    this.#writable = this.#connection.send(encodeFrameHeader(frame), frame.payload.length === 0 ? null : frame.payload);
  }

  onDrain(): void {
    this.#writable = true;
  }

  onClosed(): void {
    this.#closed = true;
  }

  close(): void {
    this.#closed = true;
    this.#connection.close();
  }
}
