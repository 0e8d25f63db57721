import { z } from "zod";
import { wholeSeconds } from "./fields.ts";
import { nearest } from "./nearest.ts";
import { type Problem, problemAt } from "./problems.ts";
import { formatDuration, type Parsed, parseDuration, parseRate } from "./units.ts";

/**
 * Thresholds: what must hold of a run, in k6's grammar where it fits: `p99 < 50ms`, `lost == 0`, `achieved >= 99%`. Of the whole measured
 * window, or of every window of a length within it (`over`). No data fails (docs/results.md, "Thresholds").
 */

export const OPERATORS = ["<=", ">=", "==", "!=", "<", ">"] as const;
export type Operator = (typeof OPERATORS)[number];

/** What a bound is written in; resolved: ms, events (rows) per second, share of 1, plain number. */
export type ThresholdUnit = "duration" | "rate" | "share" | "count";

interface Metric {
  readonly unit: ThresholdUnit;
  /** Known of a part of a run. */
  readonly isWindowed?: true;
  /** Says something only of runs with faults. */
  readonly isOfFaults?: true;
}

/** Every metric but the percentiles, which have any number: `p99`, `p99.9`, `p(95)`. */
const METRICS: Readonly<Record<string, Metric>> = {
  max: { unit: "duration", isWindowed: true },
  lagSlope: { unit: "share" },
  achieved: { unit: "share" },
  outputRate: { unit: "rate", isWindowed: true },
  generatorLag: { unit: "duration" },
  observerLag: { unit: "duration" },
  lost: { unit: "count" },
  duplicate: { unit: "count" },
  wrong: { unit: "count" },
  unexpected: { unit: "count" },
  premature: { unit: "count" },
  outOfOrder: { unit: "count" },
  detection: { unit: "duration", isOfFaults: true },
  firstOutput: { unit: "duration", isOfFaults: true },
  gap: { unit: "duration", isOfFaults: true },
  catchUp: { unit: "duration", isOfFaults: true },
};

/** One thing that must hold. */
export interface Threshold {
  /** As written, blanks evened: how it is told. */
  readonly text: string;
  /** `p99`, `max`, `lost` … */
  readonly metric: string;
  readonly operator: Operator;
  /** In the unit of the metric: ms, share of 1, per second, or a count. */
  readonly bound: number;
  /** Length of the windows, ms; null: the whole measured window at once. */
  readonly over: number | null;
  /** A run that cannot hold it any more is ended. */
  readonly abort: boolean;
}

/** `p99.9` → 99.9; null for what is no percentile. */
export function percentOf(metric: string): number | null {
  const match = /^p(\d{1,2}(?:\.\d{1,3})?)$/.exec(metric);
  const percent = match === null ? 0 : Number(match[1]);
  return percent > 0 ? percent : null;
}

const PERCENTILE: Metric = { unit: "duration", isWindowed: true };

export function metricOf(name: string): Metric | null {
  if (percentOf(name) !== null) return PERCENTILE;
  return Object.hasOwn(METRICS, name) ? METRICS[name]! : null;
}

/** May a run be ended early for it? Only latency is known, as an estimate, while a run lasts; and only that it is too high is ever sure. */
function canAbort({ metric, operator }: Pick<Threshold, "metric" | "operator">): boolean {
  return (percentOf(metric) !== null || metric === "max") && (operator === "<" || operator === "<=");
}

type ParsedThreshold =
  | { readonly ok: true; readonly value: Pick<Threshold, "text" | "metric" | "operator" | "bound"> }
  | { readonly ok: false; readonly message: string; readonly hint: string };

const EXAMPLES = "write it like p99 < 50ms, lost == 0 or achieved >= 99%";

/** Reads `p99 < 50ms`. */
export function parseThreshold(text: string): ParsedThreshold {
  const match = /^\s*([A-Za-z][\w.()]*)\s*(<=|>=|===?|!==?|<|>)\s*(\S.*?)\s*$/.exec(text);
  if (match === null) return { ok: false, message: `${JSON.stringify(text)} is no threshold`, hint: EXAMPLES };
  // As k6 writes percentiles and operators.
  const metric = match[1]!.replace(/^p\(([\d.]+)\)$/, "p$1").replace(/^p999$/, "p99.9");
  const operator = match[2]!.slice(0, 2) as Operator;
  const known = metricOf(metric);
  if (known === null) {
    const names = ["p50", "p90", "p99", "p99.9", ...Object.keys(METRICS)];
    const meant = nearest(metric, names);
    const hint = meant === null ? `there are ${names.join(", ")}` : `did you mean "${meant}"?`;
    return { ok: false, message: `unknown metric "${match[1]}"`, hint };
  }
  const bound = parseBound(match[3]!, known.unit);
  if (!bound.ok) return { ok: false, message: `${metric}: ${bound.message}`, hint: bound.hint };
  return { ok: true, value: { text: `${metric} ${operator} ${match[3]}`, metric, operator, bound: bound.value } };
}

function parseBound(text: string, unit: ThresholdUnit): Parsed {
  if (unit === "duration") return parseDuration(text);
  if (unit === "rate") return parseRate(text);
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text);
  const isShare = unit === "share";
  if (match === null || (match[2] === "%" && !isShare)) {
    const message = `${JSON.stringify(text)} is no ${isShare ? "share" : "number"}`;
    return { ok: false, message, hint: isShare ? "write it like 99% or 0.99" : "write a plain number" };
  }
  // A share written as 99.5% is 0.995 to the last bit.
  return { ok: true, value: match[2] === "%" ? Number(`${match[1]}e-2`) : Number(match[1]) };
}

const longForm = z.strictObject({
  check: z.string().describe("What must hold: `p99 < 50ms`."),
  over: wholeSeconds()
    .optional()
    .describe("It must hold in every window of this length (whole seconds) within the measured one: sliding."),
  abort: z.boolean().default(false).describe("End a run that cannot hold it any more."),
});

/** The list `thresholds` of a config. */
export const thresholds = z
  .array(
    z.union([z.string(), longForm]).transform((written, context): Threshold => {
      const form = typeof written === "string" ? { check: written, abort: false } : written;
      const refuse = (message: string, hint: string, path: string[] = []) => {
        context.issues.push({ code: "custom", message: `${message}\n${hint}`, input: written, path });
        return z.NEVER;
      };
      const parsed = parseThreshold(form.check);
      if (!parsed.ok) return refuse(parsed.message, parsed.hint);
      const { text, metric } = parsed.value;
      const over = ("over" in form ? form.over : undefined) ?? null;
      if (over !== null && metricOf(metric)?.isWindowed !== true) {
        const hint = "leave out `over`; windows are for percentiles, max and outputRate";
        return refuse(`${metric} is known of whole runs only`, hint, ["over"]);
      }
      if (form.abort && !canAbort(parsed.value)) {
        return refuse(
          `${text} cannot end a run early`,
          "while a run lasts only its latency is known: `abort` is for percentiles and max, with < or <=",
          ["abort"],
        );
      }
      const told = over === null ? text : `${text} over ${formatDuration(over)}`;
      return { ...parsed.value, text: told, over, abort: form.abort };
    }),
  )
  .max(100)
  .default([])
  .describe(
    'What must hold of every run: ["p99 < 50ms", "lost == 0", {check: "p99 < 80ms", over: 5s, abort: true}]. A crossed one, or one without data, makes the exit code 6.',
  );

/** Thresholds of one cell that could never have data: they would fail every run. */
export function checkThresholds(
  config: {
    readonly thresholds: readonly Threshold[];
    readonly faults: readonly unknown[];
    readonly warmup: number;
  },
  loadMs: number,
): Problem[] {
  return config.thresholds.flatMap(({ metric, over }, index) => {
    const path = ["thresholds", index];
    if (metricOf(metric)?.isOfFaults === true && config.faults.length === 0) {
      return [
        problemAt(path, `${metric} says nothing of a run without faults`, "add faults, or leave the threshold out"),
      ];
    }
    if (over === null || over <= Math.floor(loadMs / 1000) * 1000 - Math.ceil(config.warmup / 1000) * 1000) return [];
    return [
      problemAt(path, "its windows are longer than the measured window", "shorten `over`, or lengthen load.duration"),
    ];
  });
}
