import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DEFAULT_JOB_OPTIONS, type JobSpec } from "../../../engine/cluster/job-spec.ts";
import {
  jobSpecProblem,
  readToClient,
  readToCoordinator,
  readToWorker,
} from "../../../engine/cluster/message-shapes.ts";
import type {
  ClientToCoordinator,
  CoordinatorToClient,
  CoordinatorToWorker,
  LivenessToCoordinator,
  TaskCounters,
  WorkerToCoordinator,
} from "../../../engine/cluster/messages.ts";

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const JOB: JobSpec = {
  jobId: "j",
  name: "",
  module: "file:///m.ts",
  parameters: { mode: "classic" },
  parallelism: 2,
  keyGroups: 16,
  sources: { source: { kind: "kafka", brokers: ["b:1"], topic: "in", partitions: 2 } },
  sinks: { sink: { kind: "discard", brokers: [], topic: "", partitions: 1 } },
  options: DEFAULT_JOB_OPTIONS,
  bounded: false,
};
const TASK: TaskCounters = {
  vertex: "v",
  subtask: 0,
  recordsIn: 1,
  recordsOut: 1,
  bytesOut: 0,
  busyUs: 1.5,
  blockedUs: 0,
  watermarkMs: null,
  custom: { lateRows: 0 },
};
const FAILURE = { code: "job-failed", message: "" };
const ATTEMPT = { jobId: "j", attempt: 1 };

const HANDLE = { vertex: "v", subtask: 0, file: "v-0", bytes: 10, checksum: 7 };
const toCoordinator: readonly (WorkerToCoordinator | LivenessToCoordinator | ClientToCoordinator)[] = [
  { type: "register", worker: "w", address: "h:1", pid: 0 },
  { type: "deployed", ...ATTEMPT },
  { type: "taskState", ...ATTEMPT, vertex: "v", subtask: 0, state: "running" },
  { type: "heartbeatDue", ...ATTEMPT },
  { type: "replicaLagging", ...ATTEMPT, vertex: "v", subtask: 0 },
  {
    type: "outputHashes",
    ...ATTEMPT,
    vertex: "v",
    subtask: 0,
    windows: [{ epoch: 20, after: 0, numbers: [7], hashes: [4_294_967_295] }],
  },
  {
    type: "outputDescribed",
    ...ATTEMPT,
    vertex: "v",
    subtask: 0,
    description: { epochs: [{ epoch: 20, last: 7, hash: 1, watermark: "-Infinity", hashes: null }], record: "" },
  },
  { type: "alive", worker: "w", progress: 0 },
  { type: "drain", jobId: "j" },
  { type: "cancel", jobId: "j" },
  { type: "savepoint", jobId: "j", folder: "kept/one", stop: true },
  {
    type: "snapshotStored",
    ...ATTEMPT,
    checkpointId: 4,
    handle: HANDLE,
    cost: { startDelayUs: 1, alignmentUs: 0, alignmentBytes: 0, syncUs: 2, asyncUs: 3, bytes: 10 },
  },
  {
    type: "snapshotFailed",
    ...ATTEMPT,
    checkpointId: 4,
    vertex: "v",
    subtask: 0,
    failure: { code: "disk-full", message: "no space" },
  },
];
const toWorker: readonly CoordinatorToWorker[] = [
  { type: "registered", epoch: 1 },
  {
    type: "deploy",
    epoch: 1,
    attempt: 1,
    job: JOB,
    placements: [{ vertex: "v", subtask: 0, worker: "w", address: "h:1" }],
    restore: { checkpointId: 3, folder: "j/chk-3", snapshots: [HANDLE] },
    fromEnd: false,
  },
  { type: "checkpoint", epoch: 1, ...ATTEMPT, checkpointId: 4, folder: "j/chk-4", atUs: 5, last: false },
  { type: "checkpointComplete", epoch: 1, ...ATTEMPT, checkpointId: 4 },
  { type: "checkpointAborted", epoch: 1, ...ATTEMPT, checkpointId: 4, fate: "gone" },
  { type: "start", epoch: 1, ...ATTEMPT },
  { type: "drain", epoch: 1, ...ATTEMPT },
  { type: "cancel", epoch: 1, ...ATTEMPT },
  { type: "replicaLost", epoch: 1, ...ATTEMPT, vertex: "v", subtask: 0 },
  {
    type: "describeOutput",
    epoch: 1,
    ...ATTEMPT,
    vertex: "v",
    subtask: 0,
    question: { channel: 0, after: 0, upTo: 20, record: { epoch: 20, position: 3 } },
  },
  { type: "report", epoch: 1, jobId: "j" },
  { type: "shutdown", epoch: 1 },
];
const toClient: readonly CoordinatorToClient[] = [
  { type: "workers", workers: [{ worker: "w", pid: 1 }] },
  { type: "jobState", ...ATTEMPT, state: "running", atUs: 1.5 },
  { type: "jobCounters", jobId: "j", tasks: [TASK] },
  { type: "refused", failure: FAILURE },
];
const directions = [
  ["coordinator", readToCoordinator, toCoordinator],
  ["worker", readToWorker, toWorker],
  ["client", readToClient, toClient],
] as const;

describe("messages", () => {
  for (const [who, read, messages] of directions) {
    it(`to a ${who} are taken whole, and refused when any field is missing or null`, () => {
      for (const message of messages) {
        assert.deepEqual(read(bytesOf(message)), message);
        for (const name of Object.keys(message)) {
          for (const wrong of [undefined, null, []]) {
            const broken = bytesOf({ ...message, [name]: wrong });
            if (name === "workers" && Array.isArray(wrong)) continue;
            if (name === "restore" && wrong === null) continue;
            if (["tasks", "placements", "windows"].includes(name) && Array.isArray(wrong)) continue;
            assert.throws(() => read(broken), { code: "cluster-protocol" }, `${message.type}.${name} = ${wrong}`);
          }
        }
      }
    });

    it(`to a ${who} that are any other JSON are refused as such`, () => {
      fc.assert(
        fc.property(fc.jsonValue(), (value) => {
          assert.throws(() => read(bytesOf(value)), { code: "cluster-protocol" });
        }),
      );
    });
  }

  it("say where they are wrong, deep inside too", () => {
    const tasks = [TASK, { ...TASK, subtask: -1 }];
    const counters = bytesOf({ type: "counters", ...ATTEMPT, tasks });
    assert.throws(() => readToCoordinator(counters), /"counters"\.tasks\[1\]\.subtask: a whole number, 0 or more/);
    const unknown = bytesOf({ type: "constructor" });
    assert.throws(() => readToCoordinator(unknown), /unexpected message "constructor"/);
    const sources = { source: { ...JOB.sources.source, partitions: 0 } };
    assert.match(jobSpecProblem({ ...JOB, sources })!, /^job\.sources\.source\.partitions: /);
    assert.equal(jobSpecProblem(JOB), null);
  });
});

describe("what a message may leave out", () => {
  it("is the zone of a worker, which is a text where it says one", () => {
    const register = { type: "register", worker: "w", address: "h:1", pid: 0 };
    assert.deepEqual(readToCoordinator(bytesOf({ ...register, zone: "a" })), { ...register, zone: "a" });
    for (const zone of ["", 7, null]) {
      assert.throws(() => readToCoordinator(bytesOf({ ...register, zone })), { code: "cluster-protocol" });
    }
  });

  it("is the replicas of single vertices, which are counts where there are some", () => {
    const replication = {
      factor: 2,
      sources: false,
      cutLog: { kind: "memory", brokers: [], topic: "cuts" },
      heartbeatIntervalUs: 1,
      heartbeatRecords: 0,
      maxLagBytes: 1,
      silentIntervals: 1,
    };
    const problem = (more: object) => jobSpecProblem({ ...JOB, replication: { ...replication, ...more } });
    assert.equal(problem({}), null);
    assert.equal(problem({ vertices: { map: 3 }, merge: "timeBias" }), null);
    assert.equal(problem({ merge: "none", allowUnordered: true }), null);
    assert.match(problem({ vertices: { map: 0 } }) ?? "", /replication\.vertices\.map/);
    assert.match(problem({ merge: "time" }) ?? "", /replication\.merge.*timeBias/);
  });
});
