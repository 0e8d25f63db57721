import { FaultlineError, systemCode } from "../../../base/errors.ts";
import { EXIT } from "../../../base/exit-codes.ts";
import { type Command, countOption, textOption, textsOption, withSet } from "../command.ts";
import type { Io, Sink } from "../io.ts";

/** Settings of `--set`, listed here so that `--help` need not load the schemas; a test compares. */
export const NEXMARK_KEYS = [
  "mode events firstEventId firstEventNumber eventRatePerSecond numEventGenerators outOfOrderGroupSize",
  "proportions.person|auction|bid hotRatios.auction|sellers|bidders avgByteSizes.person|auction|bid",
  "numInFlightAuctions numActivePeople baseTimeMs skew.auctions|bidders|keys split.index|of|totalEvents seeds.extra|tables|events",
].join(" ");
export const BETTERCLOUD_KEYS = [
  "events controls customers seed controlSeed alertsPerCustomer rulesPerAlert payloadPadding keySkew preloadControls",
  "sequence consumerRate controlRate baseTimeMs",
].join(" ");

interface Wanted {
  readonly sets: readonly string[];
  readonly firstIndex: number;
  readonly format: string | undefined;
  readonly stream: string | undefined;
}

/** `bench generate nexmark`: the events of a data set on stdout, without Kafka. */
export const generateCommand: Command = {
  usage: "generate <generator>",
  summary: "Write generated events to stdout",
  examples: [
    ["generate nexmark --set events=10 --set mode=classic", "the first ten events of classic Nexmark"],
    ["generate bettercloud --set events=10 --stream controls", "the controls that come before them"],
  ],
  options: (parser) =>
    withSet(parser)
      .positional("generator", { type: "string", choices: ["nexmark", "bettercloud"], describe: "Which events" })
      .option("first", { type: "number", describe: "Index of the first event to write", default: 0 })
      .option("format", {
        type: "string",
        choices: ["jsonl", "wire", "binary"],
        describe:
          "jsonl: one line an event, nexmark's as in the golden files (default); wire: the Kafka value; binary: nexmark's values in the binary format, each behind its length",
      })
      .option("stream", {
        type: "string",
        choices: ["events", "controls", "control"],
        describe: "bettercloud: customer events (default) or controls",
      })
      .epilogue(`Settings of nexmark: ${NEXMARK_KEYS.replaceAll(" ", ", ")}.`)
      .epilogue(`Settings of bettercloud: ${BETTERCLOUD_KEYS.replaceAll(" ", ", ")}.`),
  async run(args, io) {
    const wanted: Wanted = {
      sets: textsOption(args, "set"),
      firstIndex: countOption(args, "first", 0) ?? 0,
      format: textOption(args, "format"),
      stream: textOption(args, "stream"),
    };
    if (textOption(args, "generator") === "bettercloud") await generateBetterCloud(wanted, io);
    else await generateNexmark(wanted, io);
    return EXIT.ok;
  },
};

async function generateNexmark({ sets, firstIndex, format, stream }: Wanted, io: Io): Promise<void> {
  if (stream !== undefined)
    throw new FaultlineError("usage", "nexmark has one stream", { hint: "Leave --stream out." });
  const [{ nexmarkOptionsFromSets }, { generateLines }] = await Promise.all([
    import("../generator-sets.ts"),
    import("../../../generators/nexmark/generate.ts"),
  ]);
  const options = { firstIndex, format: format === "wire" || format === "binary" ? format : "jsonl" } as const;
  await generateLines(nexmarkOptionsFromSets(sets), options, (chunk) => writeOrStop(io.stdout, chunk));
}

/** Its lines are the Kafka values, whatever the format. */
async function generateBetterCloud({ sets, firstIndex, format, stream }: Wanted, io: Io): Promise<void> {
  if (format === "binary") {
    const hint = "Use --format jsonl or wire; only nexmark has a binary format.";
    throw new FaultlineError("usage", "bettercloud has no binary format", { hint });
  }
  const [{ betterCloudOptionsFromSets }, { generateBetterCloudLines }] = await Promise.all([
    import("../generator-sets.ts"),
    import("../../../generators/bettercloud/generate.ts"),
  ]);
  const name = stream === undefined || stream === "events" ? "events" : "controls";
  const options = { firstIndex, stream: name } as const;
  await generateBetterCloudLines(betterCloudOptionsFromSets(sets), options, (chunk) => writeOrStop(io.stdout, chunk));
}

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
