import { randomInt } from "node:crypto";

const MAX_START = 1_000_000;

/** The seed from which a campaign looks for a planted defect: a random one, because it must show from anywhere; FAULTLINE_CANARY_START repeats a start. */
export function canaryStart(): number {
  const wanted = process.env.FAULTLINE_CANARY_START;
  return wanted === undefined ? randomInt(MAX_START) : Number(wanted);
}
