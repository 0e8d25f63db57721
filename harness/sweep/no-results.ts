import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FaultlineError } from "../../base/errors.ts";
import { nearest } from "../config/nearest.ts";

const MOST_NAMES = 5;

/** Why a folder without a manifest holds no results, and what was probably meant. `folder`: absolute. */
export function noResults(folder: string): FaultlineError {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return error(`there is no folder ${folder}`, similarFolder(folder));
  if (!found.isDirectory()) {
    return error(`${folder} is a file, and results are a folder`, "Give the folder that a sweep wrote its results to.");
  }
  const within = namesIn(folder).filter((name) => existsSync(join(folder, name, "manifest.json")));
  const shown = `${within.slice(0, MOST_NAMES).join(", ")}${within.length > MOST_NAMES ? ", …" : ""}`;
  return error(
    `${folder} has no manifest.json`,
    within.length === 0
      ? "Give the folder that a sweep wrote its results to."
      : `Results are in folders of it: ${shown}.`,
  );
}

function similarFolder(folder: string): string {
  const meant = nearest(basename(folder), namesIn(dirname(folder)));
  return meant === null
    ? "Paths count from the current directory; sweeps write below reports/, or where --out says."
    : `Did you mean ${join(dirname(folder), meant)}?`;
}

/** [] where nobody may look. */
function namesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return []; // it only makes a hint better
  }
}

function error(message: string, hint: string): FaultlineError {
  return new FaultlineError("results-unreadable", message, { hint });
}
