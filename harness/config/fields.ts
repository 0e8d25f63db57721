import { z } from "zod";
import { parsePlant } from "../verify/plant.ts";
import { type Parsed, parseDuration, parseRate, parseSize, type Quantity } from "./units.ts";

/**
 * Field kinds of the config schema. Written with units, resolved to plain numbers: durations in milliseconds,
 * rates in events per second, sizes in bytes. A field error carries its hint after a line break (`issues.ts` splits it off).
 */
function quantity(kind: Quantity, parse: (input: unknown) => Parsed, check: (value: number) => string | null) {
  const written = z.union([z.string(), z.number()]).meta({ quantity: kind });
  return written.transform((input, context): number => {
    const parsed = parse(input);
    if (!parsed.ok) {
      context.issues.push({ code: "custom", message: `${parsed.message}\n${parsed.hint}`, input });
      return z.NEVER;
    }
    const complaint = check(parsed.value);
    if (complaint === null) return parsed.value;
    context.issues.push({ code: "custom", message: complaint, input });
    return z.NEVER;
  });
}

/** Events per second, above 0. */
export function rate() {
  return quantity("rate", parseRate, (value) =>
    value > 0 && value <= 1e9
      ? null
      : "the rate must be above 0 and at most 1G/s\na load without events measures nothing",
  );
}

/** Events per second; 0 is a pause. */
export function rateOrZero() {
  return quantity("rate", parseRate, (value) => (value <= 1e9 ? null : "the rate must be at most 1G/s"));
}

/** Milliseconds; `min` and `max` in milliseconds too. */
export function duration(minMs = 0, maxMs = 7 * 24 * 3600 * 1000) {
  return quantity("duration", parseDuration, (value) =>
    value >= minMs && value <= maxMs ? null : `the duration must be from ${minMs} ms to ${maxMs} ms`,
  );
}

/** Length of a load: whole milliseconds, at least one. */
export function wholeMs() {
  return quantity("duration", parseDuration, (value) => {
    if (value < 1 || value > 8_640_000_000) return "the duration must be from 1 ms to 100 days";
    return Number.isInteger(value) ? null : "the duration must be whole milliseconds";
  });
}

/** Milliseconds of whole seconds, at least one. */
export function wholeSeconds() {
  return quantity("duration", parseDuration, (value) =>
    value >= 1000 && value % 1000 === 0 ? null : "the duration must be whole seconds\nfor example 5s",
  );
}

/** Bytes. */
export function size(minBytes: number, maxBytes: number) {
  return quantity("size", parseSize, (value) =>
    value >= minBytes && value <= maxBytes ? null : `the size must be from ${minBytes} to ${maxBytes} bytes`,
  );
}

export function wholeNumber(min: number, max: number) {
  return z.int().min(min).max(max);
}

/** What to plant, as text (`verify/plant.ts`). */
export function plantedErrors() {
  return z.string().superRefine((text, context) => {
    const parsed = parsePlant(text);
    if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.message });
  });
}
