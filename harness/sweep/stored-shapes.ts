import { z } from "zod";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError } from "../../base/errors.ts";
import type { RunResult } from "./model.ts";
import type { Manifest } from "./store.ts";

/** What is read of every manifest, by whatever version it was written. What later versions added may be absent. */
const manifestSchema = z.looseObject({
  version: z.literal(1),
  kind: z.literal("capacity").optional(),
  name: z.string(),
  createdAt: z.string(),
  cells: z.record(z.string(), z.unknown()),
  configHash: z.string(),
  configText: z.string(),
  overrides: z.array(z.string()),
  order: z.array(z.looseObject({ id: z.string(), cell: cellSchema() })),
  provenance: z.looseObject({ faultline: z.string() }),
});

const measured = z.number().nullable();
const latencySchema = z.looseObject({
  p50: measured,
  p90: measured,
  p99: measured,
  p999: measured,
  max: measured,
  n: z.number(),
});

const runResultSchema = z.looseObject({
  version: z.literal(1),
  run: z.looseObject({ id: z.string(), cell: cellSchema(), order: z.number(), block: z.number() }),
  state: z.enum(["valid", "invalid", "failed"]),
  reasons: z.array(z.looseObject({ code: z.string(), message: z.string() })),
  query: z.string(),
  system: z.string(),
  offeredPerSecond: measured,
  achievedInputPerSecond: measured,
  latencyUs: latencySchema,
  generatorLagUs: latencySchema,
  resources: z.record(z.string(), z.looseObject({})),
});

function cellSchema() {
  return z.looseObject({ id: z.string(), axes: z.record(z.string(), z.unknown()) });
}

/** The manifest in the file `path`. Throws `results-unreadable` for that of another version, and for what is none. */
export function asManifest(value: unknown, path: string): Manifest {
  refuseOtherVersion(value, path);
  const checked = manifestSchema.safeParse(value);
  if (checked.success) return value as Manifest;
  throw new FaultlineError("results-unreadable", `${path} is no manifest of a sweep: ${problemOf(checked.error)}`, {
    hint: "Give a folder that a sweep wrote its results to.",
  });
}

/** A line of `runs.jsonl`; `place` names it. Throws `results-unreadable`. */
export function asRunResult(value: unknown, place: string, folder: string): RunResult {
  refuseOtherVersion(value, place);
  const checked = runResultSchema.safeParse(value);
  if (checked.success) return value as RunResult;
  throw new FaultlineError("results-unreadable", `${place} is no result of a run: ${problemOf(checked.error)}`, {
    hint: `Where raw/ is still there, ${benchLine`analyze ${folder}`} writes the file anew.`,
  });
}

/** Is it a result that `asRunResult` takes? */
export function isRunResult(value: unknown): value is RunResult {
  return runResultSchema.safeParse(value).success;
}

/** Throws `results-unreadable` for what says that it is of another version. */
export function refuseOtherVersion(value: unknown, place: string): void {
  if (typeof value !== "object" || value === null || !("version" in value) || value.version === 1) return;
  throw new FaultlineError(
    "results-unreadable",
    `${place} is of version ${JSON.stringify(value.version)}; 1 is known`,
    {
      hint: "Use the Faultline that wrote it, or run the sweep again.",
    },
  );
}

/** The first thing that is wrong: `order is missing`. */
function problemOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  const path = issue?.path.join(".") ?? "";
  if (path === "") return "it is no JSON object";
  return issue!.message.includes("received undefined") ? `${path} is missing` : `${path}: ${issue!.message}`;
}
