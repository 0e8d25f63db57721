import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { DEFAULT_JOB_OPTIONS, type JobSpec } from "../../../engine/cluster/job-spec.ts";
import { planOfJob } from "../../../engine/cluster/plan-of-job.ts";
import { countJob } from "../simulation/tiny-job.ts";
import { countSpec, REPLICATION } from "./count-cluster.ts";

const spec = (watermarkAlignmentMs: number, factor: number, sources: boolean): JobSpec =>
  countSpec({
    options: { ...DEFAULT_JOB_OPTIONS, watermarkAlignmentMs },
    replication: { ...REPLICATION, factor, sources },
  });

test("sources with replicas refuse to align their partitions, by name; all others may", () => {
  assert.throws(
    () => planOfJob(countJob(500), spec(1, 2, true)),
    (error: unknown) =>
      error instanceof FaultlineError && error.code === "job-invalid" && /"source"/.test(error.message),
  );
  for (const allowed of [spec(0, 2, true), spec(1_000, 2, false), spec(1_000, 1, true)]) {
    assert.ok(planOfJob(countJob(500), allowed).vertices.length > 0);
  }
});
