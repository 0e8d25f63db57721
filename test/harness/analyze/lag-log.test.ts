import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LagRecorder } from "../../../generators/feed/lag.ts";
import { analyzeRunFully } from "../../../harness/analyze/analyze-run.ts";
import { readLagLog, sentBetween } from "../../../harness/analyze/lag-log.ts";
import { histogramLog } from "../../../harness/report/histogram-log.ts";
import { temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

/** What the feeder writes for 2,000 events a second over 4 s: lag 50 ms in the first second, 1 ms afterwards. */
function writeLagLog(file: string): void {
  writeFileSync(file, "");
  const recorder = new LagRecorder((text) => appendFileSync(file, text), 1_700_000_000_000);
  for (let interval = 0; interval < 8; interval++) {
    for (let i = 0; i < 1_000; i++) recorder.record(interval < 2 ? 50_000 : 1_000);
    recorder.closeInterval(interval / 2, (interval + 1) / 2);
  }
  appendFileSync(file, "Tag=generator-lag,9.0,0.5,1.0,torn");
}

describe("the feeder's own histogram log", () => {
  it("gives lag and achieved rate of the measured window, without the warm-up", async (t) => {
    const folder = temporaryFolder(t);
    const id = writeSyntheticRun(folder, { query: "q0", withoutSentTimes: true });
    writeLagLog(join(folder, "raw", id, "generator-lag.hlog"));
    const analysis = await analyzeRunFully(folder, id);
    const { generatorLagUs, achievedInputPerSecond, state, uncorrectedLatencyUs } = analysis.result;
    assert.equal(state, "valid");
    assert.equal(generatorLagUs.n, 6_000);
    assert.ok(Math.abs(generatorLagUs.p99! - 1_000) <= 1);
    assert.equal(achievedInputPerSecond, 2_000);
    assert.equal(uncorrectedLatencyUs.n, 0, "not measured without times of sending");
    assert.deepEqual(analysis.inputs, [2_000, 2_000, 2_000, 2_000]);
    assert.equal([...histogramLog(analysis).matchAll(/^Tag=generator-lag,/gm)].length, 8);
  });

  it("an interval that lies partly in a stretch counts by its share", (t) => {
    const file = join(temporaryFolder(t), "lag.hlog");
    writeLagLog(file);
    assert.equal(sentBetween(readLagLog(file, 4), 0.25, 1), 1_500);
    // The last interval ends at 4 s, its last event was due at 3.7 s and at most 1 ms late.
    const early = readLagLog(file, 3.7).at(-1)!;
    assert.ok(Math.abs(early.sentUntilSeconds - 3.701) < 1e-5);
    assert.equal(sentBetween([early], 0, 3.75), 1_000);
    assert.deepEqual(readLagLog(`${file}.missing`, 4), []);
  });
});
