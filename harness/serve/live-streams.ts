import type { ServerResponse } from "node:http";

/** More readers of live values than this are asked to come back later. */
export const MOST_STREAMS = 64;
/** Between two signs of life, so that a broken connection is noticed, in looks. */
const ALIVE_EVERY = 15;
/** A reader that has so much unread is let go; it comes back by itself. */
const MOST_UNREAD_BYTES = 256 * 1024;

/** What a look found: a message, nothing new, or the end of the sweep. */
export type LiveLook =
  | { readonly kind: "news"; readonly data: string; readonly mark: string }
  | { readonly kind: "same" }
  | { readonly kind: "end" };

export interface LiveStreamsOptions {
  /** Between two looks. */
  readonly lookMs: number;
  /** Called so often while somebody watches what `path` names; `mark`: of the last news. */
  readonly look: (path: string, mark: string | null) => Promise<LiveLook>;
  /** Calls `work` every `ms` until the returned function is called. */
  readonly every: (ms: number, work: () => void) => () => void;
  /** A look that failed: its readers are let go. */
  readonly onError: (error: unknown) => void;
}

interface Channel {
  readonly readers: Set<ServerResponse>;
  readonly stop: () => void;
  looks: number;
  isLooking: boolean;
  /** The last message: those who come later begin with it. */
  last: string | null;
  mark: string | null;
}

/** Server-Sent Events: one look at a time and campaign, however many watch it, and none when nobody does. */
export class LiveStreams {
  readonly #options: LiveStreamsOptions;
  readonly #channels = new Map<string, Channel>();

  constructor(options: LiveStreamsOptions) {
    this.#options = options;
  }

  get count(): number {
    return [...this.#channels.values()].reduce((sum, { readers }) => sum + readers.size, 0);
  }

  /** Takes over a response whose head is not written yet. False: there are too many; the response is still the caller's. */
  add(path: string, response: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    if (this.count >= MOST_STREAMS) return false;
    // Its reader left while it was looked for what is to be read: it would never say so again.
    if (response.destroyed) return true;
    response.writeHead(200, { ...headers, "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 2000\n\n");
    const channel = this.#channels.get(path) ?? this.#open(path);
    channel.readers.add(response);
    response.on("close", () => this.#leave(path, channel, response));
    response.on("error", () => response.destroy()); // "close" follows
    if (channel.last !== null) response.write(channel.last);
    return true;
  }

  close(): void {
    for (const [path, channel] of this.#channels) this.#end(path, channel);
  }

  #open(path: string): Channel {
    const look = () => void this.#look(path, channel);
    const stop = this.#options.every(this.#options.lookMs, look);
    const channel: Channel = { readers: new Set(), stop, looks: 0, isLooking: false, last: null, mark: null };
    this.#channels.set(path, channel);
    look();
    return channel;
  }

  async #look(path: string, channel: Channel): Promise<void> {
    if (channel.isLooking) return;
    channel.isLooking = true;
    channel.looks++;
    try {
      const look = await this.#options.look(path, channel.mark);
      if (look.kind === "news") {
        channel.mark = look.mark;
        channel.last = `event: live\ndata: ${look.data}\n\n`;
        this.#send(channel, channel.last);
      } else if (look.kind === "end") {
        this.#send(channel, "event: end\ndata: {}\n\n");
        this.#end(path, channel);
      } else if (channel.looks % ALIVE_EVERY === 0) this.#send(channel, ": still there\n\n");
    } catch (error) {
      this.#options.onError(error);
      this.#end(path, channel);
    } finally {
      channel.isLooking = false;
    }
  }

  #send({ readers }: Channel, text: string): void {
    for (const reader of readers) {
      if (reader.writableLength > MOST_UNREAD_BYTES) reader.destroy();
      else reader.write(text);
    }
  }

  #leave(path: string, channel: Channel, response: ServerResponse): void {
    channel.readers.delete(response);
    if (channel.readers.size === 0) this.#end(path, channel);
  }

  #end(path: string, channel: Channel): void {
    channel.stop();
    if (this.#channels.get(path) === channel) this.#channels.delete(path);
    for (const reader of channel.readers) reader.end();
  }
}
