import { FaultlineError, systemCode } from "../../../base/errors.ts";
import { EXIT } from "../../../base/exit-codes.ts";
import { type Command, countOption, textOption, textsOption, withSet } from "../command.ts";
import type { Sink } from "../io.ts";

/** Settings of `--set`, listed here so that `--help` need not load the schema; a test compares. */
export const NEXMARK_KEYS = [
  "mode events firstEventId firstEventNumber eventRatePerSecond numEventGenerators outOfOrderGroupSize",
  "proportions.person|auction|bid hotRatios.auction|sellers|bidders avgByteSizes.person|auction|bid",
  "numInFlightAuctions numActivePeople baseTimeMs split.index|of|totalEvents seeds.extra|tables|events",
].join(" ");

/** `bench generate nexmark`: the events of a data set on stdout, without Kafka. */
export const generateCommand: Command = {
  usage: "generate <generator>",
  summary: "Write generated events to stdout",
  options: (parser) =>
    withSet(parser)
      .positional("generator", { type: "string", choices: ["nexmark"], describe: "Which events" })
      .option("first", { type: "number", describe: "Index of the first event to write", default: 0 })
      .option("format", {
        type: "string",
        choices: ["jsonl", "wire"],
        default: "jsonl",
        describe: "jsonl: one line an event, as in the golden files; wire: the Kafka value",
      })
      .epilogue(`Settings of nexmark:\n  ${NEXMARK_KEYS.replaceAll(" ", "\n  ")}`)
      .example("$0 generate nexmark --set events=10 --set mode=classic", "the first ten events of classic Nexmark"),
  async run(args, io) {
    const [{ nexmarkOptionsFromSets }, { generateLines }] = await Promise.all([
      import("../nexmark-sets.ts"),
      import("../../../generators/nexmark/generate.ts"),
    ]);
    const options = nexmarkOptionsFromSets(textsOption(args, "set"));
    const format = textOption(args, "format") === "wire" ? "wire" : "jsonl";
    const firstIndex = countOption(args, "first", 0) ?? 0;
    await generateLines(options, { firstIndex, format }, (chunk) => writeOrStop(io.stdout, chunk));
    return EXIT.ok;
  },
};

/** Writes, waits for a slow reader, and answers false when the reader is gone. */
export async function writeOrStop(sink: Sink, chunk: string | Uint8Array): Promise<boolean> {
  if (sink.write(chunk)) return true;
  try {
    await sink.drained();
    return true;
  } catch (error) {
    if (systemCode(error) === "EPIPE") return false;
    throw new FaultlineError("output-unwritable", "cannot write to stdout", { cause: error });
  }
}
