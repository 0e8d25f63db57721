import type { Election, ElectionHandler } from "../ports.ts";
import type { Range } from "./conditions.ts";
import type { SimulatedProcess } from "./process.ts";
import type { Universe } from "./universe.ts";

export interface ElectionConditions {
  /** From what happens at the server to whoever hears of it, µs. */
  readonly latencyUs: Range;
  /** The server takes a process that it does not hear from for gone after so long, µs. */
  readonly sessionUs: number;
}

/** News at once, and a dead leader is replaced at once. */
const INSTANT: ElectionConditions = { latencyUs: { min: 0, max: 0 }, sessionUs: 0 };

interface Seat {
  readonly process: SimulatedProcess;
  readonly group: string;
  readonly handler: ElectionHandler;
  /** What the candidate believes. */
  elected: boolean;
  left: boolean;
  /** How often it has taken a place; news of an earlier one is passed over. */
  stands: number;
}

/**
 * Leadership as ZooKeeper gives it: in each group the candidates in order, of whom the first leads, until it leaves or the server gives up its
 * session. The candidate hears of all that later, so that two may take themselves for the leader for a while.
 */
export class SimulatedElection {
  readonly #universe: Universe;
  readonly #conditions: ElectionConditions;
  /** As the server sees them. */
  readonly #places = new Map<string, { epoch: number; seats: Seat[]; leader: Seat | null }>();
  readonly #seats = new Set<Seat>();
  readonly #counts = { elections: 0, lostSessions: 0, lostContacts: 0 };

  constructor(universe: Universe, conditions: ElectionConditions = INSTANT) {
    this.#universe = universe;
    this.#conditions = conditions;
  }

  get counts(): Readonly<Record<"elections" | "lostSessions" | "lostContacts", number>> {
    return { ...this.#counts };
  }

  bind(process: SimulatedProcess): Election {
    process.onDeath(() => this.#onDeath(process));
    return {
      join: (group, _candidate, handler) => {
        const seat: Seat = { process, group, handler, elected: false, left: false, stands: 0 };
        this.#seats.add(seat);
        this.#sit(seat);
        return { leave: () => this.#leave(seat) };
      },
    };
  }

  /** The server gives up the process's session at once; the process goes on as a leader until it hears of that, `unawareUs` later, and stands again. */
  loseSession(process: SimulatedProcess, unawareUs: number): void {
    this.#counts.lostSessions++;
    const seats = this.#seatsOf(process);
    for (const seat of seats) this.#vacate(seat);
    this.#hear(process, unawareUs, () => this.#standAgain(seats));
  }

  /** The process hears nothing of the server for `lengthUs`: it is not sure any more and stands again afterwards; the server gives it up only if it lasts. */
  loseContact(process: SimulatedProcess, lengthUs: number): void {
    this.#counts.lostContacts++;
    const seats = this.#seatsOf(process);
    for (const seat of seats) this.#depose(seat);
    const vacate = () => {
      for (const seat of seats) this.#vacate(seat);
    };
    const { sessionUs } = this.#conditions;
    if (lengthUs > sessionUs) this.#universe.queue.at(this.#universe.nowUs + sessionUs, vacate);
    this.#hear(process, lengthUs, () => {
      vacate();
      this.#standAgain(seats);
    });
  }

  #seatsOf(process: SimulatedProcess): readonly Seat[] {
    return [...this.#seats].filter((seat) => seat.process === process);
  }

  #sit(seat: Seat): void {
    const place = this.#places.get(seat.group) ?? { epoch: 0, seats: [], leader: null };
    seat.stands++;
    this.#places.set(seat.group, place);
    place.seats.push(seat);
    this.#elect(seat.group);
  }

  #elect(group: string): void {
    const place = this.#places.get(group);
    const first = place?.seats[0];
    if (place === undefined || first === undefined || place.leader === first) return;
    place.leader = first;
    const epoch = ++place.epoch;
    this.#counts.elections++;
    const { stands } = first;
    this.#hear(first.process, this.#latencyUs(), () => {
      // The server may have given it up meanwhile; it is told so later.
      if (first.left || first.stands !== stands) return;
      first.elected = true;
      first.handler.onElected(epoch);
    });
  }

  #leave(seat: Seat): void {
    seat.left = true;
    seat.elected = false;
    this.#seats.delete(seat);
    this.#vacate(seat);
  }

  /** The server knows nothing of the seat any more. */
  #vacate(seat: Seat): void {
    const place = this.#places.get(seat.group);
    if (place === undefined) return;
    place.seats = place.seats.filter((other) => other !== seat);
    if (place.leader === seat) place.leader = null;
    this.#elect(seat.group);
  }

  #standAgain(seats: readonly Seat[]): void {
    for (const seat of seats) {
      this.#depose(seat);
      // It may have taken a place in a session since that is given up by this.
      this.#vacate(seat);
      if (!seat.left) this.#sit(seat);
    }
  }

  #depose(seat: Seat): void {
    seat.stands++;
    if (!seat.elected || seat.left) return;
    seat.elected = false;
    seat.handler.onDeposed();
  }

  #onDeath(process: SimulatedProcess): void {
    const seats = this.#seatsOf(process);
    for (const seat of seats) this.#seats.delete(seat);
    const vacate = () => {
      for (const seat of seats) this.#vacate(seat);
    };
    const { sessionUs } = this.#conditions;
    if (sessionUs === 0) vacate();
    else this.#universe.queue.at(this.#universe.nowUs + sessionUs, vacate);
  }

  #hear(process: SimulatedProcess, delayUs: number, run: () => void): void {
    if (process.alive) process.later(delayUs, run);
  }

  #latencyUs(): number {
    const { latencyUs } = this.#conditions;
    return latencyUs.max === 0 ? 0 : this.#universe.drawn(latencyUs);
  }
}
