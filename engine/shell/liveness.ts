import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker as Thread } from "node:worker_threads";
import type { LivenessThreadSpec } from "./liveness-main.ts";

/** How often, within one interval of liveness messages, the main loop shows that it turns. */
const TURNS_PER_INTERVAL = 4;

/**
 * Starts the second thread, which tells the coordinator every `intervalUs` that the process lives and how often the main loop has
 * turned so far: a long step stops the count but not the messages. `onFailed` is called when the thread ends on its own.
 */
export function startLiveness(
  spec: {
    readonly worker: string;
    readonly coordinator: string;
    readonly intervalUs: number;
    /** What the core has done so far. */
    readonly progress: () => number;
  },
  onFailed: (error: Error) => void,
): { stop(): void } {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  let turnCount = 0;
  const showTurn = () => Atomics.store(counter, 0, spec.progress() + ++turnCount);
  const turns = setInterval(showTurn, Math.max(1, spec.intervalUs / 1000 / TURNS_PER_INTERVAL));
  const entry = new URL(`./liveness-main${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
  const { worker, coordinator, intervalUs } = spec;
  const workerData: LivenessThreadSpec = { worker, coordinator, intervalUs, counter };
  const thread = new Thread(entry, { workerData });
  let stopped = false;
  thread.on("error", (error) => {
    if (!stopped) onFailed(error);
  });
  turns.unref();
  thread.unref();
  return {
    stop() {
      stopped = true;
      clearInterval(turns);
      thread.postMessage("stop");
    },
  };
}
