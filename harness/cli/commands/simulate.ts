import { FaultlineError } from "../../../base/errors.ts";
import { EXIT, type ExitCode } from "../../../base/exit-codes.ts";
import { type Command, countOption, flagOption, textOption, textsOption } from "../command.ts";
import type { Io } from "../io.ts";

/** `bench simulate`: queries on a simulated cluster in rough worlds, one a seed, against the oracle. */
export const simulateCommand: Command = {
  usage: "simulate",
  summary: "Run queries on a simulated cluster under many seeds and compare with the oracle",
  examples: [
    ["simulate --seeds 500", "all queries under 500 seeds"],
    ["simulate --job q5 --from 17 --seeds 1 --trace", "one run, event by event"],
    ["simulate --seeds 2000 --set recovery=passive", "jobs that recover from checkpoints, under faults"],
  ],
  options: (parser) =>
    parser
      .option("seeds", { type: "number", describe: "How many seeds; default 100, with --for as many as fit" })
      .option("from", { type: "number", default: 1, describe: "The first seed" })
      .option("job", { type: "string", array: true, nargs: 1, describe: "Query (repeatable); default: all" })
      .option("for", { type: "string", requiresArg: true, describe: "Start no seed after this long, for example 10m" })
      .option("threads", { type: "number", describe: "Default: one a core" })
      .option("trace", { type: "boolean", describe: "Print the hash of every trace; of a single run all its events" })
      .option("json", { type: "boolean", describe: "One JSON object on stdout" })
      .option("set", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "recovery=passive|active|all, guarantee=exactly-once, replication.factor=2 … (repeatable)",
      })
      .option("fault", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "Only this kind of fault (repeatable); or none",
      })
      .option("merge", { choices: ["liveRobin"], describe: "Print the order in which the merge delivers --channels" })
      .option("channels", {
        type: "string",
        requiresArg: true,
        describe: "File, one line a channel: A = a0 a1 H0 a2 H1",
      })
      .epilogue("Exit code 4: a seed failed, or a situation was never met. A failed seed prints how to see it again."),
  async run(args, io) {
    const channels = textOption(args, "channels");
    if (channels !== undefined || textOption(args, "merge") !== undefined) return printMergeOrder(channels, io);
    const [{ simulate }, { readMode }, { parseDuration }] = await Promise.all([
      import("../../simulate/simulate.ts"),
      import("../../simulate/run-mode.ts"),
      import("../../config/units.ts"),
    ]);
    const forText = textOption(args, "for");
    const parsed = forText === undefined ? null : parseDuration(forText);
    if (parsed?.ok === false) throw new FaultlineError("usage", `--for: ${parsed.message}`, { hint: parsed.hint });
    const seeds = countOption(args, "seeds", 1);
    const threads = countOption(args, "threads", 1);
    return simulate(
      {
        mode: readMode(textsOption(args, "set"), textsOption(args, "fault")),
        queries: textsOption(args, "job"),
        from: countOption(args, "from", 0) ?? 1,
        ...(seeds === undefined ? {} : { seeds }),
        ...(parsed === null ? {} : { forMs: parsed.value }),
        ...(threads === undefined ? {} : { threads }),
        trace: flagOption(args, "trace"),
        json: flagOption(args, "json"),
      },
      io,
    );
  },
};

async function printMergeOrder(channels: string | undefined, io: Io): Promise<ExitCode> {
  if (channels === undefined) throw new FaultlineError("usage", "--merge needs --channels FILE");
  const [{ readFile }, { mergeOrder }] = await Promise.all([
    import("node:fs/promises"),
    import("../../simulate/merge-order.ts"),
  ]);
  let text: string;
  try {
    text = await readFile(channels, "utf8");
  } catch (cause) {
    throw new FaultlineError("usage", `--channels: ${channels} cannot be read`, { cause });
  }
  io.stdout.write(`${mergeOrder(text).join(" ")}\n`);
  return EXIT.ok;
}
