/** What a simulation wants to have been in: each is where a class of defects shows. With the sentence that explains it. */
export const SITUATIONS = {
  overtaking: "a message arrives before one that was sent earlier on another connection",
  stall: "a message, fetch or append takes many times as long as usual",
  busyCore: "a callback waits because its process still works",
  pause: "a process stands still",
  lateTimer: "a timer fires late",
  fullNetworkBuffer: "a connection tells a sender of frames to wait",
  fullLogBuffer: "a log writer tells its sink to wait",
  creditExhausted: "a channel has sent as much as its receiver granted",
  blockedTask: "a task takes no input because its output is blocked",
  watermarkHold: "a channel's watermark waits for that of a slower channel",
  heldPartition: "a source does not read a partition that is ahead of the others",
  fetchedInPause: "records that were under way come to a source that has paused",
  failover: "the log answers nothing for a while",
  repeatedAppend: "an append is sent again because its answer was lost",
  timerBurst: "one watermark before the end fires 8 rows or more of one operator",
} as const;

export type Situation = keyof typeof SITUATIONS;
export type SituationCounts = Readonly<Record<Situation, number>>;

export const SITUATION_NAMES = Object.keys(SITUATIONS) as readonly Situation[];

/** How often a simulation was in each situation. */
export class Situations {
  readonly #counts = Object.fromEntries(SITUATION_NAMES.map((name) => [name, 0])) as Record<Situation, number>;

  meet(situation: Situation, times = 1): void {
    this.#counts[situation] += times;
  }

  get counts(): SituationCounts {
    return { ...this.#counts };
  }
}
