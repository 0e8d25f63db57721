import { existsSync } from "node:fs";
import type { PlantedError } from "../measure/planter.ts";
import type { Reason, VerifySummary } from "../sweep/model.ts";
import { PLANT_KINDS, type Plant, type PlantKind, plantText } from "../verify/plant.ts";
import type { FetchUnmatched } from "../verify/unmatched.ts";
import { readJson } from "./results-folder.ts";

/** `raw/<run>/planted.json`, written by the observer at its end. */
export interface PlantedFile {
  readonly planted: readonly PlantedError[];
  /** Kinds that have no meaning for the query. */
  readonly impossible: readonly PlantKind[];
  /** Errors for which too few outputs came. */
  readonly left: number;
}

/** What was planted into a run; null when the observer did not come to say it. */
export function readPlanted(file: string): PlantedFile | null {
  return existsSync(file) ? (readJson(file) as PlantedFile) : null;
}

/** Why a planted run is no measurement, whatever was found: what was planted, and what the verifier found. */
export function plantedReason(asked: string, file: PlantedFile | null, verified: VerifySummary | null): Reason {
  const parts = [file === null ? `${asked} were asked for` : `${plantText(countsOf(file))} (asked for: ${asked})`];
  if (file !== null && file.impossible.length > 0) parts.push(`${file.impossible.join(", ")} has no meaning here`);
  if (file !== null && file.left > 0) parts.push(`${file.left} not planted, because too few outputs came`);
  if (verified !== null) parts.push(`found: ${foundText(verified)}`);
  return {
    code: "guarantee-violated",
    message: `PLANTED errors: ${parts.join("; ")}`,
    hint: "verify.plant put these errors there on purpose: this run tests the verifier and measures nothing.",
  };
}

/** As `fetch`, but with the records that were altered or forged as the verifier saw them, not as they are in the topic. */
export function withPlanted(fetch: FetchUnmatched, file: PlantedFile | null): FetchUnmatched {
  const changed = new Map((file?.planted ?? []).map((error) => [`${error.partition}:${error.offset}`, error.value]));
  return async (places) =>
    (await fetch(places)).map((record) => {
      const value = changed.get(`${record.partition}:${record.offset}`);
      return value === undefined ? record : { ...record, value };
    });
}

function countsOf({ planted }: PlantedFile): Plant {
  const count = (kind: PlantKind) => planted.filter((error) => error.kind === kind).length;
  return Object.fromEntries(PLANT_KINDS.map((kind) => [kind, count(kind)])) as Plant;
}

function foundText({ lost, duplicate, wrong, unexpected, premature, outOfOrder }: VerifySummary): string {
  const counts = { lost, duplicate, wrong, unexpected, premature, "out of order": outOfOrder };
  const found = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
  return found.length === 0 ? "nothing" : found.join(", ");
}
