import { z } from "zod";
import { microbenchOptionsSchema } from "../../generators/microbench/options.ts";
import { MOST_STAGES } from "../../queries/microbench/pipelines/parameters.ts";
import { wholeNumber } from "./fields.ts";
import { impliedShape, otherLoadSchema } from "./load-shapes.ts";

const otherLoad = (which: string) =>
  z
    .preprocess(impliedShape, otherLoadSchema)
    .prefault({})
    .describe(`Schedule of the ${which} source, in the shapes of \`load\` but trace; \`load\` is the first one's.`);

/** The microbenchmarks: their pipeline and the events that go through it. */
export const microbench = z
  .strictObject({
    stages: wholeNumber(1, MOST_STAGES).default(3).describe("Operators in a row, each behind an exchange of its own."),
    ...microbenchOptionsSchema.pick({ keys: true, payloadBytes: true, seed: true, baseTimeMs: true }).shape,
    load2: otherLoad("second"),
    load3: otherLoad("third"),
  })
  .prefault({})
  .describe(
    "Pipeline and events of the microbenchmarks (`data.generator: microbench`); the query says how many sources.",
  );
