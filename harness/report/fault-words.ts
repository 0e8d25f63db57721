import type { FaultKind } from "../faults/schema.ts";

/** How a kind of fault is told of: what was done to its target, and what the harness then saw. */
interface Words {
  readonly struck: string;
  /** Who that was: a process, or something between or beside processes. */
  readonly subject: "process" | "link" | "store";
  readonly seen: string;
  /** It takes a process of the system's away, so that the system must notice. */
  readonly mustBeNoticed: boolean;
}

const process = { subject: "process" } as const;
const unnoticed = { seen: "seen", mustBeNoticed: false } as const;
const gone = (struck: string, mustBeNoticed: boolean) => ({ ...process, struck, seen: "seen gone", mustBeNoticed });
const lasting = (struck: string, seen: string) => ({ ...process, struck, seen, mustBeNoticed: false });
const link = (struck: string): Words => ({ ...unnoticed, struck, subject: "link" });
const store = (struck: string): Words => ({ ...unnoticed, struck, subject: "store" });

export const FAULT_WORDS: Readonly<Record<FaultKind, Words>> = {
  kill: gone("was killed (SIGKILL)", true),
  terminate: gone("was asked to end (SIGTERM)", true),
  pause: lasting("was made to stand still (SIGSTOP)", "seen standing still"),
  cpu: lasting("was held to a CPU quota", "seen held back"),
  brokerKill: gone("was killed (SIGKILL)", false),
  brokerPause: lasting("was made to stand still (SIGSTOP)", "seen standing still"),
  brokerRestart: gone("was shut down in good order", false),
  delay: link("was delayed"),
  rate: link("was throttled"),
  blackhole: link("carried nothing any more on the connections that were open"),
  partition: link("was cut"),
  reset: link("had its connections reset"),
  storeSlow: store("was slow"),
  storeFail: store("failed"),
};
