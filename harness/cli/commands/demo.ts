import { resolve } from "node:path";
import { type Command, textOption, textsOption, withSet } from "../command.ts";
import { stopSignal } from "../stop-signal.ts";

const DEFAULT_FOLDER = ".faultline/demo";

/** `bench demo FILE`: a scripted session with a cluster, checked step by step. */
export const demoCommand: Command = {
  usage: "demo <file>",
  summary: "Play a scripted demo on a cluster of its own and check what it shows",
  examples: [["demo configs/demo/wordcount.yaml", "word count on three workers, stopped one after the other"]],
  options: (parser) =>
    withSet(parser)
      .positional("file", { type: "string", describe: "YAML script, for example configs/demo/wordcount.yaml" })
      .option("dir", {
        type: "string",
        requiresArg: true,
        describe: `Folder of its cluster; default ${DEFAULT_FOLDER}`,
      })
      .epilogue("Exit code 4: something was not as the script says it must be."),
  async run(args, io) {
    const [{ parseDemo }, { runDemo }, { readConfig }] = await Promise.all([
      import("../../cluster/demo/schema.ts"),
      import("../../cluster/demo/run-demo.ts"),
      import("../../config/load.ts"),
    ]);
    const file = textOption(args, "file") ?? "";
    const demo = parseDemo(await readConfig(resolve(io.cwd, file), file), file, textsOption(args, "set"));
    const stop = stopSignal(io);
    try {
      const options = { cwd: io.cwd, directory: textOption(args, "dir") ?? DEFAULT_FOLDER, signal: stop.signal };
      return await runDemo(demo, options, (line) => io.stdout.write(`${line}\n`));
    } catch (error) {
      if (stop.signal.aborted) return stop.exitCode;
      throw error;
    } finally {
      stop.close();
    }
  },
};
