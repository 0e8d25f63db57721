import { existsSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../../base/errors.ts";

/** Results whose raw data are gone cannot be made again: to write runs.jsonl anew would lose them. Throws `results-unreadable`. */
export function refuseLoss(directory: string, finished: ReadonlyMap<string, unknown>): void {
  const lost = [...finished.keys()].filter((id) => !existsSync(join(directory, "raw", id, "run.json")));
  if (lost.length === 0) return;
  const shown = `${lost.slice(0, 3).join(", ")}${lost.length > 3 ? ", …" : ""}`;
  throw new FaultlineError(
    "results-unreadable",
    `${directory}: raw/ has no data of ${lost.length} of ${finished.size} runs in runs.jsonl (${shown})`,
    {
      hint: "Their results would be lost. Bring raw/ back; or move runs.jsonl away, to go on without these runs.",
    },
  );
}
