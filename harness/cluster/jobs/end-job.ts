import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import type { ClusterFolder } from "../folder.ts";
import { runningCluster } from "../state.ts";
import { presentJob, withCoordinator } from "./client.ts";

const END_MS = 60_000;
const ENDED: readonly string[] = ["finished", "failed", "cancelled"];

/** Lets the present job finish what is there (`drain`), or stops it (`cancel`); resolves when it has ended. */
export async function endHandJob(
  folder: ClusterFolder,
  how: "drain" | "cancel",
  wanted: string | undefined,
): Promise<{ readonly jobId: string; readonly state: string }> {
  const { jobId, state } = await presentJob(folder, wanted);
  if (ENDED.includes(state)) {
    throw new FaultlineError("usage", `job ${jobId} has ended already: ${state}`);
  }
  return withCoordinator(runningCluster(folder).coordinator, async (client) => {
    // `cancelled` and `failed` are what may be meant: they are told, not thrown.
    const ended = new Promise<string>((resolve, reject) => {
      const limit = setTimeout(() => reject(notEnded(jobId, how)), END_MS);
      client.onState((message) => {
        if (message.jobId !== jobId || !ENDED.includes(message.state)) return;
        clearTimeout(limit);
        resolve(message.state);
      });
      void client.lost.then(reject);
    });
    if (how === "drain") client.drain(jobId);
    else client.cancel(jobId);
    return { jobId, state: await ended };
  });
}

function notEnded(jobId: string, how: string): FaultlineError {
  const hint =
    how === "drain" ? `A socket ends when its peer closes it; ${benchLine`cluster cancel`} ends the job now.` : "";
  return new FaultlineError("run-failed", `job ${jobId} has not ended ${END_MS / 1000} s after ${how}`, { hint });
}
