import { connect, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import type { LivenessToCoordinator } from "../cluster/messages.ts";
import { frameMessage } from "./message-assembler.ts";
import { parseAddress } from "./tcp-connection.ts";

/** What the thread gets as `workerData`. `counter[0]`: turns of the main loop, modulo 2^32. */
export interface LivenessThreadSpec {
  readonly worker: string;
  readonly coordinator: string;
  readonly intervalUs: number;
  readonly counter: Int32Array;
}

/** Sends `alive` every interval over a connection of its own; a lost one is made again, at most once an interval. */
function run({ worker, coordinator, intervalUs, counter }: LivenessThreadSpec): void {
  let socket: Socket | null = null;
  const beat = () => {
    if (socket === null) {
      const opened = connect(parseAddress(coordinator));
      opened.setNoDelay(true);
      // A refused or broken connection is what the coordinator sees too; here it only means: try again at the next beat.
      opened.on("error", () => {});
      opened.on("close", () => {
        if (socket === opened) socket = null;
      });
      opened.resume();
      socket = opened;
    }
    const message: LivenessToCoordinator = { type: "alive", worker, progress: Atomics.load(counter, 0) >>> 0 };
    for (const part of frameMessage(Buffer.from(JSON.stringify(message)), null)) socket.write(part);
  };
  beat();
  const beats = setInterval(beat, Math.max(1, Math.round(intervalUs / 1000)));
  parentPort?.once("message", () => {
    clearInterval(beats);
    socket?.destroy();
  });
}

run(workerData as LivenessThreadSpec);
