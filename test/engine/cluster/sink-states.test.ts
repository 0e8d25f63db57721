import assert from "node:assert/strict";
import { it } from "node:test";
import type { RestorePoint } from "../../../engine/cluster/checkpoint-facts.ts";
import { sinkStates, withSink } from "../../../engine/cluster/sink-states.ts";

const HANDLE = { vertex: "results", subtask: 1, file: "results-1", bytes: 9, checksum: 7 };
const TASKS = [{ vertex: "results", subtask: 1, instance: 1 }];
const point = (...snapshots: RestorePoint["snapshots"]): RestorePoint => ({
  checkpointId: 3,
  folder: "j/chk-3",
  snapshots,
});

function statesOf(restore: RestorePoint | null) {
  let result: Parameters<Parameters<typeof sinkStates>[2]> | null = null;
  sinkStates(restore, TASKS, (...answer) => {
    assert.equal(result, null, "answered once");
    result = answer;
  });
  return result!;
}

it("the state of a sink comes back from the checkpoint's metadata, byte for byte, through JSON", () => {
  for (const state of [new Uint8Array([0, 255, 10, 128]), new Uint8Array(0)]) {
    const stored = JSON.parse(JSON.stringify(point(withSink(HANDLE, state)))) as RestorePoint;
    const [error, states] = statesOf(stored);
    assert.equal(error, null);
    assert.deepEqual([...states!], [["results/1", state]]);
  }
});

it("a checkpoint that does not tell is damaged: prepared transactions would be aborted; without one there are none", () => {
  assert.equal(withSink(HANDLE, null), HANDLE);
  assert.match(statesOf(point(HANDLE))[0]?.message ?? "", /does not tell what the sink of results\/1 has prepared/);
  assert.equal(statesOf(point())[0]?.code, "snapshot-corrupt");
  assert.deepEqual(statesOf(null), [null, null]);
});
