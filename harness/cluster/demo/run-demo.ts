import { wallClockMs } from "../../../base/clock.ts";
import { EXIT, type ExitCode } from "../../../base/exit-codes.ts";
import { type ClusterFolder, clusterFolder } from "../folder.ts";
import { readRecord, recordLine } from "../record.ts";
import { endHandCluster, startHandCluster } from "../up.ts";
import { Play } from "./play.ts";
import type { Demo } from "./schema.ts";
import { Stage } from "./stage.ts";

/**
 * Plays a demo on a cluster of its own, which is down afterwards however it ends; tells what it does and sees, then the states of its jobs
 * and the verdict. Exit code 4 when something was not as it must be.
 */
export async function runDemo(
  demo: Demo,
  options: { readonly cwd: string; readonly directory: string; readonly signal: AbortSignal },
  say: (line: string) => void,
): Promise<ExitCode> {
  const folder = clusterFolder(options.cwd, options.directory);
  const beganMs = wallClockMs();
  const size = { workers: demo.workers, spares: 0, kafka: demo.kafka, zookeeper: false, zones: [], seed: 1 };
  const state = await startHandCluster(folder, size, options.signal, say);
  let play: Play;
  try {
    const stage = new Stage(folder, state, demo.window, options.signal);
    play = new Play(demo, stage, say);
    try {
      await play.perform();
    } finally {
      await stage.close();
    }
  } finally {
    await endHandCluster(folder);
  }
  tellRecord(folder, beganMs, say);
  const verdict =
    play.wrong === 0 ? `all ${play.checks} checks hold` : `${play.wrong} of ${play.checks} checks do not hold`;
  say(`\n${demo.name}: ${verdict}`);
  return play.wrong === 0 ? EXIT.ok : EXIT.runFailed;
}

/** What the cluster wrote down of workers and job states. */
function tellRecord(folder: ClusterFolder, beganMs: number, say: (line: string) => void): void {
  say("\nWhat the cluster recorded");
  for (const entry of readRecord(folder.record)) {
    if (entry.atMs >= beganMs && (entry.kind === "job" || entry.kind === "process")) say(recordLine(entry));
  }
}
