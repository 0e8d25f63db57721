import { join } from "node:path";
import { isLinkFault } from "../faults/link/link-faults.ts";
import { isStoreFault } from "../faults/store/store-faults.ts";
import type { Cleanup } from "./cleanup.ts";
import { writeAtomically } from "./files.ts";
import type { RunContext } from "./run-context.ts";
import type { LinkProxyProcess, Toolbox } from "./toolbox.ts";

/**
 * The TCP link proxy of a run, started only when one of its faults breaks links, because its hop delays all of them; else null. At the
 * end what went over each link is kept in `links.jsonl`, and what each fault did to it in `link-faults.jsonl`.
 */
export async function startRunLinks(
  { config, kafka, directories, guard }: RunContext,
  tools: Toolbox,
  cleanup: Cleanup,
): Promise<LinkProxyProcess | null> {
  if (!config.faults.some(isLinkFault)) return null;
  const start = () => tools.startLinks({ broker: kafka.linkListener, logDirectory: directories.logs, guard });
  return cleanup.own("link proxy", start, async (links) => {
    try {
      await writeAtomically(join(directories.raw, "link-faults.jsonl"), jsonLines(links.effects));
      await writeAtomically(join(directories.raw, "links.jsonl"), jsonLines(await links.counters()));
    } finally {
      await links.stop();
    }
  });
}

function jsonLines(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** Control file of store faults, for runs that have some; else null: then nothing stands before the store. */
export function storeFaultsFile({ config, directories }: RunContext): string | null {
  return config.faults.some(isStoreFault) ? join(directories.logs, "store-faults.json") : null;
}
