import { monotonicUs } from "../../base/clock.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { Journal } from "../ports.ts";

/** Journal of one process: JSON lines, each with the monotonic time (µs), the process' name and the event. */
export function lineJournal(name: string, write: (line: string) => void): Journal {
  return {
    write(event, facts) {
      write(`${JSON.stringify({ atUs: monotonicUs(), process: name, event, ...facts }, plainErrors)}\n`);
    },
  };
}

/** Lines on stderr, which Node writes synchronously to files and pipes: nothing is lost when the process ends. */
export function stderrJournal(name: string): Journal {
  return lineJournal(name, (line) => process.stderr.write(line));
}

function plainErrors(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return value instanceof FaultlineError
    ? { code: value.code, message, hint: value.hint, context: value.context, stack, cause }
    : { name, message, stack, cause };
}
