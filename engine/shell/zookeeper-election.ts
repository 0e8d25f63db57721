import zookeeper from "node-zookeeper-client";
import type { Election, ElectionHandler } from "../ports.ts";
import { ZooKeeperSession } from "./zookeeper-session.ts";

const NODE_PREFIX = "n-";
/** Between a session that is lost and the next one. */
const AGAIN_MS = 20;
const { NO_NODE } = zookeeper.Exception;

export interface ZooKeeperElectionOptions {
  /** `host:port` of each server. */
  readonly servers: readonly string[];
  /** The server takes a silent candidate for gone after so long; it grants no less than two of its ticks. */
  readonly sessionTimeoutMs: number;
  /** Node below which all groups have theirs, like `/faultline/cluster-1`. */
  readonly root: string;
}

/**
 * Leadership through ZooKeeper, by its recipe: every candidate has an ephemeral sequential node below its group's; the first one leads, every
 * other watches the one before it. Whoever becomes the first sets the group's data; how often that was done is the epoch. One session
 * serves all groups of a process. When the session is lost, or it is not known whether it is, all leaders here are deposed at once, and
 * all candidates stand again, behind the others, with a new session.
 */
export class ZooKeeperElection implements Election {
  readonly #options: ZooKeeperElectionOptions;
  readonly #seats = new Set<Seat>();
  #session: ZooKeeperSession | null = null;
  #again: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: ZooKeeperElectionOptions) {
    this.#options = options;
  }

  join(group: string, candidate: string, handler: ElectionHandler): { leave(): void } {
    const seat = new Seat(`${this.#options.root}/${encodeURIComponent(group)}`, candidate, handler);
    this.#seats.add(seat);
    if (this.#session === null && this.#again === null && !this.#closed) this.#open();
    else if (this.#session?.up === true) seat.sit(this.#session);
    return {
      leave: () => {
        this.#seats.delete(seat);
        seat.leave();
      },
    };
  }

  /** Ends the session: candidates of this process are gone for the others at once. Resolves when that is done. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#again !== null) clearTimeout(this.#again);
    this.#seats.clear();
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }

  #open(): void {
    const session = new ZooKeeperSession(this.#options.servers, this.#options.sessionTimeoutMs, {
      onUp: () => {
        for (const seat of this.#seats) seat.sit(session);
      },
      onDown: () => this.#onDown(),
    });
    this.#session = session;
  }

  #onDown(): void {
    this.#session = null;
    this.#again = setTimeout(() => {
      this.#again = null;
      if (!this.#closed) this.#open();
    }, AGAIN_MS);
    for (const seat of [...this.#seats]) seat.stand();
  }
}

/** A candidate of a group: at most one node in the present session. */
class Seat {
  readonly #path: string;
  readonly #candidate: Buffer;
  readonly #handler: ElectionHandler;
  #session: ZooKeeperSession | null = null;
  /** Its node; null while it has none, or does not know its name. */
  #node: string | null = null;
  #elected = false;
  #left = false;

  constructor(path: string, candidate: string, handler: ElectionHandler) {
    this.#path = path;
    this.#candidate = Buffer.from(candidate);
    this.#handler = handler;
  }

  /** Takes its place behind the others. */
  sit(session: ZooKeeperSession): void {
    this.#session = session;
    session.ask<string>(
      (client, callback) => client.mkdirp(this.#path, callback),
      () => this.#createNode(session),
    );
  }

  /** The session is gone, and the node with it, now or soon. */
  stand(): void {
    this.#session = null;
    this.#node = null;
    this.#depose();
  }

  leave(): void {
    this.#left = true;
    this.#elected = false;
    this.#removeNode();
  }

  #createNode(session: ZooKeeperSession): void {
    if (this.#left) return;
    const mode = zookeeper.CreateMode.EPHEMERAL_SEQUENTIAL;
    session.ask<string>(
      (client, callback) => client.create(`${this.#path}/${NODE_PREFIX}`, this.#candidate, mode, callback),
      (path) => {
        this.#node = path;
        if (this.#left) this.#removeNode();
        else this.#look(session);
      },
    );
  }

  #removeNode(): void {
    const [session, node] = [this.#session, this.#node];
    if (session === null || node === null) return;
    this.#node = null;
    session.ask<undefined>((client, callback) => client.remove(node, callback), () => {}, [NO_NODE]);
  }

  /** Who is before it? Watches that one, or leads. */
  #look(session: ZooKeeperSession): void {
    if (this.#left) return;
    session.ask<readonly string[]>(
      (client, callback) => client.getChildren(this.#path, callback),
      (children) => {
        const node = this.#node;
        if (this.#left || node === null || children === null) return;
        const places = children.toSorted((a, b) => placeOf(a) - placeOf(b));
        const place = places.indexOf(node.slice(this.#path.length + 1));
        if (place < 0) this.#sitAgain(session);
        else if (place === 0) this.#lead(session, node);
        else this.#watch(session, `${this.#path}/${places[place - 1]}`);
      },
    );
  }

  #watch(session: ZooKeeperSession, before: string): void {
    const watcher = session.watcher(() => this.#look(session));
    session.ask<unknown>(
      (client, callback) => client.exists(before, watcher, callback),
      (stat) => {
        if (stat === null || stat === undefined) this.#look(session);
      },
    );
  }

  /** Only a session that lives can set the data, and while it lives it has the first node. */
  #lead(session: ZooKeeperSession, node: string): void {
    session.ask<{ readonly version: number }>(
      (client, callback) => client.setData(this.#path, this.#candidate, callback),
      (stat) => {
        if (this.#left || stat === null || this.#node !== node || this.#elected) return;
        this.#elected = true;
        this.#watchOwn(session, node);
        this.#handler.onElected(stat.version);
      },
    );
  }

  /** Somebody may remove the node by hand. */
  #watchOwn(session: ZooKeeperSession, node: string): void {
    const check = () =>
      session.ask<unknown>(
        (client, callback) => client.exists(node, watcher, callback),
        (stat) => {
          if ((stat === null || stat === undefined) && this.#node === node) this.#sitAgain(session);
        },
      );
    const watcher = session.watcher(check);
    check();
  }

  #sitAgain(session: ZooKeeperSession): void {
    this.#node = null;
    this.#depose();
    if (!this.#left) this.#createNode(session);
  }

  #depose(): void {
    if (!this.#elected) return;
    this.#elected = false;
    this.#handler.onDeposed();
  }
}

function placeOf(node: string): number {
  return Number(node.slice(NODE_PREFIX.length));
}
