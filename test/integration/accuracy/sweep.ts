import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wallClockMs } from "../../../base/clock.ts";
import { resolveText } from "../../../harness/config/load.ts";
import { silenceNegativeTimeouts } from "../../../harness/services/kafka/kafkajs-warnings.ts";
import { buildManifest } from "../../../harness/sweep/manifest.ts";
import type { RunRecord, RunResult } from "../../../harness/sweep/model.ts";
import { planSweep } from "../../../harness/sweep/plan.ts";
import { readProvenance } from "../../../harness/sweep/provenance.ts";
import { ResultsStore } from "../../../harness/sweep/store.ts";
import { runSweep } from "../../../harness/sweep/sweep.ts";
import type { Toolbox } from "../../../harness/sweep/toolbox.ts";

export interface Measured {
  readonly result: RunResult;
  readonly record: RunRecord;
}

export interface SweepRun {
  readonly directory: string;
  /** By the name of the system. */
  readonly runs: ReadonlyMap<string, Measured>;
  remove(): void;
}

/** Runs a config with real processes, as `bench sweep` does, into a directory that `remove` removes. */
export async function sweep(config: unknown, toolbox: Toolbox): Promise<SweepRun> {
  silenceNegativeTimeouts();
  const directory = mkdtempSync(join(tmpdir(), "faultline-accuracy-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const resolved = resolveText(JSON.stringify(config), "accuracy.yaml", []);
  const plan = planSweep(resolved);
  const provenance = await readProvenance(null);
  const facts = { provenance, createdMs: wallClockMs(), cwd: directory, pid: process.pid };
  const { store, manifest } = await ResultsStore.open(directory, buildManifest(resolved, plan, facts));
  const signal = new AbortController().signal;
  try {
    const { results } = await runSweep({ sweep: resolved, store, manifest, toolbox, events: silence, signal });
    const runs = results.map((result) => {
      const file = join(directory, "raw", result.run.id, "run.json");
      const record = JSON.parse(readFileSync(file, "utf8")) as RunRecord;
      return [result.system, { result, record }] as const;
    });
    return { directory, runs: new Map(runs), remove };
  } catch (error) {
    remove();
    throw error;
  } finally {
    await store.close();
  }
}

const silence = {
  planned() {},
  notice() {},
  runStarted() {},
  phase() {},
  fed() {},
  observed() {},
  faultStruck() {},
  runEnded() {},
};
