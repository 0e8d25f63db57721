import type { Random } from "../../base/random.ts";
import type { CheckpointEvent } from "../systems/system.ts";
import type { CheckpointPhase } from "./fault-fields.ts";
import type { FaultPhase } from "./model.ts";

/** Taken for the length of a checkpoint while none has been acknowledged yet. */
const FIRST_GUESS_US = 20_000;
/** Checkpoints that are kept in mind. */
const MAX_EVENTS = 100_000;

interface Wait {
  readonly phase: CheckpointEvent["phase"];
  readonly fromUs: number;
  left: number;
  readonly resolve: (event: CheckpointEvent) => void;
}

/** What the system has said of its checkpoints: waits for phases of them, and tells afterwards in which one a fault struck. */
export class CheckpointLog {
  readonly #events: CheckpointEvent[] = [];
  #waits: readonly Wait[] = [];
  #triggered: CheckpointEvent | null = null;
  /** From trigger to last acknowledgement, of the quickest one. */
  #shortestUs: number | null = null;

  add(event: CheckpointEvent): void {
    this.#note(event);
    const due = this.#waits.filter((wait) => wait.phase === event.phase && event.atUs >= wait.fromUs);
    for (const wait of due) wait.left--;
    this.#waits = this.#waits.filter(({ left }) => left > 0);
    for (const wait of due) if (wait.left === 0) wait.resolve(event);
  }

  /** Resolves at the n-th checkpoint, of those that come to this phase after `fromUs`. */
  reached(phase: CheckpointPhase, nth: number, fromUs: number): Promise<CheckpointEvent> {
    const told = phase === "betweenAckAndCommit" ? "acknowledged" : "triggered";
    return new Promise((resolve) => {
      this.#waits = [...this.#waits, { phase: told, fromUs, left: nth, resolve }];
    });
  }

  /** How long after the trigger to strike so that barriers are under way, µs: within the time that the quickest one so far took. */
  alignmentDelayUs(random: Random): number {
    return (this.#shortestUs ?? FIRST_GUESS_US) * random.unit();
  }

  /** No part of it is missing any more, or it was given up. */
  isPast(checkpointId: number): boolean {
    return this.#events.some((event) => event.checkpointId === checkpointId && event.phase !== "triggered");
  }

  /** Where in the checkpoints a moment lies; null: none had been triggered. */
  phaseAt(atUs: number): FaultPhase | null {
    const before = this.#events.filter((event) => event.atUs <= atUs);
    const triggered = before.findLast(({ phase }) => phase === "triggered");
    if (triggered === undefined) return null;
    const { checkpointId } = triggered;
    const last = before.findLast((event) => event.checkpointId === checkpointId) ?? triggered;
    return { checkpointId, sinceTriggeredMs: (atUs - triggered.atUs) / 1000, state: last.phase };
  }

  #note(event: CheckpointEvent): void {
    if (this.#events.length < MAX_EVENTS) this.#events.push(event);
    if (event.phase === "triggered") this.#triggered = event;
    const { checkpointId, atUs } = this.#triggered ?? event;
    if (event.phase !== "acknowledged" || event.checkpointId !== checkpointId) return;
    this.#shortestUs = Math.min(this.#shortestUs ?? Number.POSITIVE_INFINITY, event.atUs - atUs);
  }
}

/** Whether a strike that was to come in a phase came in it; null: nothing is known. */
export function hitPhase(asked: CheckpointPhase, phase: FaultPhase | null): boolean | null {
  if (phase === null) return null;
  return phase.state === (asked === "betweenAckAndCommit" ? "acknowledged" : "triggered");
}
