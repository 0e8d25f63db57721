import { Random } from "../../base/random.ts";
import type { Election, World } from "../ports.ts";
import { FileStore } from "./file-store.ts";
import { httpCallOut } from "./http-call-out.ts";
import { LocalFiles } from "./local-files.ts";
import { machineFiles } from "./machine-files.ts";
import { machineLog } from "./machine-log.ts";
import { machineScratch } from "./machine-scratch.ts";
import { machineClock, machineTimers } from "./machine-timers.ts";
import type { ProcessShell } from "./process-shell.ts";
import type { TcpNetwork } from "./tcp-network.ts";

/** The world of one real process. */
export function machineWorld(options: {
  readonly name: string;
  readonly seed: number;
  readonly storeDirectory: string;
  readonly localDirectory?: string;
  readonly scratchDirectory?: string;
  readonly network: TcpNetwork;
  readonly shell: ProcessShell;
  readonly election?: Election;
}): World {
  const { localDirectory } = options;
  const log = machineLog(options.name);
  options.shell.beforeExit(() => options.network.close());
  options.shell.beforeExit(() => log.close());
  return {
    clock: machineClock,
    timers: machineTimers,
    random: new Random(options.seed),
    network: options.network,
    log,
    store: new FileStore(options.storeDirectory),
    ...(localDirectory === undefined ? {} : { localStore: new LocalFiles(localDirectory, options.storeDirectory) }),
    ...(options.scratchDirectory === undefined ? {} : { scratch: machineScratch(options.scratchDirectory) }),
    ...(options.election === undefined ? {} : { election: options.election }),
    processes: options.shell,
    journal: options.shell.journal,
    callOut: httpCallOut,
    files: machineFiles,
  };
}
