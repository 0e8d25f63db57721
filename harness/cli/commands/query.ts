import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { EXIT } from "../../../base/exit-codes.ts";
import { type Command, countOption, textOption, textsOption, withSet } from "../command.ts";
import { writeOrStop } from "./generate.ts";

const DEFAULT_EVENTS = 100_000;

/** `bench query q5`: a query over generated events to the end of input, without Kafka; result rows as JSON lines. */
export const queryCommand: Command = {
  usage: "query <id>",
  summary: "Run a query over generated events, without Kafka, and print its rows",
  examples: [["query q5 --set events=20000 --parallelism 2", "hot items of 20,000 events"]],
  options: (parser) =>
    withSet(parser)
      .positional("id", { type: "string", describe: "Query, for example q5; an unknown one lists them" })
      .option("system", {
        type: "string",
        choices: ["oracle", "bundled"],
        default: "bundled",
        describe: "oracle: the naive model; bundled: the engine, in one thread",
      })
      .option("parallelism", { type: "number", default: 1, describe: "Instances of every operator" })
      .option("batch", { type: "number", describe: "Events per source batch" }),
  async run(args, io) {
    const [optionsFromSets, { runQuery }, { findQuery, generatorOf }] = await Promise.all([
      import("../generator-sets.ts"),
      import("../../systems/run-query.ts"),
      import("../../../queries/registry.ts"),
    ]);
    const sets = textsOption(args, "set");
    const bounded = sets.some((set) => set.startsWith("events=")) ? sets : [`events=${DEFAULT_EVENTS}`, ...sets];
    const id = textOption(args, "id");
    if (id === undefined) throw new FaultlineError("usage", `which query? for example: ${benchLine`query q5`}`);
    const batchSize = countOption(args, "batch", 1);
    const optionsOf = {
      nexmark: optionsFromSets.nexmarkOptionsFromSets,
      bettercloud: optionsFromSets.betterCloudOptionsFromSets,
      microbench: optionsFromSets.microbenchOptionsFromSets,
    };
    await runQuery({
      query: id,
      system: textOption(args, "system") === "oracle" ? "oracle" : "bundled",
      parallelism: countOption(args, "parallelism", 1) ?? 1,
      options: optionsOf[generatorOf(findQuery(id))](bounded),
      ...(batchSize === undefined ? {} : { batchSize }),
      write: (chunk: string) => writeOrStop(io.stdout, chunk),
    });
    return EXIT.ok;
  },
};
