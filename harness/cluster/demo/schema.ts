import { z } from "zod";
import { parseConfigDocument } from "../../config/document.ts";
import { duration, wholeNumber } from "../../config/fields.ts";
import { applyOverrides, overrideAt, parseOverrides } from "../../config/overrides.ts";
import { configError, locateProblem, problemsOf } from "../../config/problems.ts";

const MAX_STEPS = 100;

const counts = z.record(z.string().min(1), wholeNumber(1, 1_000_000));
const lines = z.array(z.string().min(1)).min(1).max(1000);

const submit = z.strictObject({
  submit: z.strictObject({
    job: z.enum(["wordcount", "wordcount-sliding", "wordcount-totals"]).describe("Which word count."),
    input: z.enum(["socket", "topic"]).describe("Where the lines come from."),
    parallelism: wholeNumber(1, 64).default(1).describe("Instances of every operator."),
    recovery: z.enum(["none", "passive"]).default("none").describe("none: the first loss of its worker ends the job."),
    checkpointInterval: duration(1).prefault("500ms").describe("With recovery passive."),
  }),
});

const type = z.strictObject({
  lines: lines.describe("Typed at the begin of a window, all at once."),
  window: counts.optional().describe("What the windows of the job print for them; {}: nothing."),
  totals: counts.optional().describe("Totals of these words that must be reached."),
});

const stop = z.strictObject({
  stop: z.string().describe("Whose worker is stopped (SIGTERM): operator/subtask, or worker/1."),
  jobIs: z.enum(["failed", "running"]).describe("What becomes of the job."),
});

const end = z.strictObject({
  end: z
    .enum(["hangUp", "drain"])
    .describe("hangUp: the socket is closed; drain: what is in the topic is read. The job finishes."),
});

const compare = z.strictObject({
  compare: z
    .literal("faultFree")
    .describe("The last job's final totals against those of a run without faults over the same topic."),
});

const addWorkers = z.strictObject({ addWorkers: wholeNumber(1, 64).describe("Start so many more workers.") });

/** A scripted demo: steps that a player would do by hand, and what must come of them. */
export const demoSchema = z.strictObject({
  name: z.string().describe("Its name."),
  description: z.string().default("").describe("What it shows."),
  workers: wholeNumber(1, 64).default(3).describe("Worker processes at the begin."),
  window: duration(500, 60_000).prefault("5s").describe("Size of the windows."),
  kafka: z.boolean().default(false).describe("A private Kafka, for input from a topic."),
  acts: z
    .array(
      z.strictObject({
        title: z.string().describe("What this part shows."),
        steps: z
          .array(z.union([submit, type, stop, end, compare, addWorkers]))
          .min(1)
          .max(MAX_STEPS),
      }),
    )
    .min(1)
    .max(20),
});

export type Demo = z.output<typeof demoSchema>;
export type DemoStep = Demo["acts"][number]["steps"][number];
export type SubmitStep = Extract<DemoStep, { submit: unknown }>["submit"];
export type TypeStep = Extract<DemoStep, { lines: unknown }>;

/** A demo from its text. Throws `config-invalid` with all problems. */
export function parseDemo(text: string, file: string, sets: readonly string[]): Demo {
  const document = parseConfigDocument(text, file);
  const overrides = parseOverrides(sets);
  const raw = applyOverrides(document.raw, overrides);
  const checked = demoSchema.safeParse(raw);
  if (checked.success) return checked.data;
  const located = problemsOf(checked.error.issues, raw, demoSchema).map((problem) => {
    const override = overrideAt(overrides, problem.path);
    return locateProblem(problem, override === undefined ? document.locate(problem.path) : `--set ${override.text}:`);
  });
  throw configError(file, located);
}
