import assert from "node:assert/strict";
import { it } from "node:test";
import { resolveText } from "../../../../harness/config/load.ts";
import { deployConfig } from "../../../../harness/sweep/deploy-config.ts";
import { jobOptionsOf } from "../../../../harness/systems/bundled/job-of-query.ts";

it("what a config says of the engine reaches the job", () => {
  const text = `query: q5
load: {rate: 1k/s, duration: 30s}
engine: {bufferTimeout: 5ms, watermarkInterval: 20ms, watermarkAlignment: 1s, fetchRest: 2ms, deployTimeout: 20s, workersWait: 3s}
`;
  assert.deepEqual(jobOptionsOf(deployConfig(resolveText(text, "o.yaml", []).config).engine), {
    bufferTimeoutUs: 5_000,
    watermarkIntervalUs: 20_000,
    watermarkAlignmentMs: 1_000,
    fetchRestMs: 2,
    deployTimeoutUs: 20_000_000,
    workersWaitUs: 3_000_000,
  });
});
