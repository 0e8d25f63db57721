import type { FaultKind } from "../faults/schema.ts";

/** How a kind of fault is told of: what was done to its target, and what the harness then saw. */
interface Words {
  readonly struck: string;
  readonly seen: string;
  /** It takes a process of the system's away, so that the system must notice. */
  readonly mustBeNoticed: boolean;
}

const gone = (struck: string, mustBeNoticed: boolean): Words => ({ struck, seen: "seen gone", mustBeNoticed });
const lasting = (struck: string, seen: string): Words => ({ struck, seen, mustBeNoticed: false });

export const FAULT_WORDS: Readonly<Record<FaultKind, Words>> = {
  kill: gone("was killed (SIGKILL)", true),
  terminate: gone("was asked to end (SIGTERM)", true),
  pause: lasting("was made to stand still (SIGSTOP)", "seen standing still"),
  cpu: lasting("was held to a CPU quota", "seen held back"),
  brokerKill: gone("was killed (SIGKILL)", false),
  brokerPause: lasting("was made to stand still (SIGSTOP)", "seen standing still"),
  brokerRestart: gone("was shut down in good order", false),
  delay: lasting("had everything on its link delayed", "seen"),
  rate: lasting("had its link throttled", "seen"),
  blackhole: lasting("had everything on its link swallowed", "seen"),
  partition: lasting("was cut off", "seen"),
  reset: lasting("had its connections reset", "seen"),
  storeSlow: lasting("got a slow checkpoint store", "seen"),
  storeFail: lasting("got a checkpoint store that fails", "seen"),
};
