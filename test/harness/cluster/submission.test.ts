import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findHandJob } from "../../../harness/cluster/jobs/hand-job.ts";
import { jobSpecOf, type Submission } from "../../../harness/cluster/jobs/submission.ts";

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
