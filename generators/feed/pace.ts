import type { Feeder } from "./feeder.ts";

/** The waiting of the pacing loop; real or virtual. */
export interface PaceTimers {
  /** Monotonic µs. */
  now(): number;
  /** Resolves after about `us`, a little early or late, and lets input and output happen. */
  sleep(us: number): Promise<void>;
  /** Lets input and output happen once. */
  turn(): Promise<void>;
}

export interface PaceOptions {
  readonly feeder: Feeder;
  readonly timers: PaceTimers;
  /** Sends what the producer holds back. */
  readonly kick: () => void;
  /** Resolves when the producer takes bytes again. */
  readonly waitForDrain: () => Promise<void>;
  /** True when the run is to end early. */
  readonly stopped: () => boolean;
  /** Least time between two looks at the schedule, µs: events due within it go out together. */
  readonly tickUs: number;
}

/** Longest stretch without input and output while a backlog is sent, µs. */
const BUSY_US = 2_000;
/** Longest wait, so that `stopped` is seen, µs. */
const LONGEST_SLEEP_US = 50_000;
const PRERENDER_EVENTS = 64;
/** Time kept free before the next due event when rendering ahead, µs. */
const PRERENDER_MARGIN_US = 200;

/** Drives a feeder until it has handed over everything, or `stopped`. Resolves to true when it finished. */
export async function pace(options: PaceOptions): Promise<boolean> {
  const { feeder, timers, kick, waitForDrain, stopped, tickUs } = options;
  let busySince = timers.now();
  while (!stopped()) {
    const outcome = feeder.sendDue();
    switch (outcome.state) {
      case "finished":
        kick();
        return true;
      case "blocked":
        kick();
        await waitForDrain();
        feeder.drained();
        busySince = timers.now();
        break;
      case "more":
        if (timers.now() - busySince >= BUSY_US) {
          kick();
          await timers.turn();
          busySince = timers.now();
        }
        break;
      case "idle":
        kick();
        await waitUntil(outcome.nextDueUs, options, tickUs);
        busySince = timers.now();
    }
  }
  return false;
}

/** Renders ahead while there is time, then sleeps until the next event is due, at least one tick. */
async function waitUntil(dueUs: number, { feeder, timers }: PaceOptions, tickUs: number): Promise<void> {
  const wakeUs = Math.max(dueUs, timers.now() + tickUs);
  let busySince = timers.now();
  while (wakeUs - timers.now() > PRERENDER_MARGIN_US && feeder.prerender(PRERENDER_EVENTS)) {
    if (timers.now() - busySince < BUSY_US) continue;
    await timers.turn();
    busySince = timers.now();
  }
  const left = wakeUs - timers.now();
  if (left > 0) await timers.sleep(Math.min(left, LONGEST_SLEEP_US));
  else await timers.turn();
}
