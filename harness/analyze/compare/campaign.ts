import type { RunResult } from "../../sweep/model.ts";
import { noResults } from "../../sweep/no-results.ts";
import { type Manifest, readManifest } from "../../sweep/store.ts";
import { readRunResults } from "../results-folder.ts";

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
  if (manifest === null) throw noResults(folder);
  return { folder, manifest, results: readRunResults(folder) };
}
