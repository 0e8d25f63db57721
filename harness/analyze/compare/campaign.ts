import { join } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import type { RunResult } from "../../sweep/model.ts";
import { type Manifest, readManifest } from "../../sweep/store.ts";
import { readJsonLines } from "../results-folder.ts";

/** A results folder as a comparison sees it. */
export interface Campaign {
  readonly folder: string;
  readonly manifest: Manifest;
  /** The last line of every run. */
  readonly results: readonly RunResult[];
}

/** Throws `results-unreadable` for what is no results folder of a sweep. */
export async function readCampaign(folder: string): Promise<Campaign> {
  const manifest = await readManifest(folder);
  if (manifest === null) {
    throw new FaultlineError("results-unreadable", `${folder} has no manifest.json`, {
      hint: "Give the folder that a sweep wrote its results to.",
    });
  }
  const byRun = new Map(readJsonLines<RunResult>(join(folder, "runs.jsonl")).map((result) => [result.run.id, result]));
  return { folder, manifest, results: [...byRun.values()] };
}
