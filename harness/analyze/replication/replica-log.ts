import { FaultlineError } from "../../../base/errors.ts";
import type { ReplicaHeader, ReplicaLook } from "../../sweep/replica-watch.ts";
import type { ReplicaLossRecord } from "../../systems/system.ts";
import { readJsonLines } from "../results-folder.ts";

/** What a run with replicas left of them, in time order. */
export interface ReplicaLog {
  readonly header: ReplicaHeader;
  readonly looks: readonly ReplicaLook[];
  readonly losses: readonly ReplicaLossRecord[];
}

/** null: the run had no replicas, or left nothing of them. Throws `results-unreadable`. */
export function readReplicaLog(files: { readonly replicas: string; readonly losses: string }): ReplicaLog | null {
  const [header, ...looks] = readJsonLines<ReplicaHeader | ReplicaLook>(files.replicas);
  if (header === undefined) return null;
  if (!("version" in header) || header.version !== 1) {
    throw new FaultlineError("results-unreadable", `${files.replicas} does not begin with a header of version 1`);
  }
  const byTime = (a: { readonly atUs: number }, b: { readonly atUs: number }) => a.atUs - b.atUs;
  const losses = readJsonLines<ReplicaLossRecord>(files.losses).sort(byTime);
  return { header, looks: (looks as ReplicaLook[]).sort(byTime), losses };
}
