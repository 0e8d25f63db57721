import { z } from "zod";
import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { EXIT } from "../../../base/exit-codes.ts";
import type { RestartStrategy } from "../../../engine/cluster/job-spec.ts";
import type { HandReplication } from "../../cluster/jobs/hand-replication.ts";
import type { HandSubmission } from "../../cluster/jobs/submit.ts";
import { type Arguments, type Command, countOption, textOption, textsOption, withSet } from "../command.ts";
import { durationOption, rateOption } from "../duration-option.ts";
import { folderOption, withFolder } from "../folder-option.ts";

const RECOVERIES = ["none", "scratch", "passive", "active"] as const;
const MERGES = ["liveRobin", "kaZoo", "timeBias"] as const;
const MOST_REPLICAS = 4;
const DEFAULT_HEARTBEAT_MS = 10;
const GUARANTEES = ["at-most-once", "at-least-once", "exactly-once"] as const;

/** `bench submit JOB`: runs a job on the cluster that `bench cluster up` has started. */
export const submitCommand: Command = {
  usage: "submit <job>",
  summary: "Run a query or a job module of yours on a cluster to play with",
  examples: [
    ["submit wordcount --socket 127.0.0.1:9999", "count what is typed into nc -lk 9999"],
    ["submit q5 --generate 1000000 --rate 10k/s --recovery passive", "hot items, with checkpoints"],
    ["submit q5 --generate 1000000 --rate 5k/s --recovery active --merge kaZoo", "and with replicas"],
  ],
  options: (parser) =>
    withFolder(withSet(parser))
      .positional("job", {
        type: "string",
        describe: "wordcount, wordcount-sliding, wordcount-totals, q5 …, or ./job.ts",
      })
      .option("socket", {
        type: "string",
        requiresArg: true,
        describe: "Input: lines from host:port, which must listen",
      })
      .option("topic", {
        type: "string",
        requiresArg: true,
        describe: "Input: a Kafka topic; made when it is not there",
      })
      .option("generate", { type: "number", describe: "Input: so many generated events" })
      .option("rate", {
        type: "string",
        requiresArg: true,
        describe: "With --generate: so many a second, for example 1k/s",
      })
      .option("output", {
        type: "string",
        requiresArg: true,
        describe: "A Kafka topic for the rows; default: files (bench cluster output)",
      })
      .option("brokers", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "host:port of your Kafka; default: the cluster's",
      })
      .option("parallelism", { type: "number", default: 2, describe: "Instances of every operator" })
      .option("workers", { type: "number", describe: "Run on so many; default: all" })
      .option("recovery", {
        choices: RECOVERIES,
        default: "none",
        describe: "When a worker is lost: fail, begin anew, go on from the last checkpoint, or with replicas",
      })
      .option("replication-factor", {
        type: "number",
        describe: `With --recovery active: replicas of every inner operator, up to ${MOST_REPLICAS}; default 2`,
      })
      .option("merge", {
        choices: MERGES,
        describe: "With --recovery active: how replicas agree on an order; default liveRobin",
      })
      .option("heartbeat", {
        type: "string",
        requiresArg: true,
        describe: `With --recovery active: from heartbeat to heartbeat; default ${DEFAULT_HEARTBEAT_MS}ms`,
      })
      .option("guarantee", { choices: GUARANTEES, describe: "What is promised of the rows" })
      .option("checkpoint-interval", {
        type: "string",
        requiresArg: true,
        describe: "With --recovery passive or active: from one to the next; default 10s",
      })
      .option("attempts", { type: "number", describe: "Restarts before the job is given up; default 10" })
      .option("restart-delay", { type: "string", requiresArg: true, describe: "Wait before each restart; default 0s" })
      .option("restore", { type: "string", requiresArg: true, describe: "Begin from this savepoint" })
      .epilogue("--set name=value are parameters of the job; of generated events with set data.name=value."),
  async run(args, io) {
    const { submitByHand } = await import("../../cluster/jobs/submit.ts");
    const submission = await submissionOf(args, io.cwd);
    const { jobId, state, workers } = await submitByHand(folderOption(args, io), submission);
    io.stdout.write(`job ${jobId} is ${state.toUpperCase()} on ${workers} worker${workers === 1 ? "" : "s"}\n`);
    if (submission.input.kind === "socket") {
      io.stderr.write(
        "note: a socket cannot be read again: at-most-once. Lines under way when a worker is lost are lost.\n",
      );
    }
    if (submission.output === null) io.stderr.write(`rows: ${benchLine`cluster output ${jobId} --follow`}\n`);
    return EXIT.ok;
  },
};

async function submissionOf(args: Arguments, cwd: string): Promise<HandSubmission> {
  const brokers = textsOption(args, "brokers");
  const output = textOption(args, "output");
  const intervalMs = durationOption(args, "checkpoint-interval");
  const workers = countOption(args, "workers", 1);
  const restoreFrom = textOption(args, "restore");
  const recovery = z.enum(RECOVERIES).parse(args.recovery);
  const guarantee = z.enum(GUARANTEES).optional().parse(args.guarantee);
  if (intervalMs !== undefined && recovery !== "passive" && recovery !== "active") {
    throw new FaultlineError("usage", "--checkpoint-interval needs --recovery passive or active");
  }
  if (guarantee === "at-most-once" && recovery === "active") {
    throw new FaultlineError("usage", "replicas go on where others were: nothing needs to be lost", {
      hint: "Take --guarantee at-least-once or exactly-once.",
    });
  }
  const { parameters, data } = await setsOf(args);
  return {
    name: textOption(args, "job") ?? "",
    cwd,
    parameters,
    input: inputOf(args, brokers, data),
    output: output === undefined ? null : { topic: output, brokers },
    parallelism: countOption(args, "parallelism", 1) ?? 2,
    // Beneath replicas lie checkpoints, for when all of a task's are lost.
    recovery: recovery === "active" ? "passive" : recovery,
    ...(recovery === "active" ? { replication: replicationOf(args) } : refuseReplication(args)),
    ...(guarantee === undefined ? {} : { guarantee }),
    ...(workers === undefined ? {} : { workers }),
    ...(intervalMs === undefined ? {} : { checkpoints: { intervalUs: Math.round(intervalMs * 1000) } }),
    ...restartOf(args),
    ...(restoreFrom === undefined ? {} : { restoreFrom }),
  };
}

function replicationOf(args: Arguments): HandReplication {
  const factor = countOption(args, "replication-factor", 1) ?? 2;
  if (factor > MOST_REPLICAS) {
    throw new FaultlineError("usage", `--replication-factor ${factor}: at most ${MOST_REPLICAS} replicas`);
  }
  const heartbeatMs = durationOption(args, "heartbeat") ?? DEFAULT_HEARTBEAT_MS;
  const heartbeatIntervalUs = Math.round(heartbeatMs * 1000);
  if (heartbeatIntervalUs < 1000) throw new FaultlineError("usage", "--heartbeat must be at least 1ms");
  return { factor, merge: z.enum(MERGES).default("liveRobin").parse(args.merge), heartbeatIntervalUs };
}

function refuseReplication(args: Arguments): Record<string, never> {
  const given = ["replication-factor", "merge", "heartbeat"].find((name) => args[name] !== undefined);
  if (given !== undefined) throw new FaultlineError("usage", `--${given} needs --recovery active`);
  return {};
}

/** `--set`: parameters of the job; below `data`, options of the generator. */
async function setsOf(args: Arguments) {
  const [{ parseOverrides }, { withValue }] = await Promise.all([
    import("../../config/overrides.ts"),
    import("../../config/paths.ts"),
  ]);
  let raw: unknown = {};
  for (const { path, value } of parseOverrides(textsOption(args, "set"))) raw = withValue(raw, path, value);
  const { data = {}, ...parameters } = raw as Record<string, unknown>;
  return { parameters, data: data as Readonly<Record<string, unknown>> };
}

function inputOf(
  args: Arguments,
  brokers: readonly string[],
  options: Readonly<Record<string, unknown>>,
): HandSubmission["input"] {
  const topic = textOption(args, "topic");
  const address = textOption(args, "socket");
  const events = countOption(args, "generate", 1);
  const ratePerSecond = rateOption(args, "rate") ?? null;
  if ([topic, address, events].filter((one) => one !== undefined).length !== 1) {
    throw new FaultlineError("usage", "where does the input come from?", {
      hint: "Give one of --socket HOST:PORT, --topic TOPIC and --generate EVENTS.",
    });
  }
  if (ratePerSecond !== null && events === undefined) throw new FaultlineError("usage", "--rate needs --generate");
  if (topic !== undefined) return { kind: "topic", topic, brokers };
  if (events !== undefined) return { kind: "generate", events, ratePerSecond, options };
  if (!/^[^\s:]+:\d{1,5}$/.test(address!)) throw new FaultlineError("usage", `--socket ${address}: expected host:port`);
  return { kind: "socket", address: address! };
}

function restartOf(args: Arguments): { readonly restart?: RestartStrategy } {
  const attempts = countOption(args, "attempts", 0);
  const delayMs = durationOption(args, "restart-delay");
  if (attempts === undefined && delayMs === undefined) return {};
  const delayUs = Math.round((delayMs ?? 0) * 1000);
  return { restart: { kind: "fixed-delay", attempts: attempts ?? 10, delayUs } };
}
