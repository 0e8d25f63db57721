import type { Metric } from "../analyze/compare/metrics.ts";

/** Units of metrics as the ends of names in result files. */
export const METRIC_UNITS: Readonly<Record<Metric["unit"], string>> = {
  us: "us",
  ms: "ms",
  s: "s",
  perSecond: "per_second",
  bytes: "bytes",
};
