import { Random } from "../../base/random.ts";
import { EventQueue } from "./event-queue.ts";
import { Trace } from "./trace.ts";

export interface JournalEntry {
  readonly timeUs: number;
  readonly process: string;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Journal entries kept for whoever looks at the run; later ones still enter the trace. */
const MAX_JOURNAL_ENTRIES = 20_000;

/** What all simulated processes share: time, chance, and the record of what happened. */
export class Universe {
  readonly queue = new EventQueue();
  readonly trace = new Trace();
  readonly random: Random;
  readonly journal: JournalEntry[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  get nowUs(): number {
    return this.queue.nowUs;
  }

  /** A latency drawn uniformly from [minUs, maxUs]. */
  latencyUs(minUs: number, maxUs: number): number {
    return minUs + this.random.below(maxUs - minUs + 1);
  }

  write(process: string, event: string, facts: Readonly<Record<string, unknown>>): void {
    // Stacks name files of this machine: they are for people, not for the hash.
    const text = JSON.stringify(facts, (key, value) => (key === "stack" ? undefined : value));
    this.trace.line(this.nowUs, `${process} ${event} ${text}`);
    if (this.journal.length < MAX_JOURNAL_ENTRIES) this.journal.push({ timeUs: this.nowUs, process, event, facts });
  }
}
