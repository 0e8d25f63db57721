import { FaultlineError } from "../../base/errors.ts";
import type { Connection, ConnectionHandler, World } from "../ports.ts";
import { decodeFrame, type Frame } from "../task/frame.ts";
import type { FrameLink } from "../task/link.ts";
import { taskFailure } from "../task/task-failure.ts";
import { decodeControl, sendControl } from "./control-codec.ts";
import type { Hello } from "./hello.ts";
import { PeerLink } from "./peer-link.ts";

export interface ExchangeHost {
  /** A frame of any attempt; `link` leads back to its sender. false: nobody here knows its channel. */
  onFrame(frame: Frame, link: FrameLink): boolean;
  onWritable(): void;
  /** The connection to (`out`) or from (`in`) a peer of this attempt is gone. true: the attempt goes on without it. May be told more than once. */
  onPeerLost(attempt: number, peer: string, direction: "in" | "out", error: Error | null): boolean;
  /** A message was handled. */
  onTurn(): void;
}

/** So often a peer is told that the connection to it is gone, unless it has heard it. */
const MAX_TELLING = 3;

interface Peer {
  readonly worker: string;
  readonly attempt: number;
  /** Which way elements go. */
  readonly direction: "in" | "out";
}

/**
 * Data connections of a worker. It opens one to every worker that its tasks send to and accepts one from every worker that sends to
 * them; acknowledgements come back on the connection that the frames came on. Connections belong to one attempt.
 */
export class Exchange {
  readonly #worker: string;
  readonly #world: Pick<World, "network" | "journal">;
  readonly #host: ExchangeHost;
  readonly #outgoing = new Map<string, PeerLink>();
  #attempt = 0;
  /** Frames that no task here knows: of older attempts, or of no channel. */
  #strayFrames = 0;

  constructor(worker: string, world: Pick<World, "network" | "journal">, host: ExchangeHost) {
    this.#worker = worker;
    this.#world = world;
    this.#host = host;
  }

  get strayFrames(): number {
    return this.#strayFrames;
  }

  /** Closes what belongs to older attempts. */
  beginAttempt(attempt: number): void {
    this.#attempt = attempt;
    for (const link of this.#outgoing.values()) link.close();
    this.#outgoing.clear();
  }

  /** The link to a worker, opened when first asked for. */
  linkTo(worker: string, address: string): FrameLink {
    const known = this.#outgoing.get(worker);
    if (known !== undefined) return known;
    const attempt = this.#attempt;
    let link: PeerLink | null = null;
    const connection = this.#world.network.connect(address, {
      onMessage: (bytes) => this.#onFrameBytes(bytes, link!, connection, { worker, attempt, direction: "out" }),
      onDrain: () => this.#onDrain(link!),
      onClosed: (error) => {
        link?.onClosed();
        const goesOn = this.#host.onPeerLost(attempt, worker, "out", error);
        if (goesOn) this.#tellLoss(address, attempt, MAX_TELLING);
      },
    });
    link = new PeerLink(connection);
    this.#outgoing.set(worker, link);
    sendControl(connection, { type: "hello", role: "data", worker: this.#worker, attempt } satisfies Hello);
    return link;
  }

  /**
   * The peer may not know whose connection has broken, or that there was one: its tasks would wait for ever for what is sent to others only.
   * Told again while that breaks off, too, and the attempt is the present one.
   */
  #tellLoss(address: string, attempt: number, times: number): void {
    if (times === 0 || attempt !== this.#attempt) return;
    const connection = this.#world.network.connect(address, {
      onMessage: () => {},
      onDrain: () => {},
      onClosed: (error) => {
        if (error !== null) this.#tellLoss(address, attempt, times - 1);
      },
    });
    sendControl(connection, { type: "hello", role: "lost", worker: this.#worker, attempt } satisfies Hello);
  }

  /** Handler of an incoming connection: the first message is a data hello, frames follow. */
  accept(connection: Connection): ConnectionHandler {
    const link = new PeerLink(connection);
    let peer: Extract<Hello, { readonly role: "data" }> | null = null;
    return {
      onMessage: (bytes) => {
        if (peer !== null) this.#onFrameBytes(bytes, link, connection, { ...peer, direction: "in" });
        else peer = this.#onHello(bytes, connection);
      },
      onDrain: () => this.#onDrain(link),
      onClosed: (error) => {
        link.onClosed();
        if (peer !== null) this.#host.onPeerLost(peer.attempt, peer.worker, "in", error);
      },
    };
  }

  close(): void {
    this.beginAttempt(this.#attempt);
  }

  #onHello(bytes: Uint8Array, connection: Connection): Extract<Hello, { readonly role: "data" }> | null {
    this.#host.onTurn();
    try {
      const hello = decodeControl(bytes) as unknown as Hello;
      if (hello.type !== "hello" || hello.role === "client" || !Number.isSafeInteger(hello.attempt)) {
        throw new FaultlineError("cluster-protocol", `a data connection begins with "${hello.type}"`);
      }
      if (hello.role === "lost") {
        connection.close();
        this.#host.onPeerLost(hello.attempt, hello.worker, "in", new Error("it has broken on its way"));
        return null;
      }
      if (hello.attempt >= this.#attempt) return hello;
      throw new FaultlineError("cluster-protocol", `attempt ${hello.attempt} is over`);
    } catch (error) {
      this.#refuse(connection, error);
      return null;
    }
  }

  #onFrameBytes(bytes: Uint8Array, link: PeerLink, connection: Connection, peer: Peer): void {
    const { attempt } = peer;
    this.#host.onTurn();
    let frame: Frame;
    try {
      frame = decodeFrame(bytes);
    } catch (error) {
      this.#refuse(connection, error);
      link.onClosed();
      this.#host.onPeerLost(attempt, peer.worker, peer.direction, error instanceof Error ? error : null);
      return;
    }
    if (frame.attempt !== attempt || !this.#host.onFrame(frame, link)) this.#strayFrames++;
  }

  #onDrain(link: PeerLink): void {
    this.#host.onTurn();
    link.onDrain();
    this.#host.onWritable();
  }

  #refuse(connection: Connection, error: unknown): void {
    const { message } = taskFailure(error, `connection of ${connection.peer}`, "cluster-protocol");
    this.#world.journal.write("badPeer", { message });
    connection.close();
  }
}
