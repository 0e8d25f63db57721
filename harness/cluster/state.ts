import { readFileSync, rmSync } from "node:fs";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import { isRunning, type ProcessIdentity } from "../services/process-identity.ts";
import type { ClusterFolder } from "./folder.ts";

/** What commands must know to find a cluster that runs: `cluster.json` in its folder. */
export interface ClusterState {
  readonly version: 1;
  /** The process in the background to which all others belong. */
  readonly keeper: ProcessIdentity;
  /** Where it listens for commands, `host:port`. */
  readonly control: string;
  readonly coordinator: string;
  /** Of the private Kafka; empty: there is none. */
  readonly brokers: readonly string[];
  /** A ZooKeeper elects leaders among the workers. */
  readonly zookeeper: boolean;
  /** Workers that jobs are to run on, spare ones not counted. */
  readonly workers: number;
  readonly startedMs: number;
}

/** The cluster that runs from this folder; null when none does. A file that a dead one left is removed. */
export function readState(folder: ClusterFolder): ClusterState | null {
  let text: string;
  try {
    text = readFileSync(folder.state, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
  const state = parseState(text);
  if (state !== null && isRunning(state.keeper)) return state;
  rmSync(folder.state, { force: true });
  return null;
}

/** The cluster that runs from this folder; `cluster-missing` when none does. */
export function runningCluster(folder: ClusterFolder): ClusterState {
  const state = readState(folder);
  if (state !== null) return state;
  throw new FaultlineError("cluster-missing", "no cluster runs here", {
    hint: `Start one with ${benchLine`cluster up`}, or name its folder with --dir.`,
  });
}

function parseState(text: string): ClusterState | null {
  try {
    const state = JSON.parse(text) as ClusterState;
    return state.version === 1 ? state : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null; // whoever wrote it died meanwhile
    throw error;
  }
}
