import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { EXIT } from "../../../base/exit-codes.ts";
import { type Command, flagOption, textOption } from "../command.ts";
import { folderOption, withFolder } from "../folder-option.ts";

/** `bench savepoint JOB FOLDER`: a checkpoint that is kept, to start from again. */
export const savepointCommand: Command = {
  usage: "savepoint <job> <name>",
  summary: "Save the state of a job that runs, to start from it again",
  examples: [["savepoint wordcount-totals-1 monday --stop", "submit … --restore monday goes on from there"]],
  options: (parser) =>
    withFolder(parser)
      .positional("job", { type: "string", describe: "Id of the job" })
      .positional("name", { type: "string", describe: "Name of the savepoint, a folder of the cluster's store" })
      .option("stop", { type: "boolean", describe: "End the job with it: nothing is read after it" }),
  async run(args, io) {
    const [{ presentJob, withCoordinator }, { runningCluster }] = await Promise.all([
      import("../../cluster/jobs/client.ts"),
      import("../../cluster/state.ts"),
    ]);
    const folder = folderOption(args, io);
    const name = textOption(args, "name") ?? "";
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/.test(name)) {
      throw new FaultlineError("usage", `"${name}" is no name of a savepoint`, {
        hint: "It has letters, digits, '.', '_' and '-'.",
      });
    }
    const { coordinator } = runningCluster(folder);
    const { jobId } = await presentJob(folder, textOption(args, "job"));
    const stop = flagOption(args, "stop");
    await withCoordinator(coordinator, (client) => client.savepoint(jobId, name, stop));
    io.stdout.write(`savepoint ${name} of ${jobId} is complete\n`);
    io.stderr.write(`go on from it: ${benchLine`submit … --restore ${name}`}\n`);
    return EXIT.ok;
  },
};
