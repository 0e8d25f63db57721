import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { totalsOf, windowsOf } from "../../../harness/cluster/demo/counts.ts";
import { parseDemo } from "../../../harness/cluster/demo/schema.ts";
import { clusterFolder } from "../../../harness/cluster/folder.ts";
import { outputLine, readOutput } from "../../../harness/cluster/jobs/output-files.ts";
import { addRecord, lastJob, readRecord, recordLine } from "../../../harness/cluster/record.ts";
import { readState, runningCluster } from "../../../harness/cluster/state.ts";

const root = mkdtempSync(join(tmpdir(), "faultline-cluster-"));
after(() => rmSync(root, { recursive: true }));

describe("a cluster's record", () => {
  const file = join(root, "record.jsonl");

  it("tells states of jobs in time order, with their causes, and survives a half-written line", () => {
    assert.deepEqual(readRecord(file), []);
    assert.equal(lastJob(file), null);
    const job = { kind: "job", jobId: "j-1", attempt: 2, restored: 7 } as const;
    addRecord(file, { ...job, atMs: 2_000, state: "running", cause: null });
    addRecord(file, { ...job, atMs: 1_000, state: "restarting", cause: "worker-1 is lost" });
    addRecord(file, {
      kind: "process",
      atMs: 900,
      role: "worker-1",
      pid: 5,
      what: "ended",
      code: null,
      signal: "SIGKILL",
    });
    appendFileSync(file, '{"atMs": 3');
    const lines = readRecord(file).map((entry) => recordLine(entry).slice("00:00:00.000  ".length));
    assert.deepEqual(lines, [
      "worker-1 ended: SIGKILL (pid 5)",
      "job j-1  RESTARTING  (attempt 2; from checkpoint 7; worker-1 is lost)",
      "job j-1  RUNNING  (attempt 2; from checkpoint 7)",
    ]);
    assert.equal(lastJob(file), "j-1");
  });
});

describe("a cluster's state file", () => {
  it("counts only while its keeper lives: a dead one's is removed", () => {
    const folder = clusterFolder(root, "dead");
    mkdirSync(folder.path);
    writeFileSync(folder.state, JSON.stringify({ version: 1, keeper: { pid: process.pid, startTicks: "1" } }));
    assert.throws(() => runningCluster(folder), { code: "cluster-missing", exitCode: 3 });
    assert.equal(readState(folder), null);
  });
});

describe("rows that workers have written", () => {
  it("come by time from all files; one that is half written waits", () => {
    const folder = join(root, "j-1");
    mkdirSync(folder);
    writeFileSync(join(folder, "worker-2.txt"), "4999\thello : 2\n9999\thel");
    writeFileSync(join(folder, "worker-1.txt"), "4999\ta : b : 1\n3\tx : 1\n");
    const rows = readOutput(folder);
    assert.deepEqual(
      rows.map(({ worker, text }) => `${worker} ${text}`),
      ["worker-1 x : 1", "worker-1 a : b : 1", "worker-2 hello : 2"],
    );
    assert.deepEqual(
      [...windowsOf(rows)],
      [
        [3, { x: 1 }],
        [4999, { "a : b": 1, hello: 2 }],
      ],
    );
    assert.deepEqual(readOutput(join(root, "none")), []);
  });

  it("are lines with their time, where they have one", () => {
    const row = { worker: "worker-1", text: "a : 1" };
    assert.match(outputLine({ ...row, timestampMs: 4_999 }), /^\d\d:\d\d:04\.999 {2}worker-1 {2}a : 1$/);
    assert.equal(outputLine({ ...row, timestampMs: 0 }), "–             worker-1  a : 1");
  });

  it("that come again do not change totals", () => {
    const row = (text: string) => ({ worker: "w", timestampMs: 0, text });
    assert.deepEqual(totalsOf(["a : 1", "a : 2", "a : 1", "b : 1", "a : 2"].map(row)), { a: 2, b: 1 });
  });
});

describe("a demo's script", () => {
  it("is refused with the places of what is wrong", () => {
    const text = "name: x\nworkers: 0\nacts:\n  - title: a\n    steps:\n      - end: never\n";
    assert.throws(() => parseDemo(text, "x.yaml", []), { code: "config-invalid", message: /x\.yaml:2:\d.*workers/s });
    assert.throws(() => parseDemo(text, "x.yaml", ["workers=3"]), { code: "config-invalid" });
  });
});
