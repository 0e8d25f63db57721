import { join } from "node:path";
import { runStreams } from "../config/streams.ts";
import { KillDriver } from "../faults/kill-driver.ts";
import { FaultSchedule } from "../faults/schedule.ts";
import type { Deployment } from "../systems/system.ts";
import { writeAtomically } from "./files.ts";
import type { RunContext } from "./run-context.ts";
import type { Toolbox } from "./toolbox.ts";

/** The faults of a run, ready to be started with its load; null when it has none. Their records go to `faults.jsonl`. */
export function faultsOf(context: RunContext, tools: Toolbox, deployment: Deployment): FaultSchedule | null {
  const { config, directories, events } = context;
  if (config.faults.length === 0) return null;
  const monotonicUs = () => tools.monotonicUs();
  const sleep = (ms: number, signal?: AbortSignal) => tools.sleep(ms, signal);
  return new FaultSchedule({
    faults: config.faults,
    surface: deployment.faults ?? null,
    counters: () => deployment.counters(),
    sources: runStreams(config).map(({ name }) => name),
    driver: () => new KillDriver({ monotonicUs, sleep, kill: (pid, signal) => process.kill(pid, signal) }),
    monotonicUs,
    sleep,
    notice: (text) => events.notice(text),
    write: (records) => {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      return writeAtomically(join(directories.raw, "faults.jsonl"), lines);
    },
  });
}
