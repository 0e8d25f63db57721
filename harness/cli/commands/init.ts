import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError, systemCode } from "../../../base/errors.ts";
import { EXIT } from "../../../base/exit-codes.ts";
import { type Command, flagOption, textOption } from "../command.ts";

const DEFAULT_FILE = "campaign.yaml";

/** `bench init [FILE]`: a commented config to begin with. */
export const initCommand: Command = {
  usage: "init [file]",
  summary: "Write a commented config with every setting and its default",
  examples: [["init && $0 sweep campaign.yaml --dry-run", "a first campaign, looked at before it runs"]],
  options: (parser) =>
    parser
      .positional("file", { type: "string", default: DEFAULT_FILE, describe: "Where to write it" })
      .option("force", { type: "boolean", describe: "Overwrite a file that is there" }),
  async run(args, io) {
    const { configTemplate } = await import("../../config/template.ts");
    const file = textOption(args, "file") ?? DEFAULT_FILE;
    await writeNew(resolve(io.cwd, file), file, configTemplate(file), flagOption(args, "force"));
    io.stderr.write(`wrote ${file}; look at the plan with: ${benchLine`sweep ${file} --dry-run`}\n`);
    return EXIT.ok;
  },
};

async function writeNew(path: string, shown: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(path, text, { flag: force ? "w" : "wx" });
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "EEXIST") {
      throw new FaultlineError("usage", `${shown} exists`, {
        hint: "Choose another name, or overwrite it with --force.",
      });
    }
    throw new FaultlineError(code === "ENOSPC" ? "disk-full" : "output-unwritable", `cannot write ${shown}: ${code}`, {
      hint: "Choose a place where you may write.",
      cause,
    });
  }
}
