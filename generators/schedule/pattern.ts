import { FaultlineError } from "../../base/errors.ts";

/** A stretch of one rate. */
interface PatternStep {
  readonly durationMs: number;
  readonly ratePerSecond: number;
}

const STEP = /^(\d+(?:\.\d{1,3})?):(\d+(?:\.\d+)?)$/;

/** What `parsePattern` reads, as a regular expression for editors. */
export const PATTERN_SYNTAX =
  "^\\s*\\d+(\\.\\d{1,3})?:\\d+(\\.\\d+)?(\\s*,\\s*\\d+(\\.\\d{1,3})?:\\d+(\\.\\d+)?)*\\s*$";

/**
 * Reads a rate pattern: `30:500,60:250,90:0` is 500 events per second until second 30, 250 until second 60, none until second 90, where
 * it ends. `config-invalid` names the first bad part.
 */
export function parsePattern(text: string): readonly PatternStep[] {
  let beganMs = 0;
  return text.split(",").map((part, i) => {
    const [, second, rate] = STEP.exec(part.trim()) ?? [];
    if (second === undefined || rate === undefined) {
      throw invalid(`part ${i + 1} of the pattern, ${JSON.stringify(part.trim())}, is not second:rate`);
    }
    const endMs = Math.round(Number(second) * 1000);
    if (endMs <= beganMs)
      throw invalid(`part ${i + 1} of the pattern ends at second ${second}, not after its beginning`);
    const step = { durationMs: endMs - beganMs, ratePerSecond: Number(rate) };
    beganMs = endMs;
    return step;
  });
}

function invalid(message: string): FaultlineError {
  return new FaultlineError("config-invalid", message, {
    hint: 'write "30:500,60:250": 500 events per second until second 30, then 250 until second 60',
  });
}
