import { FaultlineError } from "../../../base/errors.ts";
import type { CheckpointStore, LocalStore, StoreFile, Timer } from "../../../engine/ports.ts";
import { collectedFile } from "../../../engine/simulation/collected-file.ts";

interface Waiting {
  readonly path: string;
  readonly kind: "write" | "read" | "remove" | "list" | "keep";
  finish(error: Error | null): void;
}

/** A store in memory whose requests wait until the test lets them end, in any order, well or not. */
export class HandStore implements CheckpointStore {
  readonly files = new Map<string, Uint8Array>();
  readonly waiting: Waiting[] = [];

  write(path: string, bytes: Uint8Array, done: (error: Error | null) => void): void {
    this.wait("write", path, (error) => {
      if (error === null) this.files.set(path, bytes.slice());
      done(error);
    });
  }

  create(path: string): StoreFile {
    return collectedFile(
      (callback) => callback(),
      (bytes, done) => this.write(path, bytes, done),
    );
  }

  read(path: string, done: (error: Error | null, bytes: Uint8Array | null) => void): void {
    this.wait("read", path, (error) => {
      const bytes = this.files.get(path)?.slice() ?? null;
      if (error !== null || bytes !== null) done(error, error === null ? bytes : null);
      else done(new FaultlineError("snapshot-missing", `no ${path}`), null);
    });
  }

  remove(path: string, done: (error: Error | null) => void): void {
    this.wait("remove", path, (error) => {
      for (const file of this.files.keys()) {
        if (error === null && (file === path || file.startsWith(`${path}/`))) this.files.delete(file);
      }
      done(error);
    });
  }

  list(path: string, done: (error: Error | null, names: readonly string[] | null) => void): void {
    this.wait("list", path, (error) => {
      const inside = [...this.files.keys()].filter((file) => file.startsWith(`${path}/`));
      const names = new Set(inside.map((file) => file.slice(path.length + 1).split("/")[0]!));
      done(error, error === null ? [...names].sort() : null);
    });
  }

  /** Ends request `index` of those that wait. */
  finish(index: number, error: Error | null = null): void {
    const [request] = this.waiting.splice(index, 1);
    request?.finish(error);
  }

  /** Ends all requests, and those that follow from them. */
  finishAll(): void {
    for (let left = 10_000; this.waiting.length > 0 && left > 0; left--) this.finish(0);
  }

  protected wait(kind: Waiting["kind"], path: string, finish: (error: Error | null) => void): void {
    this.waiting.push({ kind, path, finish });
  }
}

/** Copies of what a store in memory has. */
export class HandLocalStore extends HandStore implements LocalStore {
  readonly #store: HandStore;

  constructor(store: HandStore) {
    super();
    this.#store = store;
  }

  keep(path: string, done: (error: Error | null) => void): void {
    this.wait("keep", path, (error) => {
      const bytes = this.#store.files.get(path);
      if (error === null && bytes !== undefined) this.files.set(path, bytes.slice());
      done(error ?? (bytes === undefined ? new Error(`the store has no ${path}`) : null));
    });
  }
}

/** Virtual time, a store by hand, a journal that is kept. */
export class FakeWorld {
  readonly store = new HandStore();
  readonly entries: { readonly event: string; readonly facts: Readonly<Record<string, unknown>> }[] = [];
  readonly clock = { nowUs: () => this.#nowUs };
  readonly journal = {
    write: (event: string, facts: Readonly<Record<string, unknown>>) => {
      this.entries.push({ event, facts });
    },
  };
  readonly timers = {
    after: (delayUs: number, callback: () => void): Timer => {
      const timer = { atUs: this.#nowUs + delayUs, callback };
      this.#timers.add(timer);
      return { cancel: () => void this.#timers.delete(timer) };
    },
    soon: (callback: () => void): void => void this.turns.push(callback),
  };
  /** What waits for its turn. */
  readonly turns: (() => void)[] = [];
  readonly #timers = new Set<{ readonly atUs: number; readonly callback: () => void }>();
  #nowUs = 0;

  get openTimers(): number {
    return this.#timers.size;
  }

  events(event: string): readonly Readonly<Record<string, unknown>>[] {
    return this.entries.filter((entry) => entry.event === event).map(({ facts }) => facts);
  }

  /** Lets time pass; timers fire in their order. */
  pass(timeUs: number): void {
    const untilUs = this.#nowUs + timeUs;
    for (;;) {
      const due = [...this.#timers].filter(({ atUs }) => atUs <= untilUs).sort((a, b) => a.atUs - b.atUs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowUs = Math.max(this.#nowUs, due.atUs);
      due.callback();
    }
    this.#nowUs = untilUs;
  }

  /** Gives everything that waits its turn, at most `limit` times. */
  runTurns(limit = 10_000): number {
    let turns = 0;
    for (let turn = this.turns.shift(); turn !== undefined; turn = turns < limit ? this.turns.shift() : undefined) {
      turn();
      turns++;
    }
    return turns;
  }
}
