import { z } from "zod";
import { ECHO_QUERY } from "../systems/echo/echo.ts";

/** The load of the canary: small, and the same everywhere, so that it can be compared between campaigns too. */
const LOAD = { rate: "1k/s", duration: "10s" } as const;
const WARMUP = "3s";

/** One more cell that does not run what is compared: when it moves, the machine has moved. */
export const canary = z
  .enum(["none", "echo"])
  .default("none")
  .describe(
    `echo: adds the cell \`canary\` to every block, ${LOAD.duration} of a bare echo (system: echo) at ${LOAD.rate} that runs none of the code under test. It moves when the machine does, and is in no mean and no figure.`,
  );

/** What belongs to the whole sweep, and so to this cell too. */
const SHARED = ["name", "description", "repetitions", "seed", "kafka", "limits", "canary"];

/** The canary's own config, as somebody would have written it; null without a canary. */
export function canaryCell(raw: Readonly<Record<string, unknown>>): Record<string, unknown> | null {
  if (raw.canary !== "echo") return null;
  const shared = Object.fromEntries(Object.entries(raw).filter(([key]) => SHARED.includes(key)));
  return { ...shared, query: ECHO_QUERY, system: "echo", load: LOAD, warmup: WARMUP };
}
