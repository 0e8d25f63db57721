import { randomInt } from "node:crypto";

const MAX_START = 1_000_000;

/**
 * The seed from which a campaign looks for a planted defect: the same every time, so that a test says the same of the same code; with
 * FAULTLINE_CANARY_START another one, or a random one (`random`), to look anywhere.
 */
export function canaryStart(what: string): number {
  const wanted = process.env.FAULTLINE_CANARY_START;
  if (wanted === "random") return randomInt(MAX_START);
  if (wanted !== undefined) return Number(wanted);
  return [...what].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % MAX_START, 7);
}
