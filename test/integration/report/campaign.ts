import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { analyzeSweep } from "../../../harness/analyze/analyze.ts";
import type { FaultRecord } from "../../../harness/faults/model.ts";
import { START_US, writeSyntheticManifest, writeSyntheticRun } from "../../harness/synthetic-run.ts";

const FAULT_US = START_US + 2_500_000;
const RECORD: FaultRecord = {
  ...{ version: 1, index: 0, kind: "kill", target: "worker/1", role: "worker-1", pid: 11 },
  ...{ requestedUs: FAULT_US - 1_000, injectedUs: FAULT_US - 1_000, observedUs: FAULT_US, observedResolutionUs: 1_200 },
  ...{ detectedUs: FAULT_US + 20_000, recoveredUs: FAULT_US + 60_000 },
  victim: { tasks: ["source/0"], recordsIn: 2_500, recordsJustBefore: 400, overMs: 400 },
  inputRead: { events: 4_600, beforeMs: 200 },
  evidence: ["process 11 is gone"],
  problem: null,
};

/** A setting that means to be part of the page. */
export const HOSTILE = `<img src=x onerror="document.title='broken'"></script><script>document.title='broken'</script>`;

/** Results of runs that never were: two rates twice, a kill, a run that cannot be read; analysed. Returns the folder and its removal. */
export async function writeCampaign(): Promise<{ readonly folder: string; readonly remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), "faultline-report-"));
  writeSyntheticManifest(folder);
  let order = 0;
  for (const rate of ["1k/s", "2k/s"]) {
    for (const repetition of [1, 2]) {
      const axes = { "load.rate": rate, variant: HOSTILE };
      const settings = { load: { rate, duration: "12s" } };
      const names = { id: `q0-${rate.slice(0, 2)}-r${repetition}`, cell: `q0-${rate.slice(0, 2)}` };
      writeSyntheticRun(folder, { ...names, query: "q0", axes, settings, repetition, order: order++ });
    }
  }
  const faults = [{ kind: "kill", target: "worker/1", at: "2500ms" }];
  const id = writeSyntheticRun(folder, {
    ...{ id: "q0-kill-r1", cell: "q0-kill", query: "q0", order, axes: { "load.rate": "2k/s", variant: "kill" } },
    settings: { recovery: "scratch", faults },
    tamper: (outputs) =>
      outputs.map((one) => (one.observedUs < FAULT_US ? one : { ...one, observedUs: one.observedUs + 300_000 })),
  });
  writeFileSync(join(folder, "raw", id, "faults.jsonl"), `${JSON.stringify(RECORD)}\n`);
  await analyzeSweep(folder);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
