import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { EXIT, type ExitCode } from "../../../base/exit-codes.ts";
import type { ClusterFolder } from "../../cluster/folder.ts";
import { ZONE_NAME, ZONE_NAME_HINT } from "../../faults/zone-target.ts";
import { type Arguments, type Command, countOption, flagOption, textOption } from "../command.ts";
import { folderOption, withFolder } from "../folder-option.ts";
import { follow } from "../follow.ts";
import type { Io } from "../io.ts";
import { stopSignal } from "../stop-signal.ts";

/** What can be done with a cluster. */
const ACTIONS = {
  up,
  ps,
  log,
  output,
  "add-worker": addWorker,
  drain: (args: Arguments, io: Io, folder: ClusterFolder) => endJob("drain", args, io, folder),
  cancel: (args: Arguments, io: Io, folder: ClusterFolder) => endJob("cancel", args, io, folder),
  down,
} as const;

/** `bench cluster …`: a cluster of the bundled engine to play with; it outlives the command. */
export const clusterCommand: Command = {
  usage: "cluster <action> [job]",
  summary: "Start, look at and end a cluster to play with",
  examples: [
    ["cluster up --workers 3", "coordinator and three workers in the background"],
    ["cluster output --follow", "rows as they come"],
  ],
  options: (parser) =>
    withFolder(parser)
      .positional("action", {
        choices: Object.keys(ACTIONS),
        describe:
          "up: start; ps: who runs what; log: what happened; output: rows; drain, cancel: end the job; down: end all",
      })
      .positional("job", {
        type: "string",
        describe: "With log, output, drain and cancel: which job; default: the last",
      })
      .option("workers", { type: "number", default: 3, describe: "With up: worker processes" })
      .option("spares", { type: "number", default: 0, describe: "With up: further ones that stand ready" })
      .option("kafka", { type: "boolean", describe: "With up: a private Kafka too" })
      .option("zookeeper", {
        type: "boolean",
        describe: "With up: a private ZooKeeper and Kafka too, for replicas under kaZoo",
      })
      .option("zones", {
        type: "string",
        requiresArg: true,
        describe: "With up: zones that workers are in, taken in turn, like a,b",
      })
      .option("follow", { type: "boolean", describe: "With log and output: go on until Ctrl-C" })
      .option("json", { type: "boolean", describe: "With ps, log and output: JSON on stdout" })
      .epilogue("docs/playground.md is a walk through it."),
  async run(args, io) {
    const action = textOption(args, "action") as keyof typeof ACTIONS;
    return ACTIONS[action](args, io, folderOption(args, io));
  },
};

async function up(args: Arguments, io: Io, folder: ClusterFolder): Promise<ExitCode> {
  const { startHandCluster } = await import("../../cluster/up.ts");
  const stop = stopSignal(io);
  try {
    const size = {
      workers: countOption(args, "workers", 1) ?? 3,
      spares: countOption(args, "spares", 0) ?? 0,
      kafka: flagOption(args, "kafka") || flagOption(args, "zookeeper"),
      zookeeper: flagOption(args, "zookeeper"),
      zones: zonesOf(args),
      seed: 1,
    };
    const say = (text: string) => io.stderr.write(`${text}\n`);
    const state = await startHandCluster(folder, size, stop.signal, say);
    io.stdout.write(`coordinator  ${state.coordinator}\n`);
    if (state.zookeeper) io.stdout.write("zookeeper    elects leaders of replicas\n");
    if (state.brokers.length > 0) io.stdout.write(`kafka        ${state.brokers.join(", ")}\n`);
    io.stdout.write(`workers      ${size.workers}${size.spares > 0 ? ` and ${size.spares} spare` : ""}\n`);
    io.stderr.write(
      `next: ${benchLine`submit wordcount --socket 127.0.0.1:9999`}, or ${benchLine`submit q5 --generate 100000`}\n`,
    );
    return EXIT.ok;
  } catch (error) {
    if (stop.signal.aborted) return stop.exitCode;
    throw error;
  } finally {
    stop.close();
  }
}

function zonesOf(args: Arguments): readonly string[] {
  const text = textOption(args, "zones");
  if (text === undefined) return [];
  const zones = text.split(",").map((zone) => zone.trim());
  const wrong = zones.find((zone) => !ZONE_NAME.test(zone));
  if (wrong === undefined) return zones;
  throw new FaultlineError("usage", `--zones: "${wrong}" is no zone`, { hint: ZONE_NAME_HINT });
}

async function ps(args: Arguments, io: Io, folder: ClusterFolder): Promise<ExitCode> {
  const [{ askKeeper }, { runningCluster }, { statusText }] = await Promise.all([
    import("../../cluster/keeper/client.ts"),
    import("../../cluster/state.ts"),
    import("../../cluster/status-text.ts"),
  ]);
  const state = runningCluster(folder);
  const status = await askKeeper(state, { ask: "status" });
  io.stdout.write(
    flagOption(args, "json") ? `${JSON.stringify({ ...state, ...status })}\n` : statusText(state, status),
  );
  return EXIT.ok;
}

async function log(args: Arguments, io: Io, folder: ClusterFolder): Promise<ExitCode> {
  const { readRecord, recordLine } = await import("../../cluster/record.ts");
  const jobId = textOption(args, "job");
  const entries = () =>
    readRecord(folder.record).filter((entry) => jobId === undefined || (entry.kind === "job" && entry.jobId === jobId));
  if (entries().length === 0) throw nothingRecorded(jobId);
  const json = flagOption(args, "json");
  return follow(io, flagOption(args, "follow"), () =>
    entries().map((one) => (json ? JSON.stringify(one) : recordLine(one))),
  );
}

async function output(args: Arguments, io: Io, folder: ClusterFolder): Promise<ExitCode> {
  const [{ readOutput, outputLine }, { lastJob }, { join }] = await Promise.all([
    import("../../cluster/jobs/output-files.ts"),
    import("../../cluster/record.ts"),
    import("node:path"),
  ]);
  const jobId = textOption(args, "job") ?? lastJob(folder.record);
  if (jobId === null) throw nothingRecorded(undefined);
  const json = flagOption(args, "json");
  const rows = () => readOutput(join(folder.output, jobId));
  return follow(io, flagOption(args, "follow"), () =>
    rows().map((row) => (json ? JSON.stringify(row) : outputLine(row))),
  );
}

function nothingRecorded(jobId: string | undefined): FaultlineError {
  if (jobId === undefined) {
    return new FaultlineError("cluster-missing", "nothing has happened here yet", {
      hint: `Start a cluster with ${benchLine`cluster up`}, or name its folder with --dir.`,
    });
  }
  return new FaultlineError("job-invalid", `there was no job "${jobId}"`, {
    hint: `${benchLine`cluster log`} lists all.`,
  });
}

async function addWorker(_args: Arguments, io: Io, folder: ClusterFolder): Promise<ExitCode> {
  const [{ askKeeper }, { runningCluster }] = await Promise.all([
    import("../../cluster/keeper/client.ts"),
    import("../../cluster/state.ts"),
  ]);
  const { worker, pid } = await askKeeper(runningCluster(folder), { ask: "addWorker" });
  io.stdout.write(`${worker} is there (pid ${pid})\n`);
  return EXIT.ok;
}

async function endJob(how: "drain" | "cancel", args: Arguments, io: Io, folder: ClusterFolder): Promise<ExitCode> {
  const { endHandJob } = await import("../../cluster/jobs/end-job.ts");
  const { jobId, state } = await endHandJob(folder, how, textOption(args, "job"));
  io.stdout.write(`job ${jobId} is ${state.toUpperCase()}\n`);
  return EXIT.ok;
}

async function down(_args: Arguments, io: Io, folder: ClusterFolder): Promise<ExitCode> {
  const { endHandCluster } = await import("../../cluster/up.ts");
  await endHandCluster(folder);
  io.stdout.write("the cluster is down\n");
  io.stderr.write(`its logs, savepoints and outputs are kept; ${benchLine`cluster log`} still tells what happened\n`);
  return EXIT.ok;
}
