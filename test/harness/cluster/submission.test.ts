import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findHandJob } from "../../../harness/cluster/jobs/hand-job.ts";
import { replicationOf } from "../../../harness/cluster/jobs/hand-replication.ts";
import { jobSpecOf, type Submission } from "../../../harness/cluster/jobs/submission.ts";
import type { ClusterState } from "../../../harness/cluster/state.ts";

const job = await findHandJob("wordcount-sliding", "/", { sizeMs: 2_000 });

const submission = (changes: Partial<Submission>): Submission => ({
  jobId: "j-1",
  job,
  parallelism: 2,
  input: { kind: "socket", address: "127.0.0.1:9999" },
  output: { kind: "files" },
  recovery: "none",
  nowMs: 1_000,
  ...changes,
});

describe("replicas of a job that is submitted by hand", () => {
  const state = (changes: Partial<ClusterState>): ClusterState => ({
    version: 1,
    keeper: { pid: 1, startTime: "1" } as unknown as ClusterState["keeper"],
    control: "",
    coordinator: "",
    brokers: ["h:1"],
    zookeeper: true,
    workers: 3,
    startedMs: 0,
    ...changes,
  });
  const wanted = { factor: 3, merge: "kaZoo", heartbeatIntervalUs: 5_000 } as const;

  it("have logs of the job's own, and checkpoints underneath", () => {
    const replication = replicationOf(wanted, "j-1", state({}));
    assert.deepEqual([replication.cutLog.topic, replication.orderLog?.topic], ["j-1.cuts", "j-1.orders"]);
    const spec = jobSpecOf(submission({ recovery: "passive", replication }), "/out");
    assert.deepEqual([spec.replication?.factor, spec.replication?.merge], [3, "kaZoo"]);
    assert.ok(spec.checkpoints !== undefined);
    assert.equal(replicationOf({ ...wanted, merge: "liveRobin" }, "j-1", state({})).orderLog, undefined);
  });

  it("need a Kafka, and a ZooKeeper where leaders are elected", () => {
    assert.throws(() => replicationOf(wanted, "j", state({ brokers: [] })), { code: "usage", hint: /--kafka/ });
    assert.throws(() => replicationOf(wanted, "j", state({ zookeeper: false })), {
      code: "usage",
      hint: /--zookeeper/,
    });
    replicationOf({ ...wanted, merge: "timeBias" }, "j", state({ zookeeper: false }));
  });
});

describe("a job that is submitted by hand", () => {
  it("has the parameters of its kind and those that were set", () => {
    assert.deepEqual(job.parameters, { slideMs: 1_000, split: "blank", sizeMs: 2_000 });
  });

  it("reads one socket, and writes to files of its own", () => {
    const spec = jobSpecOf(submission({}), "/out");
    assert.deepEqual(spec.sources.lines, { kind: "socket", brokers: [], topic: "127.0.0.1:9999", partitions: 1 });
    assert.equal(spec.sinks.results?.topic, "/out/j-1");
    assert.equal(spec.bounded, true, "it ends when the peer hangs up");
  });

  it("runs on with a topic, and to the end of what is generated", () => {
    const topic = { kind: "topic", brokers: ["h:1"], topic: "t", partitions: 4 } as const;
    assert.equal(jobSpecOf(submission({ input: topic }), "/out").bounded, false);
    const input = { kind: "generate", events: 10, ratePerSecond: 5, options: {} } as const;
    const spec = jobSpecOf(submission({ input }), "/out");
    assert.equal(spec.bounded, true);
    const { pace, parameters } = JSON.parse(spec.sources.lines!.topic);
    assert.deepEqual(pace, { ratePerSecond: 5, startMs: 1_000 });
    assert.deepEqual(parameters, { generator: "words", partitions: 2, lines: 10, options: {} });
  });

  it("is exactly-once only where its rows go into transactions", () => {
    const exactly = submission({ recovery: "passive", guarantee: "exactly-once" });
    assert.throws(() => jobSpecOf(exactly, "/out"), { code: "usage" });
    const output = { kind: "topic", brokers: ["h:1"], topic: "t", partitions: 1 } as const;
    assert.equal(jobSpecOf({ ...exactly, output }, "/out").guarantee, "exactly-once");
  });

  it("is found by name, else the names are told; nothing generates what a module reads", async () => {
    assert.deepEqual((await findHandJob("q5", "/", {})).sources, ["events"]);
    await assert.rejects(findHandJob("wordcuont", "/", {}), { code: "query-unknown", hint: /wordcount, .*q5/ });
    await assert.rejects(findHandJob("q55", "/", {}), { code: "query-unknown" });
    await assert.rejects(findHandJob("./none.ts", "/", {}), { code: "usage" });
    const file = new URL("../../docs/engine-example.ts", import.meta.url).pathname;
    const module = await findHandJob(file, "/", { limit: 30 });
    assert.deepEqual(
      [module.name, module.sources, module.sinks],
      ["engine-example", ["readings"], ["alarms", "peaks"]],
    );
    const input = { kind: "generate", events: 1, ratePerSecond: null, options: {} } as const;
    assert.throws(() => jobSpecOf(submission({ job: module, input }), "/out"), { code: "usage" });
  });
});
