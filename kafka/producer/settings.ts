import { assert } from "../../base/assert.ts";
import type { ProducerOptions } from "../types.ts";

/** The options of a producer with their defaults filled in. */
export interface ProducerSettings {
  readonly lingerMs: number;
  readonly maxInFlight: number;
  readonly maxBatchBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxRequestBytes: number;
  readonly requestTimeoutMs: number;
  readonly deliveryTimeoutMs: number;
}

/** Beyond this many requests the broker could not tell a copy from a new batch. */
const MAX_IN_FLIGHT = 5;

/** Fills in defaults and checks the contract between our own parts. */
export function producerSettings(options: ProducerOptions): ProducerSettings {
  const settings = {
    lingerMs: Math.ceil((options.lingerUs ?? 0) / 1000),
    maxInFlight: options.maxInFlight ?? 1,
    maxBatchBytes: options.maxBatchBytes ?? 256 * 1024,
    maxBufferedBytes: options.maxBufferedBytes ?? 32 * 1024 * 1024,
    maxRequestBytes: options.maxRequestBytes ?? 1024 * 1024,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
  };
  assert(options.partitions.length > 0, "a producer needs partitions");
  assert(settings.lingerMs >= 0, "lingerUs is not negative", { lingerUs: options.lingerUs });
  assert(settings.maxInFlight >= 1 && settings.maxInFlight <= MAX_IN_FLIGHT, "maxInFlight is 1 to 5", { ...settings });
  assert(settings.maxBatchBytes <= settings.maxRequestBytes, "maxBatchBytes is at most maxRequestBytes", {
    ...settings,
  });
  return settings;
}

/** Whoever appends must have stopped, about, when `append` returned false. */
export function assertBuffered(bufferedBytes: number, { maxBufferedBytes, maxRequestBytes }: ProducerSettings): void {
  const hardBound = 2 * maxBufferedBytes + maxRequestBytes;
  assert(bufferedBytes <= hardBound, "append must stop when it returned false", { bufferedBytes, hardBound });
}
