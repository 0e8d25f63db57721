import { FaultlineError } from "../../../base/errors.ts";
import { EXIT } from "../../../base/exit-codes.ts";
import type { CacheContents } from "../../services/cache-contents.ts";
import { type Command, flagOption, textOption } from "../command.ts";
import { formatCount } from "../progress/format.ts";
import { formatBytes } from "../progress/format-bytes.ts";

/** `bench cache show|clean`: what Faultline has fetched and keeps for later. */
export const cacheCommand: Command = {
  usage: "cache [action]",
  summary: "Show or remove what Faultline keeps between runs (programs it fetched, compiled code)",
  examples: [["cache clean --dry-run", "what a clean would remove"]],
  options: (parser) =>
    parser
      .positional("action", { type: "string", choices: ["show", "clean"], default: "show", describe: "What to do" })
      .option("dry-run", { type: "boolean", describe: "clean: say what would be removed, remove nothing" })
      .option("json", { type: "boolean", describe: "One JSON object on stdout" }),
  async run(args, io) {
    const { readCache, cleanCache } = await import("../../services/cache-contents.ts");
    const contents = readCache({ ...io.env });
    const isClean = textOption(args, "action") === "clean";
    const isDry = flagOption(args, "dry-run");
    if (!isClean && isDry) throw new FaultlineError("usage", "--dry-run belongs to bench cache clean");
    const removes = isClean && !isDry;
    if (removes) cleanCache(contents);
    const text = flagOption(args, "json")
      ? `${JSON.stringify({ ...contents, removed: removes })}\n`
      : describe(contents, isClean ? (isDry ? "would remove " : "removed ") : "");
    io.stdout.write(text);
    return EXIT.ok;
  },
};

function describe({ directory, entries, foreign, users }: CacheContents, verb: string): string {
  const sizes = entries.map(({ name, kind, files, bytes }) => {
    return `${verb}${name}  ${kind}, ${formatCount(files)} ${files === 1 ? "file" : "files"}, ${formatBytes(bytes)}`;
  });
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    `cache: ${directory}`,
    ...sizes,
    ...(foreign.length === 0 ? [] : [`not Faultline's, left alone: ${foreign.join(", ")}`]),
    ...(users.length === 0 ? [] : [`in use by process ${users.join(", ")}: not to be cleaned before it ends`]),
    entries.length === 0 ? "nothing of Faultline's is there" : `${verb}${formatBytes(total)} in all`,
    "",
  ].join("\n");
}
