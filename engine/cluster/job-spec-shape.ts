import { MERGE_POLICIES } from "./job-spec.ts";
import { amount, anyText, count, flag, list, mapOf, oneOf, optional, positive, record, text } from "./shape.ts";

const binding = record({ kind: text, brokers: list(text), topic: anyText, partitions: positive });
const logAddress = record({ kind: text, brokers: list(text), topic: text });
const replication = record({
  factor: positive,
  sources: flag,
  vertices: optional(mapOf(positive)),
  cutLog: logAddress,
  heartbeatIntervalUs: positive,
  heartbeatRecords: count,
  maxLagBytes: positive,
  spillAfterBytes: optional(amount),
  maxSpillBytes: optional(amount),
  silentIntervals: positive,
  merge: optional(oneOf(...MERGE_POLICIES)),
  allowUnordered: optional(flag),
  orderLog: optional(logAddress),
  leaseUs: optional(positive),
});
/** Of a `JobSpec`. */
export const jobSpecShape = record({
  jobId: text,
  name: anyText,
  module: text,
  parameters: record({}),
  parallelism: positive,
  keyGroups: positive,
  sources: mapOf(binding),
  sinks: mapOf(binding),
  options: record({
    bufferTimeoutUs: amount,
    watermarkIntervalUs: amount,
    idleTimeoutMs: amount,
    watermarkAlignmentMs: amount,
    fetchRestMs: amount,
    bufferBytes: positive,
    channelWindowBytes: positive,
    maxBatchRows: positive,
    deployTimeoutUs: positive,
    workersWaitUs: amount,
  }),
  recovery: optional(oneOf("none", "scratch", "passive")),
  restart: optional(record({ kind: oneOf("none", "fixed-delay", "failure-rate", "exponential-delay") })),
  guarantee: optional(oneOf("at-most-once", "at-least-once", "exactly-once")),
  checkpoints: optional(
    record({
      mode: oneOf("aligned", "at-least-once", "stop-the-world"),
      intervalUs: amount,
      timeoutUs: positive,
      minPauseUs: amount,
      toleratedFailures: count,
      retain: positive,
      keepAtEnd: flag,
      localCopies: flag,
      transactionTimeoutMs: positive,
    }),
  ),
  restoreFrom: optional(text),
  replication: optional(replication),
  bounded: flag,
});
