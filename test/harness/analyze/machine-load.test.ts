import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { analyzeRun } from "../../../harness/analyze/analyze-run.ts";
import { machineLoad } from "../../../harness/analyze/machine-load.ts";
import { readMachineUsage } from "../../../harness/measure/proc-stat.ts";
import { machineFile } from "../../../harness/measure/sampler.ts";
import { START_US, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const WINDOW = { fromUs: 1_000_000, toUs: 5_000_000, seconds: 4, firstEvent: 0, endEvent: 0 };
const WORKER = { cpuSeconds: 2, cpuPercent: 50, rssPeakBytes: 1 };

describe("what others take of the machine", () => {
  it("is its busy time in the measured window less that of the run's own processes", () => {
    const samples = [
      { atUs: 500_000, busyMs: 0, stolenMs: 0 }, // before the window
      { atUs: 1_000_000, busyMs: 10_000, stolenMs: 40 },
      { atUs: 3_000_000, busyMs: 11_000, stolenMs: 40 },
      { atUs: 5_000_000, busyMs: 13_200, stolenMs: 80 },
      { atUs: 6_000_000, busyMs: 99_000, stolenMs: 999 },
    ];
    assert.deepEqual(machineLoad(samples, { worker: WORKER }, WINDOW), {
      machine: { foreignCpuPercent: 30, stolenCpuPercent: 1 },
    });
    assert.equal(machineLoad(samples, { worker: WORKER, feeder: WORKER }, WINDOW).machine?.foreignCpuPercent, 0);
  });

  it("is not known without two samples in the window: then nothing is said", () => {
    assert.deepEqual(machineLoad([], {}, WINDOW), {});
    assert.deepEqual(machineLoad([{ atUs: 2_000_000, busyMs: 1, stolenMs: 0 }], {}, WINDOW), {});
    assert.deepEqual(machineLoad([{ atUs: 2_000_000, busyMs: 1, stolenMs: 0 }], {}, null), {});
  });

  it("is read from the first line of /proc/stat, idle time and waiting for disks left out", () => {
    const text = "cpu  100 20 300 9999 8888 4 6 7 55 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";
    assert.deepEqual(
      readMachineUsage(() => text),
      { busyMs: 4_300, stolenMs: 70 },
    );
    assert.equal(
      readMachineUsage(() => null),
      null,
    );
  });

  it("makes a run invalid above the limit, and where there is a limit and nothing was measured", async (t) => {
    const folder = temporaryFolder(t);
    const settings = { limits: { minSamples: 1, foreignCpu: 0.5 } };
    const id = writeSyntheticRun(folder, { query: "q0", settings });
    const codes = async () => (await analyzeRun(folder, id)).reasons.map(({ code, message }) => `${code}: ${message}`);
    assert.deepEqual(await codes(), ["resource-foreign: what others took of the machine was not measured"]);
    const sample = (seconds: number, busyMs: number) =>
      appendFileSync(
        machineFile(join(folder, "raw", id)),
        `${JSON.stringify({ atUs: START_US + seconds * 1e6, busyMs, stolenMs: 0 })}\n`,
      );
    sample(1, 0);
    sample(4, 9_000);
    assert.match((await codes()).join(), /^resource-foreign: processes .* used \d\.\d\d cores, more than 0\.5$/);
    sample(4, 100); // the last one before the end of the window counts
    assert.deepEqual(await codes(), []);
  });
});
