import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LagRecorder } from "../../../generators/feed/lag.ts";
import { SentLog } from "../../../generators/feed/sent-log.ts";
import { analyzeRunFully } from "../../../harness/analyze/analyze-run.ts";
import { readRunRecord } from "../../../harness/analyze/results-folder.ts";
import { runConfig } from "../../../harness/analyze/run-config.ts";
import { readMainSentTimes } from "../../../harness/analyze/sent-times.ts";
import { START_US, temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const LATENESS_US = [100, 7000] as const;

/** What two feeders write that own the even and the odd partitions: the second is late. Returns who sent each event. */
function writeSentTimes(folder: string, id: string): number[] {
  const { data, schedule } = runConfig(readRunRecord(folder, id));
  const senders: number[] = [];
  for (const cursor = data.open(); cursor.advance(); ) senders.push(cursor.partition % 2);
  for (const part of [0, 1]) {
    const blocks: Uint8Array[] = [];
    const log = new SentLog((bytes) => blocks.push(bytes));
    let reached = 0;
    senders.forEach((sender, index) => {
      if (sender !== part) return;
      log.record(reached, index + 1, START_US + Math.floor(schedule.dueNs(index) / 1000) + LATENESS_US[part]!);
      reached = index + 1;
    });
    log.flush();
    writeFileSync(join(folder, "raw", id, `sent-${part + 1}.bin`), Buffer.concat(blocks));
  }
  return senders;
}

for (const partitionRule of ["roundRobin", "auction"]) {
  describe(`two feeders, partitions by ${partitionRule}`, () => {
    const settings = { load: { rate: "2k/s", duration: "4s", feeders: 2 }, data: { partitionRule } };

    it("every event has the time of the feeder that sent it, and is counted once", async (t) => {
      const folder = temporaryFolder(t);
      const id = writeSyntheticRun(folder, { query: "q0", settings, withoutSentTimes: true });
      const senders = writeSentTimes(folder, id);
      const config = runConfig(readRunRecord(folder, id));
      const files = [1, 2].map((part) => join(folder, "raw", id, `sent-${part}.bin`));
      const sent = readMainSentTimes(files, config)!;
      senders.forEach((sender, index) => {
        const dueUs = START_US + Math.floor(config.schedule.dueNs(index) / 1000);
        assert.equal(sent.sentUs(index), dueUs + LATENESS_US[sender]!, `event ${index}`);
      });
      assert.equal(sent.sentUs(8000), null, "there is no such event");

      const { result, inputs } = await analyzeRunFully(folder, id);
      assert.equal(result.generatorLagUs.n, 6000);
      assert.equal(result.generatorLagUs.max, LATENESS_US[1]);
      const total = inputs!.reduce((sum, count) => sum + count, 0);
      assert.equal(total, 8000);
      assert.equal(readMainSentTimes([files[0]!, `${files[1]}.missing`], config), null, "half the times are no times");
    });
  });
}

it("without times of sending the lag histograms of all feeders are added up", async (t) => {
  const folder = temporaryFolder(t);
  const settings = { load: { rate: "2k/s", duration: "4s", feeders: 2 } };
  const id = writeSyntheticRun(folder, { query: "q0", settings, withoutSentTimes: true });
  for (const part of [1, 2]) {
    const file = join(folder, "raw", id, `generator-lag-${part}.hlog`);
    const recorder = new LagRecorder((text) => appendFileSync(file, text), 1_700_000_000_000);
    for (let second = 0; second < 4; second++) {
      for (let i = 0; i < 1000; i++) recorder.record(part * 1000);
      recorder.closeInterval(second, second + 1);
    }
  }
  const { result, inputs, lagLog } = await analyzeRunFully(folder, id);
  const { n, p50, p99 } = result.generatorLagUs;
  assert.equal(n, 6000);
  assert.ok(Math.abs(p50! - 1000) <= 1 && Math.abs(p99! - 2000) <= 1, `${p50} and ${p99}`);
  assert.deepEqual(inputs, [2000, 2000, 2000, 2000]);
  assert.deepEqual(
    lagLog.map(({ startSeconds }) => startSeconds),
    [0, 0, 1, 1, 2, 2, 3, 3],
  );
});
