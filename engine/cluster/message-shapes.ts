import { FaultlineError } from "../../base/errors.ts";
import { decodeControl } from "./control-codec.ts";
import type { Hello } from "./hello.ts";
import { jobSpecShape } from "./job-spec-shape.ts";
import type {
  ClientToCoordinator,
  CoordinatorToClient,
  CoordinatorToWorker,
  LivenessToCoordinator,
  WorkerToCoordinator,
} from "./messages.ts";
import {
  amount,
  anyText,
  anything,
  count,
  flag,
  list,
  mapOf,
  nullable,
  number,
  oneOf,
  optional,
  positive,
  record,
  type Shape,
  text,
} from "./shape.ts";

const failure = optional(record({ code: text, message: anyText, stack: optional(anyText) }));
const placement = record({ vertex: text, subtask: count, worker: text, address: text });
const taskCounters = record({
  vertex: text,
  subtask: count,
  worker: optional(text),
  recordsIn: count,
  recordsOut: count,
  bytesOut: count,
  busyUs: amount,
  blockedUs: amount,
  watermarkMs: nullable(number),
  custom: mapOf(nullable(number)),
});
const snapshotHandle = record({
  vertex: text,
  subtask: count,
  file: text,
  bytes: count,
  checksum: number,
  sink: optional(anyText),
});
const outputWindow = record({ epoch: positive, after: count, numbers: list(count), hashes: list(count) });
const describedEpoch = record({
  epoch: positive,
  last: count,
  hash: count,
  watermark: text,
  hashes: nullable(list(count)),
});
const outputDescription = record({ epochs: list(describedEpoch), record: nullable(anyText) });
const outputQuestion = record({
  channel: count,
  after: count,
  upTo: positive,
  record: nullable(record({ epoch: positive, position: count })),
});
const ofJob = { jobId: text };
const ofAttempt = { jobId: text, attempt: positive };
const order = record({ epoch: positive, ...ofAttempt });

const TO_COORDINATOR: Readonly<Record<string, Shape>> = {
  register: record({ worker: text, address: text, pid: count, zone: optional(text) }),
  deployed: record(ofAttempt),
  taskState: record({
    ...ofAttempt,
    vertex: text,
    subtask: count,
    state: oneOf("created", "running", "ended", "finished", "failed", "cancelled"),
    failure,
  }),
  snapshotStored: record({
    ...ofAttempt,
    checkpointId: positive,
    handle: snapshotHandle,
    cost: record({
      startDelayUs: nullable(number),
      alignmentUs: number,
      alignmentBytes: count,
      syncUs: number,
      asyncUs: number,
      bytes: count,
    }),
  }),
  snapshotFailed: record({
    ...ofAttempt,
    checkpointId: positive,
    vertex: text,
    subtask: count,
    failure: record({ code: text, message: anyText }),
  }),
  heartbeatDue: record(ofAttempt),
  replicaLagging: record({ ...ofAttempt, vertex: text, subtask: count }),
  outputHashes: record({ ...ofAttempt, vertex: text, subtask: count, windows: list(outputWindow) }),
  outputDescribed: record({ ...ofAttempt, vertex: text, subtask: count, description: outputDescription }),
  alive: record({ worker: text, progress: count }),
  hello: record({ role: oneOf("client", "data") }),
  // A client asks for them, a worker sends them.
  counters: record({ ...ofJob, attempt: optional(count), tasks: optional(list(taskCounters)) }),
  // What is wrong with the job itself is a refusal, see `jobSpecProblem`.
  submit: record({ job: anything, workers: anything }),
  drain: record(ofJob),
  cancel: record(ofJob),
  savepoint: record({ ...ofJob, folder: text, stop: flag }),
  shutdown: record({}),
};

const TO_WORKER: Readonly<Record<string, Shape>> = {
  registered: record({ epoch: positive }),
  deploy: record({
    epoch: positive,
    attempt: positive,
    job: jobSpecShape,
    placements: list(placement),
    restore: nullable(record({ checkpointId: positive, folder: text, snapshots: list(snapshotHandle) })),
    fromEnd: flag,
    resolves: optional(flag),
  }),
  prepare: record({ epoch: positive, job: jobSpecShape }),
  checkpoint: record({ epoch: positive, ...ofAttempt, checkpointId: positive, folder: text, atUs: number, last: flag }),
  checkpointComplete: record({ epoch: positive, ...ofAttempt, checkpointId: positive }),
  checkpointAborted: record({
    epoch: positive,
    ...ofAttempt,
    checkpointId: positive,
    fate: oneOf("gone", "uncertain", "unremoved"),
  }),
  start: order,
  resolve: order,
  replicaLost: record({ epoch: positive, ...ofAttempt, vertex: text, subtask: count }),
  drain: order,
  cancel: order,
  describeOutput: record({
    epoch: positive,
    ...ofAttempt,
    vertex: text,
    subtask: count,
    question: outputQuestion,
  }),
  report: record({ epoch: positive, ...ofJob }),
  shutdown: record({ epoch: positive }),
};

const TO_CLIENT: Readonly<Record<string, Shape>> = {
  workers: record({ workers: list(record({ worker: text, pid: count })) }),
  jobState: record({ ...ofAttempt, state: text, atUs: number, workersMissing: optional(count), failure }),
  replicaLoss: record({
    ...ofAttempt,
    vertex: text,
    subtask: count,
    worker: text,
    atUs: number,
    failure: record({ code: text, message: anyText }),
  }),
  checkpointPhase: record({ ...ofAttempt, checkpointId: positive, phase: text, atUs: number }),
  checkpointReport: record({ ...ofJob, report: record({ checkpointId: positive, outcome: text }) }),
  savepointEnded: record({ ...ofJob, folder: text, failure }),
  jobCounters: record({ ...ofJob, tasks: list(taskCounters) }),
  refused: record({ failure: record({ code: text, message: anyText }) }),
};

/** Everything that may come to a coordinator. */
export type ToCoordinator = WorkerToCoordinator | LivenessToCoordinator | ClientToCoordinator | Hello;

/** Reads a message to the coordinator; `cluster-protocol` when it is none. */
export function readToCoordinator(bytes: Uint8Array): ToCoordinator {
  return checked(bytes, TO_COORDINATOR) as unknown as ToCoordinator;
}

/** Reads a message to a worker from its coordinator; `cluster-protocol` when it is none. */
export function readToWorker(bytes: Uint8Array): CoordinatorToWorker {
  return checked(bytes, TO_WORKER) as unknown as CoordinatorToWorker;
}

/** Reads a message to a client; `cluster-protocol` when it is none. */
export function readToClient(bytes: Uint8Array): CoordinatorToClient {
  return checked(bytes, TO_CLIENT) as unknown as CoordinatorToClient;
}

/** What keeps a submitted value from being a job specification, or null. */
export function jobSpecProblem(job: unknown): string | null {
  const problem = jobSpecShape(job);
  return problem === null ? null : `job${problem}`;
}

function checked(bytes: Uint8Array, shapes: Readonly<Record<string, Shape>>): { readonly type: string } {
  const message = decodeControl(bytes);
  const { type } = message;
  const shape = Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  if (shape === undefined) throw new FaultlineError("cluster-protocol", `unexpected message "${type}"`);
  const problem = shape(message);
  if (problem === null) return message;
  throw new FaultlineError("cluster-protocol", `message "${type}"${problem}`, {
    hint: "check that all processes of the cluster run the same version",
  });
}
