import type { StampedOutput } from "../analyze/run-recorder.ts";

/**
 * `latencies/<run>.csv`: the six columns that BetterCloud's original writes, without a header, ms since the epoch and ms: event due,
 * received by the engine, given out by it, observed; full latency (observed − due); engine latency (given out − received).
 */
export function latenciesCsv(outputs: readonly StampedOutput[]): string {
  const ms = (value: number) => String(Number(value.toFixed(3)));
  const line = ({ dueMs, receivedMs, sentMs, observedMs }: StampedOutput) =>
    [dueMs, receivedMs, sentMs, observedMs, observedMs - dueMs, sentMs - receivedMs].map(ms).join(",");
  return outputs.map((output) => `${line(output)}\n`).join("");
}
