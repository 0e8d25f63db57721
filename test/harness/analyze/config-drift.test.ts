import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { analyzeRun } from "../../../harness/analyze/analyze-run.ts";
import { temporaryFolder, writeSyntheticRun } from "../synthetic-run.ts";

const setting = "run.out: message.timestamp.type";
const asAsked = { setting: "run.out: partitions", asked: "4", found: "4" };

describe("settings that were read back", () => {
  it("make a run invalid that was not what its config says, and only those that differ are told", async (t) => {
    const folder = temporaryFolder(t);
    const readBack = [asAsked, { setting, asked: "LogAppendTime", found: "CreateTime" }];
    const id = writeSyntheticRun(folder, { query: "q0", change: { readBack } });
    const { state, reasons } = await analyzeRun(folder, id);
    assert.equal(state, "invalid");
    assert.deepEqual(
      reasons.map(({ code, message }) => `${code}: ${message}`),
      [`config-drift: ${setting} is CreateTime, not LogAppendTime`],
    );
  });

  it("say nothing when all are as asked, nor in records that have none", async (t) => {
    const folder = temporaryFolder(t);
    for (const change of [{ readBack: [asAsked] }, {}]) {
      const id = writeSyntheticRun(folder, { query: "q0", change });
      assert.deepEqual((await analyzeRun(folder, id)).reasons, []);
    }
  });
});
