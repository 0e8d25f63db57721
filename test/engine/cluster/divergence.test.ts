import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findDivergence, type ReplicaOutput } from "../../../engine/cluster/divergence.ts";
import { DivergenceDesk } from "../../../engine/cluster/divergence-desk.ts";
import type { Failure } from "../../../engine/cluster/messages.ts";
import { planJob } from "../../../engine/dataflow/planner.ts";
import { END_EPOCH } from "../../../engine/replication/output-hash.ts";
import type { OutputDescription, OutputQuestion, OutputWindow } from "../../../engine/replication/output-hashes.ts";
import { graphOf, mapNode, sinkNode, sourceNode } from "../simulation/tiny-job.ts";

const ATTEMPT = { jobId: "j", attempt: 1 };

/** An epoch with these records; what its hash says is what its records and `salt` say. */
function epoch(number: number, last: number, hashes: readonly number[] | null, salt = 0) {
  return { epoch: number, last, hash: (hashes ?? []).reduce((sum, one) => sum + one, salt), watermark: "1", hashes };
}

const output = (replica: number, ...epochs: ReplicaOutput["epochs"]): ReplicaOutput => ({ replica, epochs });

describe("the first element that differs", () => {
  it("is the record that differs, or that only some have", () => {
    const same = epoch(1, 3, [1, 2]);
    assert.deepEqual(findDivergence([output(0, same, epoch(2, 6, [5, 6])), output(1, same, epoch(2, 6, [5, 7]))], 0), {
      kind: "record",
      groups: [[0], [1]],
      number: 5,
      epoch: 2,
      position: 1,
    });
    const more = findDivergence([output(0, same, epoch(2, 5, [5])), output(1, same, epoch(2, 6, [5, 7]))], 0);
    assert.deepEqual(more?.kind === "record" ? [more.number, more.position] : null, [5, 1]);
  });

  it("tells the majority from the odd one, at the record", () => {
    const found = findDivergence(
      [output(0, epoch(1, 2, [9])), output(1, epoch(1, 2, [4])), output(2, epoch(1, 2, [4]))],
      0,
    );
    assert.deepEqual(found?.groups, [[1, 2], [0]]);
  });

  it("is the heartbeat where the records before it are the same", () => {
    const other = { ...epoch(1, 3, [1, 2], 1), watermark: "7" };
    const found = findDivergence([output(0, epoch(1, 3, [1, 2])), output(1, other)], 0);
    assert.deepEqual(found?.kind === "heartbeat" ? [found.number, [...found.watermarks]] : null, [
      3,
      [
        [0, "1"],
        [1, "7"],
      ],
    ]);
  });

  it("is one of those behind what is agreed where some replica has not kept its records", () => {
    const outputs = [output(0, epoch(8, 40, [1, 2])), output(1, epoch(8, 40, null, 5))];
    assert.deepEqual(findDivergence(outputs, 30), { kind: "range", groups: [[0], [1]], first: 31, last: 40 });
    assert.equal(findDivergence([output(0, epoch(8, 40, [1]))], 30), null);
  });
});

/** source ⇒ a (2 replicas, P 1) ⇒ b ⇒ sink, and a desk that asks nobody but `answers`. */
function rig(replicas = 2, answers: ReadonlyMap<number, OutputDescription> = new Map()) {
  const graph = graphOf(
    sourceNode(),
    mapNode("source", "roundRobin", "a"),
    mapNode("a", "roundRobin", "b"),
    sinkNode("b"),
  );
  const counts = { source: 1, operator: replicas, sink: 1 };
  const plan = planJob(graph, { parallelism: 1, keyGroups: 4, replicas: counts });
  const failures: Failure[] = [];
  const asked: { readonly vertex: string; readonly subtask: number; readonly question: OutputQuestion }[] = [];
  const timers: (() => void)[] = [];
  const unsound = new Set<string>();
  const desk: DivergenceDesk = new DivergenceDesk({
    plan,
    isSound: (vertex, subtask) => !unsound.has(`${vertex}/${subtask}`),
    ask: (vertex, subtask, question) => {
      asked.push({ vertex, subtask, question });
      return answers.has(subtask);
    },
    after: (_delayUs, callback) => timers.push(callback),
    fail: (failure) => failures.push(failure),
  });
  const tell = (vertex: string, subtask: number, epochNumber: number, hash: number, number = epochNumber) => {
    const window: OutputWindow = { epoch: epochNumber, after: 0, numbers: [number], hashes: [hash] };
    desk.onReport({ type: "outputHashes", ...ATTEMPT, vertex, subtask, windows: [window] });
  };
  const answer = () => {
    for (const { vertex, subtask } of asked.splice(0)) {
      const description = answers.get(subtask);
      if (description !== undefined)
        desk.onReport({ type: "outputDescribed", ...ATTEMPT, vertex, subtask, description });
    }
  };
  return { desk, failures, asked, timers, unsound, tell, answer };
}

describe("where replicas are compared", () => {
  it("is content with replicas that agree, in whatever order they tell it, and with one that is silent", () => {
    const { tell, failures, desk } = rig(3);
    for (let window = 1; window <= 2_000; window++) {
      tell("a", 0, window, window * 3);
      if (window < 1_000) tell("a", 2, window, window * 3);
    }
    for (let window = 1_900; window <= 2_000; window++) tell("a", 1, window, window * 3);
    assert.deepEqual([failures, desk.isPending], [[], false]);
  });

  it("names the first operator that diverges, not those behind it, though they tell it earlier", () => {
    const { tell, failures, asked, answer } = rig();
    tell("b", 0, 1, 10);
    tell("b", 1, 1, 11);
    assert.equal(asked.length, 0, "what is upstream has not told anything yet");
    tell("a", 0, 1, 20);
    tell("a", 1, 1, 21);
    answer();
    assert.match(
      failures[0]!.message,
      /operator "a" \(instance 0\): replicas 0 and 1 differ at one of the elements 1 to 1/,
    );
    assert.equal(failures.length, 1);
  });

  it("names the operator itself when all upstream of it agree, or are not there to tell", () => {
    const agreeing = rig();
    agreeing.tell("b", 0, 1, 10);
    agreeing.tell("b", 1, 1, 11);
    agreeing.tell("a", 0, 1, 20);
    agreeing.tell("a", 1, 1, 20);
    assert.match(agreeing.failures[0]!.message, /operator "b"/);
    const lonely = rig();
    lonely.unsound.add("a/1");
    lonely.tell("a", 0, 1, 20);
    lonely.tell("b", 0, 1, 10);
    lonely.tell("b", 1, 1, 11);
    assert.match(lonely.failures[0]!.message, /operator "b"/);
  });

  it("waits no longer than its limits for anybody", () => {
    const { tell, failures, timers, desk } = rig(2, new Map([[0, { epochs: [], record: null }]]));
    tell("b", 0, 1, 10);
    tell("b", 1, 1, 11);
    assert.equal(desk.isPending, true);
    while (timers.length > 0) timers.shift()!();
    assert.match(failures[0]!.message, /operator "b".*their text is gone/);
    assert.equal(failures[0]!.code, "replicas-diverged");
  });

  it("asks for the record that differs, and says what each replica has sent, or that it has sent none", () => {
    const describe = (hashes: readonly number[], record: string | null): OutputDescription => {
      return { epochs: [epoch(END_EPOCH, 1 + hashes.length, hashes)], record };
    };
    const answers = new Map([
      [0, describe([7, 8], "{eight}")],
      [1, describe([7, 8], "{eight}")],
      [2, describe([7], null)],
    ]);
    const { tell, failures, asked, answer } = rig(3, answers);
    tell("a", 0, END_EPOCH, 1, 3);
    tell("a", 1, END_EPOCH, 1, 3);
    tell("a", 2, END_EPOCH, 2, 2);
    answer();
    assert.deepEqual(asked[0]?.question.record, { epoch: END_EPOCH, position: 1 });
    answer();
    assert.match(
      failures[0]!.message,
      /replica 2 differs from replicas 0 and 1 at record 2 \(replicas 0 and 1: \{eight\}; replica 2: no such record\)/,
    );
  });
});
