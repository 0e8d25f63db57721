import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { DEFAULT_JOB_OPTIONS, type JobSpec, type Replication } from "../../../engine/cluster/job-spec.ts";
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

test("one source with replicas among several is what refuses to align", () => {
  const job = spec(1, 1, false);
  assert.throws(
    () => planOfJob(countJob(500), { ...job, replication: { ...REPLICATION, factor: 1, vertices: { source: 2 } } }),
    /source "source" has replicas: they do not align/,
  );
});

test("without an order it refuses, by name, whatever has replicas that merge channels, and nothing else", () => {
  const unordered = (parallelism: number, more: Partial<Replication>): JobSpec => {
    return countSpec({ parallelism, replication: { ...REPLICATION, merge: "none", ...more } });
  };
  const refused = (job: JobSpec) =>
    assert.throws(() => planOfJob(countJob(500), job), {
      code: "job-invalid",
      message: /^operator "(map|window)" has 2 replicas that merge several channels/,
    });
  refused(unordered(2, {}));
  // Passing rows on in another order is enough to corrupt: numbers differ.
  refused(unordered(2, { vertices: { window: 1 } }));
  refused(unordered(2, { vertices: { map: 1 } }));
  for (const allowed of [
    unordered(1, {}),
    unordered(2, { factor: 1 }),
    unordered(2, { vertices: { map: 1, window: 1, source: 3 } }),
    unordered(2, { allowUnordered: true }),
    unordered(2, { merge: "timeBias" }),
  ]) {
    assert.ok(planOfJob(countJob(500), allowed).vertices.length > 0);
  }
});

test("KaZoo is refused without an order log where groups need one, with how many partitions it must have; elsewhere it needs none", () => {
  const kazoo = (parallelism: number, more: Partial<Replication> = {}): JobSpec => {
    return countSpec({ parallelism, replication: { ...REPLICATION, merge: "kaZoo", ...more } });
  };
  const refused = { code: "job-invalid", message: /4 replica groups.*no order log/, hint: /topic of 4 partitions/ };
  assert.throws(() => planOfJob(countJob(500), kazoo(2)), refused);
  const orderLog = { kind: "memory", brokers: [], topic: "orders" };
  for (const allowed of [kazoo(2, { orderLog }), kazoo(1), kazoo(2, { factor: 1 })]) {
    assert.ok(planOfJob(countJob(500), allowed).vertices.length > 0);
  }
});
