import { appendFileSync, readFileSync } from "node:fs";
import { systemCode } from "../../base/errors.ts";

/** One line of a cluster's record. Times are epoch ms. */
export type RecordEntry = { readonly atMs: number } & (
  | { readonly kind: "cluster"; readonly what: "up" | "down" }
  | { readonly kind: "process"; readonly role: string; readonly pid: number; readonly what: "started" | "registered" }
  | {
      readonly kind: "process";
      readonly role: string;
      readonly pid: number;
      readonly what: "ended";
      readonly code: number | null;
      readonly signal: string | null;
    }
  | {
      readonly kind: "job";
      readonly jobId: string;
      readonly state: string;
      readonly attempt: number;
      readonly cause: string | null;
      readonly restored: number | null;
    }
  /** A replica is lost, and its siblings go on. */
  | {
      readonly kind: "replica";
      readonly jobId: string;
      readonly attempt: number;
      readonly task: string;
      readonly worker: string;
      readonly cause: string;
    }
  | { readonly kind: "fault"; readonly text: string }
  | { readonly kind: "workers"; readonly workers: readonly string[] }
);

/** Appends one entry. Few of them are written, so at once. */
export function addRecord(file: string, entry: RecordEntry): void {
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** All entries, in time order; a line that is not whole, of a keeper that died, is left out. */
export function readRecord(file: string): readonly RecordEntry[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
  const entries = text.split("\n").flatMap((line): RecordEntry[] => {
    try {
      return line === "" ? [] : [JSON.parse(line) as RecordEntry];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
  return entries.sort((a, b) => a.atMs - b.atMs);
}

/** The job that was submitted last; null: none was. */
export function lastJob(file: string): string | null {
  return readRecord(file).findLast((entry) => entry.kind === "job")?.jobId ?? null;
}

/** A time of day with milliseconds, local time. */
export function clockTime(atMs: number): string {
  const date = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** An entry as one line of text, time first. */
export function recordLine(entry: RecordEntry): string {
  return `${clockTime(entry.atMs)}  ${entryText(entry)}`;
}

function entryText(entry: RecordEntry): string {
  switch (entry.kind) {
    case "cluster":
      return `cluster ${entry.what}`;
    case "process":
      return `${entry.role} ${processText(entry)}`;
    case "job":
      return `job ${entry.jobId}  ${entry.state.toUpperCase()}${jobDetails(entry)}`;
    case "replica":
      return `job ${entry.jobId}  replica ${entry.task} on ${entry.worker} lost, its siblings go on  (${entry.cause})`;
    case "fault":
      return `fault: ${entry.text}`;
    case "workers":
      return `workers: ${entry.workers.length === 0 ? "none" : entry.workers.join(", ")}`;
  }
}

function processText(entry: Extract<RecordEntry, { kind: "process" }>): string {
  if (entry.what !== "ended") return `${entry.what} (pid ${entry.pid})`;
  return `ended: ${entry.signal ?? `exit code ${entry.code}`} (pid ${entry.pid})`;
}

function jobDetails({ attempt, cause, restored }: Extract<RecordEntry, { kind: "job" }>): string {
  const parts = [
    ...(attempt > 0 ? [`attempt ${attempt}`] : []),
    ...(restored === null ? [] : [`from checkpoint ${restored}`]),
    ...(cause === null ? [] : [cause]),
  ];
  return parts.length === 0 ? "" : `  (${parts.join("; ")})`;
}
