import { Worker as Thread } from "node:worker_threads";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { Portion } from "./campaign-thread.ts";
import { PLAIN, type RunMode } from "./run-mode.ts";
import { addTally, emptyTally, type Tally } from "./tally.ts";

export interface CampaignSettings {
  /** Default: plain. */
  readonly mode?: RunMode;
  /** Ids; the mode decides which of them are run under a seed. */
  readonly queries: readonly string[];
  readonly from: number;
  /** How many seeds; Infinity: until the time is over. */
  readonly seeds: number;
  /** Starts no more seeds after this long, ms. */
  readonly forMs: number;
  readonly threads: number;
  readonly clockUs: () => number;
  /** Starts no more seeds once aborted. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CampaignProgress) => void;
}

export interface CampaignProgress {
  readonly tally: Tally;
  /** Seeds all queries of which have run. */
  readonly seeds: number;
  readonly elapsedMs: number;
}

/** Seeds that a thread is given at once: little, so that a time limit and a failure stop the campaign soon. */
const SEEDS_AT_ONCE = 2;

/** Runs queries × seeds on several threads. Starts no more once a seed has failed. The sums do not depend on the number of threads. */
export async function runCampaign(settings: CampaignSettings): Promise<CampaignProgress> {
  const { mode = PLAIN, queries, forMs, clockUs, signal } = settings;
  const beganUs = clockUs();
  const elapsedMs = () => (clockUs() - beganUs) / 1000;
  const tally = emptyTally();
  let next = settings.from;
  let seeds = 0;
  let isBroken = false;
  const end = settings.from + settings.seeds;
  const nextPortion = (): Portion | null => {
    const isOver = isBroken || tally.failed.length > 0 || signal?.aborted === true || elapsedMs() >= forMs;
    if (isOver || next >= end) return null;
    const portion = { mode, queries, from: next, seeds: Math.min(SEEDS_AT_ONCE, end - next) };
    next += portion.seeds;
    return portion;
  };
  const work = async () => {
    const thread = new SimulationThread();
    try {
      for (let portion = nextPortion(); portion !== null; portion = nextPortion()) {
        addTally(tally, await thread.run(portion));
        seeds += portion.seeds;
        settings.onProgress?.({ tally, seeds, elapsedMs: elapsedMs() });
      }
    } catch (error) {
      isBroken = true;
      throw error;
    } finally {
      await thread.end();
    }
  };
  const threads = Math.max(1, Math.min(settings.threads, settings.seeds));
  await Promise.all(Array.from({ length: threads }, work));
  tally.failed.sort((a, b) => a.seed - b.seed || queries.indexOf(a.query) - queries.indexOf(b.query));
  return { tally, seeds, elapsedMs: elapsedMs() };
}

/** A thread that runs one portion at a time. It dies with this process. */
class SimulationThread {
  readonly #thread = new Thread(new URL("./campaign-thread.ts", import.meta.url));
  #settle: { readonly resolve: (tally: Tally) => void; readonly reject: (error: Error) => void } | null = null;

  constructor() {
    this.#thread.on("message", (tally: Tally) => this.#settle?.resolve(tally));
    this.#thread.on("error", (error) => this.#settle?.reject(asFaultlineError(error)));
    this.#thread.on("exit", () => {
      this.#settle?.reject(new FaultlineError("internal", "a thread of the simulation ended before its work"));
    });
  }

  run(portion: Portion): Promise<Tally> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#thread.postMessage(portion);
    });
  }

  async end(): Promise<void> {
    this.#settle = null;
    await this.#thread.terminate();
  }
}
