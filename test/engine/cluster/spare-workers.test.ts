import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_JOB_OPTIONS, type JobSpec } from "../../../engine/cluster/job-spec.ts";
import { SpareWorkers } from "../../../engine/cluster/spare-workers.ts";

const job = (jobId: string): JobSpec => ({
  jobId,
  name: "j",
  module: "m",
  parameters: {},
  parallelism: 1,
  keyGroups: 1,
  sources: {},
  sinks: {},
  options: DEFAULT_JOB_OPTIONS,
  bounded: false,
});

test("a spare worker is told once per job to load what it may need; busy ones have it, new ones are told when they come", () => {
  const told: string[] = [];
  const spares = new SpareWorkers((worker, { jobId }) => told.push(`${worker} ${jobId}`));
  spares.onRunning(job("a"), ["w1", "w2", "w3"], ["w1", "w2"]);
  spares.onRunning(job("a"), ["w1", "w2", "w3"], ["w1", "w3"]);
  assert.deepEqual(told, ["w3 a"], "w2 ran it before");
  spares.onRunning(job("a"), ["w1", "w3", "w4"], ["w1", "w3"]);
  spares.onRunning(job("b"), ["w1", "w3", "w4"], ["w1"]);
  assert.deepEqual(told, ["w3 a", "w4 a", "w3 b", "w4 b"]);
});
