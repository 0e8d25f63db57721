import type { Argv } from "yargs";
import { type ClusterFolder, clusterFolder } from "../cluster/folder.ts";
import { type Arguments, textOption } from "./command.ts";
import type { Io } from "./io.ts";

/** `--dir`: which of several clusters that are played with by hand. */
export function withFolder(parser: Argv): Argv {
  return parser.option("dir", {
    type: "string",
    requiresArg: true,
    describe: "Folder of the cluster; default .faultline/cluster",
  });
}

export function folderOption(args: Arguments, io: Io): ClusterFolder {
  return clusterFolder(io.cwd, textOption(args, "dir"));
}
