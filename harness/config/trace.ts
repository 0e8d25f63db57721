import { type Problem, problemAt } from "./problems.ts";
import type { Config } from "./schema.ts";

/** A rate from a time on, as the resolved config has it: ms and events per second. */
export interface TracePoint {
  readonly at: number;
  readonly rate: number;
}

/** The points of a trace file, by its name in the config; or what is wrong with it. */
export type ReadTrace = (file: string) => readonly TracePoint[] | string;

const MOST_POINTS = 10_000;
const NUMBER = /^\d+(\.\d+)?$/;

/**
 * A trace: lines `seconds,events per second`, from 0 s on, times rising. Empty lines, lines that begin with # and one heading are
 * passed over. A text result says what is wrong, with its line.
 */
export function parseTrace(text: string): readonly TracePoint[] | string {
  const points: TracePoint[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const fields = line.split(",").map((field) => field.trim());
    const isNumeric = fields.length === 2 && fields.every((field) => NUMBER.test(field));
    if (!isNumeric && points.length === 0 && index === 0 && fields.every((field) => /^[A-Za-z]/.test(field))) continue;
    if (!isNumeric) return `line ${index + 1} is not "seconds,events per second"`;
    if (points.length === MOST_POINTS) return `it has more than ${MOST_POINTS} points`;
    points.push({ at: milliseconds(fields[0]!), rate: Number(fields[1]) });
  }
  return points;
}

/** Rounded only where decimals do not come out: 0.3 s is 300 ms. */
function milliseconds(seconds: string): number {
  const ms = Number(seconds) * 1000;
  const whole = Math.round(ms);
  return Math.abs(ms - whole) < 1e-6 * Math.max(1, whole) ? whole : ms;
}

/** The config with the points of its trace file in it: results speak for themselves. */
export function embedTrace(config: Config, read: ReadTrace): { readonly config: Config; readonly problems: Problem[] } {
  const { load } = config;
  if (load.shape !== "trace") return { config, problems: [] };
  const refuse = (key: "file" | "points", message: string, hint: string) => {
    return { config, problems: [problemAt(["load", key], message, hint)] };
  };
  if (load.file === undefined) {
    if (load.points !== undefined) return { config, problems: checkPoints(load.points, ["load", "points"]) };
    return { config, problems: [problemAt(["load"], "a trace has neither file nor points", "name a CSV file")] };
  }
  if (load.points !== undefined) return refuse("points", "load.file and load.points are both given", "remove one");
  const points = read(load.file);
  if (typeof points === "string") {
    return refuse("file", `${load.file}: ${points}`, "a trace is a CSV file of seconds,events per second");
  }
  const embedded = { ...config, load: { ...load, points } };
  return { config: embedded, problems: checkPoints(points, ["load", "file"]) };
}

/** What no point tells alone. */
function checkPoints(points: readonly TracePoint[], path: readonly (string | number)[]): Problem[] {
  const problem = (message: string, hint: string) => [problemAt(path, message, hint)];
  if (points.length < 2)
    return problem("a trace needs two points at least", "the distance of two is what tells a length");
  if (points[0]!.at !== 0)
    return problem("the first point of a trace is at 0", "begin it there, with rate 0 if need be");
  for (const [index, { at, rate }] of points.entries()) {
    if (!Number.isInteger(at)) return problem(`point ${index + 1} is not at a whole millisecond`, "round its time");
    if (rate > 1e9) return problem(`point ${index + 1} has a rate above 1G/s`, "rates are events per second");
    if (index > 0 && at <= points[index - 1]!.at) {
      return problem(`point ${index + 1} is not later than the one before it`, "sort the trace by time");
    }
    if (at > 4_320_000_000) return problem(`point ${index + 1} is later than 50 days`, "times are seconds");
  }
  return [];
}
