import { Random } from "../../base/random.ts";
import { CALM, type Conditions, type Range } from "./conditions.ts";
import { EventQueue } from "./event-queue.ts";
import { Situations } from "./situations.ts";
import { Trace } from "./trace.ts";
import type { WorldWatch } from "./watch.ts";

export interface JournalEntry {
  readonly timeUs: number;
  readonly process: string;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Journal entries kept for whoever looks at the run; later ones still enter the trace. */
const MAX_JOURNAL_ENTRIES = 20_000;

/** What all simulated processes share: time, chance, conditions, and the record of what happened. */
export class Universe {
  readonly queue = new EventQueue();
  readonly trace: Trace;
  readonly situations = new Situations();
  readonly random: Random;
  readonly conditions: Conditions;
  readonly journal: JournalEntry[] = [];
  readonly watch: WorldWatch;

  constructor(seed: number, conditions: Conditions = CALM, trace = new Trace(), watch: WorldWatch = {}) {
    this.random = new Random(seed);
    this.conditions = conditions;
    this.trace = trace;
    this.watch = watch;
  }

  get nowUs(): number {
    return this.queue.nowUs;
  }

  /** Drawn uniformly, both ends included. */
  drawn({ min, max }: Range): number {
    return min + this.random.below(max - min + 1);
  }

  write(process: string, event: string, facts: Readonly<Record<string, unknown>>): void {
    // Stacks name files of this machine: they are for people, not for the hash.
    const text = JSON.stringify(facts, (key, value) => (key === "stack" ? undefined : value));
    this.trace.line(this.nowUs, `${process} ${event} ${text}`);
    if (this.journal.length < MAX_JOURNAL_ENTRIES) this.journal.push({ timeUs: this.nowUs, process, event, facts });
  }
}
