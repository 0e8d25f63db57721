import { FaultlineError } from "../../base/errors.ts";
import { type Parsed, parseDuration, parseRate } from "../config/units.ts";
import { type Arguments, textOption } from "./command.ts";

/** An option like `10s`, in ms. */
export function durationOption(args: Arguments, name: string): number | undefined {
  return quantityOption(args, name, parseDuration);
}

/** An option like `1k/s`, per second. */
export function rateOption(args: Arguments, name: string): number | undefined {
  return quantityOption(args, name, parseRate);
}

function quantityOption(args: Arguments, name: string, parse: (text: unknown) => Parsed): number | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  const parsed = parse(text);
  if (parsed.ok) return parsed.value;
  throw new FaultlineError("usage", `--${name}: ${parsed.message}`, { hint: parsed.hint });
}
