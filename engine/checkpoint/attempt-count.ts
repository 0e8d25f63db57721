import type { World } from "../ports.ts";
import { jobFolder } from "./paths.ts";

const NAME = /^_attempt-([1-9][0-9]{0,14})$/;

/**
 * The numbers of a job's attempts, over all clusters that have run it under this id with this store: no number is used twice, so that an
 * attempt knows which transactional ids others before it may have left something under. The number is a file's name, not its content:
 * a damaged file tells it as well.
 */
export class AttemptCount {
  readonly #world: Pick<World, "store" | "journal">;
  readonly #jobId: string;
  /** null: the store was not asked yet. */
  #last: number | null = null;

  constructor(world: Pick<World, "store" | "journal">, jobId: string) {
    this.#world = world;
    this.#jobId = jobId;
  }

  /** A number for the next attempt, `atLeast` or more, that nobody else has been given; durable when `done` is called. */
  claim(atLeast: number, done: (error: Error | null, attempt: number | null) => void): void {
    if (this.#last !== null) {
      this.#write(Math.max(atLeast, this.#last + 1), done);
      return;
    }
    this.#world.store.list(jobFolder(this.#jobId), (error, names) => {
      if (names === null) {
        done(error, null);
        return;
      }
      this.#last = Math.max(0, ...names.map((name) => Number(NAME.exec(name)?.[1] ?? 0)));
      this.#write(Math.max(atLeast, this.#last + 1), done);
    });
  }

  #write(attempt: number, done: (error: Error | null, attempt: number | null) => void): void {
    const { store } = this.#world;
    store.write(this.#pathOf(attempt), new TextEncoder().encode(`${attempt}\n`), (error) => {
      if (error !== null) {
        done(error, null);
        return;
      }
      this.#removeLast();
      this.#last = attempt;
      done(null, attempt);
    });
  }

  /** A smaller number that stays does no harm. */
  #removeLast(): void {
    if (this.#last === null || this.#last === 0) return;
    const path = this.#pathOf(this.#last);
    this.#world.store.remove(path, (error) => {
      if (error !== null) this.#world.journal.write("attemptNotRemoved", { path, message: error.message });
    });
  }

  #pathOf(attempt: number): string {
    return `${jobFolder(this.#jobId)}/_attempt-${attempt}`;
  }
}
