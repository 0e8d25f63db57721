import { FaultlineError } from "../../base/errors.ts";
import { loadDurationMs } from "../config/schedule.ts";
import type { Config } from "../config/schema.ts";
import { percentOf, type Threshold } from "../config/thresholds.ts";
import type { ObserverProgress, ObserverStart } from "./toolbox.ts";

/** Nothing is hopeless before it has been so for this long. */
const LEAST_US = 3_000_000;
/** The estimate errs: so many times more than what the percentile allows must be over the bound … */
const MARGIN = 10;
/** … up to this share of the measured window. */
const MOST_SHARE = 0.75;

interface Watched {
  readonly threshold: Threshold;
  readonly boundUs: number;
  /** Time with the median above the bound after which the threshold cannot hold any more. */
  readonly allowedUs: number;
  aboveUs: number;
}

/**
 * Ends a run that cannot hold a threshold any more. All that is known while a run lasts are estimates of each progress interval (marked
 * ≈ wherever they are shown), so a run is given up only when there is no way back: when the estimated *median* was above the bound for
 * ten times the part of the measured window that may lie above it, and for 3 s at least. Warm-up outputs do not count, nor do
 * intervals without outputs.
 */
export class EarlyAbort {
  /** Resolves with what is said of the run; never, if there is nothing to watch. */
  readonly hopeless: Promise<Error>;
  readonly #watched: readonly Watched[];
  readonly #warmupUs: number;
  #startUs: number | null = null;
  #lastUs: number | null = null;
  #give: (error: Error) => void = () => undefined;

  constructor(config: Config) {
    const measuredUs = (loadDurationMs(config) - config.warmup) * 1000;
    this.#warmupUs = config.warmup * 1000;
    this.hopeless = new Promise((resolve) => {
      this.#give = resolve;
    });
    // A config of an older results folder has none.
    this.#watched = (config.thresholds ?? [])
      .filter(({ abort }) => abort)
      .map((threshold) => ({
        threshold,
        boundUs: threshold.bound * 1000,
        allowedUs: allowedUs(threshold, measuredUs),
        aboveUs: 0,
      }));
  }

  start(startUs: number): void {
    this.#startUs = startUs;
    this.#lastUs = startUs;
  }

  /** The observer's start, with its progress watched. */
  watching(options: ObserverStart, clock: { monotonicUs(): number }): ObserverStart {
    const onProgress = (progress: ObserverProgress) => {
      options.onProgress(progress);
      this.observed(progress, clock.monotonicUs());
    };
    return { ...options, onProgress };
  }

  /** One interval of the observer's progress has ended at `nowUs`. */
  observed({ p50Us }: Pick<ObserverProgress, "p50Us">, nowUs: number): void {
    if (this.#startUs === null || this.#lastUs === null) return;
    const lengthUs = Math.max(0, nowUs - this.#lastUs);
    this.#lastUs = nowUs;
    // The outputs of this interval were triggered about their latency ago.
    if (p50Us === null || nowUs - p50Us < this.#startUs + this.#warmupUs) return;
    for (const watched of this.#watched) {
      if (p50Us <= watched.boundUs) continue;
      watched.aboveUs += lengthUs;
      if (watched.aboveUs >= watched.allowedUs) this.#give(this.#error(watched, nowUs));
    }
  }

  #error({ threshold, aboveUs }: Watched, nowUs: number): Error {
    const atSeconds = ((nowUs - this.#startUs!) / 1e6).toFixed(1);
    const forSeconds = (aboveUs / 1e6).toFixed(1);
    const text = `ended early, at ${atSeconds} s: ${threshold.text} cannot hold any more, the median was above the bound for ${forSeconds} s`;
    return new FaultlineError("threshold-crossed", text, {
      hint: "Lower the rate, or set abort: false to see it to its end.",
    });
  }
}

/** A window that slides is crossed as soon as it is crossed once. */
function allowedUs({ metric, over }: Threshold, measuredUs: number): number {
  const ofUs = over === null ? measuredUs : over * 1000;
  const percent = percentOf(metric);
  const tolerated = percent === null ? 0 : 1 - percent / 100;
  return Math.max(LEAST_US, Math.floor(ofUs * Math.min(MOST_SHARE, MARGIN * tolerated)));
}
