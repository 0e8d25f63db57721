import { join } from "node:path";
import { loadFacts } from "../config/fault-checks.ts";
import { runStreams } from "../config/streams.ts";
import { machineGroupFiles } from "../faults/cpu-group.ts";
import { driverOf, type KindParts } from "../faults/kinds.ts";
import { portAnswers } from "../faults/port-answers.ts";
import { FaultSchedule } from "../faults/schedule.ts";
import { processesAt } from "../faults/targets.ts";
import type { JobShape } from "../systems/job-shape.ts";
import type { Deployment } from "../systems/system.ts";
import { writeAtomically } from "./files.ts";
import type { RunContext } from "./run-context.ts";
import type { Toolbox } from "./toolbox.ts";

/** What faults reach besides the processes of the system under test. */
export interface FaultAccess {
  /** The link proxy of the run; absent: its links cannot be broken. */
  readonly links?: KindParts["links"];
  /** Control file of the system's checkpoint store; absent: it cannot be broken. */
  readonly storeFaults?: string | null;
  /** Which tasks are replicas of which. */
  readonly vertices: JobShape["vertices"];
  /** A process that was started to take the place of a broken one. */
  started(role: string, pid: number): void;
}

/** The faults of a run, ready to be started with its load; null when it has none. Their records go to `faults.jsonl`. */
export function faultsOf(
  context: RunContext,
  tools: Toolbox,
  deployment: Deployment,
  access: FaultAccess,
): FaultSchedule | null {
  const { config, directories, events, kafka, run } = context;
  if (config.faults.length === 0) return null;
  const parts = kindParts(context, tools, deployment, access);
  return new FaultSchedule({
    faults: config.faults,
    load: loadFacts(config),
    // Repetitions differ, so that what is left to chance does; cells are struck alike.
    seed: (config.seed + Math.imul(run.repetition, 0x27d4eb2f)) >>> 0,
    surface: deployment.faults ?? null,
    counters: () => deployment.counters(),
    vertices: access.vertices,
    sources: runStreams(config).map(({ name }) => name),
    driver: (fault, seed) => driverOf(fault, parts, seed),
    brokerPid: () => kafka.broker?.pid ?? null,
    monotonicUs: parts.monotonicUs,
    sleep: (ms, signal) => tools.sleep(ms, signal),
    notice: (text) => events.faultStruck(text),
    write: (records) => {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      return writeAtomically(join(directories.raw, "faults.jsonl"), lines);
    },
  });
}

function kindParts(
  { guard, kafka }: RunContext,
  tools: Toolbox,
  { faults }: Deployment,
  { links = null, storeFaults = null, started }: FaultAccess,
): KindParts {
  return {
    monotonicUs: () => tools.monotonicUs(),
    sleep: (ms) => tools.sleep(ms),
    kill: (pid, signal) => process.kill(pid, signal),
    files: machineGroupFiles,
    prefix: `faultline-${process.pid}`,
    guard,
    broker: kafka.broker ?? null,
    answers: portAnswers,
    started: (pid) => started("broker", pid),
    links,
    processesAt: (end) => processesAt(end, faults?.places() ?? []),
    controlFile: storeFaults,
  };
}
