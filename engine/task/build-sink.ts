import { FaultlineError } from "../../base/errors.ts";
import { checkpointsOf, leavesTransactions } from "../cluster/job-spec.ts";
import type { RowEncoder } from "../connectors/format.ts";
import type { Sink, SinkHost } from "../connectors/sink.ts";
import { DiscardSink } from "../connectors/sink-discard.ts";
import { LogSink } from "../connectors/sink-log.ts";
import { TransactionalSink } from "../connectors/sink-transactional.ts";
import type { TaskContext } from "./build-task.ts";

/**
 * Attempts before the present one whose open transactions a sink aborts; what earlier ones left ends with its timeout, and until then
 * hides from readers of what is committed all that came after it. As many as may follow each other while one worker does not reach the log.
 */
const FORMER_ATTEMPTS = 20;

/** The sink at the end of a chain: of the kind that its binding and the job's guarantee ask for. `job-invalid` when it is bound to nothing. */
export function buildSink(
  { job, world, attempt }: TaskContext,
  id: string,
  encoder: RowEncoder,
  vertex: string,
  instance: number,
  host: SinkHost,
): Sink {
  const { kind, brokers, topic, partitions } = sinkBinding(job, id);
  if (kind === "discard") return new DiscardSink(encoder);
  const settings = { address: { kind, brokers, topic }, partitions, instance, encoder };
  const checkpoints = checkpointsOf(job);
  if (checkpoints === null || !leavesTransactions(job)) return new LogSink(settings, world.log, host);
  const { toleratedFailures, transactionTimeoutMs: timeoutMs } = checkpoints;
  // One is open, one waits for its commit, and each checkpoint that fails in between leaves one more that waits.
  const indexes = Array.from({ length: toleratedFailures + 3 }, (_, index) => index);
  const idOf = (ofAttempt: number, index: number) => `${job.jobId}/${vertex}/${instance}/${ofAttempt}/${index}`;
  // Each attempt has ids of its own: what a zombie of an earlier one still claims aborts nothing of this one.
  const former = Array.from({ length: Math.min(attempt - 1, FORMER_ATTEMPTS) }, (_, index) => attempt - 1 - index);
  const transactions = {
    transactionalIds: indexes.map((index) => idOf(attempt, index)),
    // Ids are claimed in order: an attempt that ends soon has fenced those first that may have something open.
    formerIds: indexes.flatMap((index) => former.map((ofAttempt) => idOf(ofAttempt, index))),
    timeoutMs,
  };
  return new TransactionalSink({ ...settings, ...transactions }, world, host);
}

function sinkBinding(job: TaskContext["job"], id: string) {
  const found = job.sinks[id];
  if (found !== undefined) return found;
  throw new FaultlineError("job-invalid", `sink "${id}" is bound to nothing`, {
    hint: `give the job specification an entry "${id}" under sinks`,
  });
}
