import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Deployment } from "../../../engine/cluster/deployment.ts";
import { DEFAULT_JOB_OPTIONS, type JobSpec } from "../../../engine/cluster/job-spec.ts";
import type { Failure } from "../../../engine/cluster/messages.ts";
import { planJob } from "../../../engine/dataflow/planner.ts";
import type { Frame } from "../../../engine/task/frame.ts";
import { graphOf, mapNode, sinkNode, sourceNode } from "../simulation/tiny-job.ts";
import { ManualLog, ManualTime } from "./manual-world.ts";
import { creditFor, linesOf } from "./task-rig.ts";

const JOB: JobSpec = {
  jobId: "j",
  name: "j",
  module: "m",
  parameters: {},
  parallelism: 1,
  keyGroups: 4,
  sources: { source: { kind: "memory", brokers: [], topic: "in", partitions: 1 } },
  sinks: { sink: { kind: "memory", brokers: [], topic: "out", partitions: 1 } },
  options: { ...DEFAULT_JOB_OPTIONS, channelWindowBytes: 4000, bufferBytes: 500 },
  bounded: false,
};

const row = (time: number) => ({ key: time % 3, value: time, time });

/** source ⇒ map ⇒ sink on one worker, two tasks, with a writer that has room for `room` rows. */
function deploy(room: number) {
  const graph = graphOf(sourceNode(), mapNode("source", "roundRobin", "map"), sinkNode("map"));
  const time = new ManualTime();
  const log = new ManualLog();
  log.room = room;
  const failures: Failure[] = [];
  const placement = (vertex: string) => ({ vertex, subtask: 0, worker: "w", address: "w:1" });
  const deployment = new Deployment({
    worker: "w",
    attempt: 1,
    graph,
    plan: planJob(graph, { parallelism: 1, keyGroups: 4 }),
    job: JOB,
    placements: [placement("source"), placement("map")],
    world: { clock: time.clock, timers: time.timers, log },
    host: {
      onNotice: () => {},
      onSnapshot: null,
      onState: (_task, _state, failure) => failure !== null && failures.push(failure),
    },
    states: null,
    fromEnd: false,
    linkToWorker: () => assert.fail("there is one worker"),
  });
  deployment.start();
  time.advance();
  return { deployment, time, failures, reader: log.readers[0]!, writer: log.writers[0]! };
}

describe("tasks of two workers", () => {
  it("do not finish before the end has left for the last receiver, though the first one has it at once", () => {
    const graph = graphOf(sourceNode(), mapNode("source", "roundRobin", "map"), sinkNode("map"));
    const time = new ManualTime();
    const log = new ManualLog();
    const sent: Frame[] = [];
    const link = { writable: false, send: (frame: Frame) => sent.push(frame) };
    const place = (vertex: string, subtask: number, worker: string) => ({ vertex, subtask, worker, address: worker });
    const deployment = new Deployment({
      worker: "w",
      attempt: 1,
      graph,
      plan: planJob(graph, { parallelism: 2, keyGroups: 4 }),
      job: { ...JOB, parallelism: 2, options: DEFAULT_JOB_OPTIONS },
      placements: [place("source", 0, "w"), place("source", 1, "v"), place("map", 0, "w"), place("map", 1, "v")],
      world: { clock: time.clock, timers: time.timers, log },
      host: { onNotice: () => {}, onSnapshot: null, onState: (_task, _state, failure) => assert.equal(failure, null) },
      states: null,
      fromEnd: false,
      linkToWorker: () => link,
    });
    const source = deployment.tasks.find(({ vertex }) => vertex === "source")!;
    deployment.start();
    deployment.drain();
    log.readers[0]!.ends!([0]);
    time.advance(100_000);
    assert.deepEqual([source.state, sent.length], ["running", 0]);
    link.writable = true;
    deployment.onWritable();
    assert.deepEqual(linesOf(sent), ["end"]);
    assert.equal(source.state, "running");
    source.onFrame(creditFor(sent, 0), link);
    assert.equal(source.state, "finished");
  });
});

describe("tasks of one worker", () => {
  it("stop the source when the sink is full, and let it go on when the sink has drained", () => {
    const { deployment, time, reader, writer } = deploy(100);
    let offset = 0;
    for (; offset < 100_000 && !reader.paused; offset += 10) {
      reader.give(
        0,
        offset,
        Array.from({ length: 10 }, (_, index) => row(offset + index)),
      );
      time.advance(100);
    }
    assert.ok(reader.paused, "the source reads on although the sink is full");
    assert.ok(offset < 1000, `${offset} rows were read, with room for 100`);
    const kept = deployment.tasks.reduce((sum, task) => sum + task.queuedBytes, 0);
    assert.ok(kept > 0 && kept < 6000, `${kept} bytes are queued`);
    const before = writer.rows.length;
    writer.room = Number.POSITIVE_INFINITY;
    writer.handler.onDrain();
    time.advance(100_000);
    assert.equal(reader.paused, false);
    assert.ok(writer.rows.length > before);
    assert.deepEqual(
      writer.rows.map((written) => written.row.value),
      Array.from({ length: offset }, (_, index) => index),
    );
  });

  it("finish a drained job only when the sink's rows are durable", () => {
    const { deployment, time, reader, writer } = deploy(1000);
    reader.give(0, 0, [row(1), row(2), row(3)]);
    deployment.drain();
    reader.ends!([3]);
    time.advance(100_000);
    const states = () => deployment.tasks.map(({ state }) => state);
    assert.deepEqual(states(), ["finished", "running"]);
    assert.equal(writer.rows.length, 3);
    writer.handler.onAcknowledged(0, 3);
    assert.deepEqual(states(), ["finished", "finished"]);
    assert.equal(writer.closed, true);
  });

  it("fail with the name of the operator whose log breaks", () => {
    const { failures, reader, writer, deployment } = deploy(10);
    writer.handler.onError(new Error("disk gone"));
    reader.handler.onError(new Error("broker gone"));
    assert.match(failures[0]!.message, /operator "(map|sink)" \(task map\/0\): disk gone/);
    assert.match(failures[1]!.message, /operator "source" \(task source\/0\): broker gone/);
    assert.equal(deployment.active, false);
    reader.give(0, 0, [row(1)]);
  });
});
