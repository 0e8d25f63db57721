import type { Connection, ConnectionHandler, World } from "../../engine/ports.ts";
import {
  decodeFrame,
  encodeFrameHeader,
  FRAME_CREDIT,
  type Frame,
  frameCost,
  NO_PAYLOAD,
} from "../../engine/task/frame.ts";
import type { ReplicaState } from "./replica-states.ts";

/** First byte of a control message. */
const OPENING_BRACE = 0x7b;
/** A frame that is held back goes at the latest after this, µs. */
const MAX_HELD_US = 3_000;

export interface DisorderSettings {
  /** Of so many frames one is repeated, and one is overtaken by the next of its channel. */
  readonly oneIn: number;
  /** What a receiver grants on each channel to begin with, bytes. */
  readonly windowBytes: number;
  readonly meet: (state: ReplicaState) => void;
}

/** A world whose connections repeat frames of a channel and swap neighbours, which receivers must not notice. */
export function withDisorder(world: World, settings: DisorderSettings): World {
  const { network } = world;
  return {
    ...world,
    network: {
      address: network.address,
      accept: (handler) =>
        network.accept((connection) => {
          const disorderly = new DisorderlyConnection(world, connection, settings);
          return disorderly.hear(handler(disorderly));
        }),
      connect: (address, handler) => {
        const disorderly = new DisorderlyConnection(world, null, settings);
        disorderly.inner = network.connect(address, disorderly.hear(handler));
        return disorderly;
      },
    },
  };
}

/** What is known of a channel on its sender's side, bytes. Repeated frames are taken from the credit, so that the sender knows nothing of them. */
interface Channel {
  sent: number;
  repeated: number;
  granted: number;
}

class DisorderlyConnection implements Connection {
  readonly #world: World;
  readonly #settings: DisorderSettings;
  readonly #channels = new Map<string, Channel>();
  inner: Connection | null;
  #held: { readonly frame: Frame; readonly name: string } | null = null;
  #closed = false;

  constructor(world: World, inner: Connection | null, settings: DisorderSettings) {
    this.#world = world;
    this.#settings = settings;
    this.inner = inner;
  }

  get peer(): string {
    return this.#inner.peer;
  }

  send(header: Uint8Array, payload: Uint8Array | null): boolean {
    const frame = header[0] === OPENING_BRACE ? null : decodeFrame(joined(header, payload));
    if (frame === null || frame.kind === FRAME_CREDIT) return this.#inner.send(header, payload);
    const { oneIn, meet } = this.#settings;
    const { random, timers } = this.#world;
    const name = nameOf(frame);
    const held = this.#held;
    if (held !== null) {
      const overtakes = held.name === name && this.#hasRoom(name, costOf(frame));
      if (overtakes) {
        meet("frameOvertaken");
        this.#put(frame, name);
      }
      this.#release();
      if (overtakes) return true;
    }
    if (random.below(oneIn) === 0) {
      this.#held = { frame, name };
      timers.after(random.below(MAX_HELD_US), () => {
        if (this.#held?.frame === frame) this.#release();
      });
      return true;
    }
    const goesOn = this.#put(frame, name);
    if (random.below(oneIn) === 0 && this.#hasRoom(name, 0)) {
      meet("frameRepeated");
      this.#channel(name).repeated += costOf(frame);
      this.#inner.send(encodeFrameHeader(frame), payloadOf(frame));
    }
    return goesOn;
  }

  close(): void {
    this.#release();
    this.#closed = true;
    this.#inner.close();
  }

  /** The handler, told of less credit than was granted: repeated frames have been paid of it. */
  hear(handler: ConnectionHandler): ConnectionHandler {
    return {
      onMessage: (message) => {
        const frame = message[0] === OPENING_BRACE ? null : decodeFrame(message);
        if (frame?.kind !== FRAME_CREDIT) {
          handler.onMessage(message);
          return;
        }
        const channel = this.#channel(nameOf(frame));
        channel.granted = frame.grantedBytes;
        const grantedBytes = Math.max(0, frame.grantedBytes - channel.repeated);
        handler.onMessage(encodeFrameHeader({ ...frame, grantedBytes, payload: NO_PAYLOAD }));
      },
      onDrain: () => handler.onDrain(),
      onClosed: (error) => {
        this.#closed = true;
        handler.onClosed(error);
      },
    };
  }

  get #inner(): Connection {
    if (this.inner === null) throw new Error("used before it was made");
    return this.inner;
  }

  #release(): void {
    const held = this.#held;
    this.#held = null;
    if (held !== null && !this.#closed) this.#put(held.frame, held.name);
  }

  #put(frame: Frame, name: string): boolean {
    this.#channel(name).sent += costOf(frame);
    return this.#inner.send(encodeFrameHeader(frame), payloadOf(frame));
  }

  /** The receiver takes one more frame after so many bytes. */
  #hasRoom(name: string, bytes: number): boolean {
    const { sent, repeated, granted } = this.#channel(name);
    return sent + repeated + bytes < granted;
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const fresh = { sent: 0, repeated: 0, granted: this.#settings.windowBytes };
    this.#channels.set(name, fresh);
    return fresh;
  }
}

function nameOf({ attempt, edge, sender, receiver }: Frame): string {
  return `${attempt} ${edge} ${sender} ${receiver}`;
}

function costOf({ payload }: Frame): number {
  return frameCost(payload.length);
}

function payloadOf({ payload }: Frame): Uint8Array | null {
  return payload.length === 0 ? null : payload;
}

function joined(header: Uint8Array, payload: Uint8Array | null): Uint8Array {
  return payload === null ? header : Buffer.concat([header, payload]);
}
