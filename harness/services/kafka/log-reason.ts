import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { systemCode } from "../../../base/errors.ts";

/** Enough to reach back over what a broker writes while it shuts down after the error that ended it. */
const RECENT_BYTES = 256 * 1024;
const START = "Log4jControllerRegistration"; // writes the first line of every start
const PORT_TAKEN = /Address already in use|Socket server failed to bind/;

/** The last part of the broker's log and of its output, since its last start as far as the log shows one. */
export function recentLog(logFile: string): string {
  const log = endOf(logFile);
  return log.slice(Math.max(0, log.lastIndexOf(START))) + endOf(`${logFile}.out`);
}

/** Whether a broker with this log ended because somebody else listens on one of its ports. */
export function isPortTaken(log: string): boolean {
  return PORT_TAKEN.test(log);
}

/** What a person is told of a broker that failed: the deepest cause that it logged, or its first error, or its last line. */
export function reasonIn(log: string): string {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const cause =
    lines.find((line) => PORT_TAKEN.test(line) || /No space left on device/.test(line)) ??
    lines.findLast((line) => line.startsWith("Caused by: ")) ??
    lines.find((line) => / (ERROR|FATAL) /.test(line)) ??
    lines.findLast((line) => /^(Error|Exception|Could not|[\w.]+(Exception|Error):|Too small)/.test(line));
  return (cause ?? lines.at(-1) ?? "its log is empty").replace(/^Caused by: /, "").trim();
}

function endOf(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, RECENT_BYTES));
    const length = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8", 0, length);
  } finally {
    closeSync(descriptor);
  }
}
