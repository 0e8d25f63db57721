import { z } from "zod";
import { duration } from "../../config/fields.ts";
import { nearest } from "../../config/nearest.ts";
import { PLACEHOLDERS, unknownPlaceholders } from "./placeholders.ts";

/** Role of the one process of a short `start`. */
const DEFAULT_ROLE = "processor";
/** Roles and log files of the harness's own. */
const RESERVED_ROLES = ["harness", "broker", "kafka", "feeder", "observer", "sampler", "pids", "drain", "stop"];
const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGKILL"] as const;
/** A deployment may take a minute in all. */
const MAX_READY_MS = 50_000;
/** Stopping one part of a run may take 20 s in all. */
const MAX_STOP_MS = 15_000;
const MAX_PROCESSES = 256;

function fillable() {
  return z.string().superRefine((text, context) => {
    for (const name of unknownPlaceholders(text)) {
      const meant = nearest(name, Object.keys(PLACEHOLDERS));
      const known = `known: ${Object.keys(PLACEHOLDERS).join(", ")}; a literal brace is doubled: {{`;
      const hint = meant === null ? known : `did you mean {${meant}}? ${known}`;
      context.addIssue({ code: "custom", message: `unknown placeholder {${name}}\n${hint}` });
    }
  });
}

/** Program and arguments; no shell in between. */
function argv() {
  return z.array(fillable().min(1)).min(1);
}

function isRegex(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false; // a syntax error: the answer itself
  }
}

const role = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9._-]{0,39}$/, "a role has letters, digits, '.', '_' and '-', at most 40")
  .refine((text) => !RESERVED_ROLES.includes(text), `these roles are taken: ${RESERVED_ROLES.join(", ")}`);

const processSchema = z.strictObject({
  role: role.describe("What the process is to people; names its log file and its CPU and memory in the report."),
  command: argv().describe("Program and arguments, with placeholders."),
  cwd: fillable().optional().describe("Its working directory. Default: the directory that bench is called in."),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a name of an environment variable"), fillable())
    .default({})
    .describe("Environment variables besides those inherited and FAULTLINE_*."),
});

/** `[node, processor.js]` means one process. */
function oneProcess(input: unknown): unknown {
  const isArgv = Array.isArray(input) && input.length > 0 && input.every((item) => typeof item === "string");
  return isArgv ? [{ role: DEFAULT_ROLE, command: input }] : input;
}

const start = z
  .preprocess(oneProcess, z.array(processSchema).min(1).max(MAX_PROCESSES))
  .meta({ shorthand: { type: "array", minItems: 1, items: { type: "string" } } })
  .superRefine((processes, context) => {
    processes.forEach((started, index) => {
      if (processes.findIndex((other) => other.role === started.role) === index) return;
      context.addIssue({ code: "custom", path: [index, "role"], message: `the role ${started.role} is there already` });
    });
  });

const ready = z.union([
  z.enum(["none"]),
  z
    .strictObject({
      line: z
        .string()
        .min(1)
        .refine(isRegex, "not a regular expression")
        .optional()
        .describe("Ready when every process (or those of `roles`) has printed a line that matches this."),
      roles: z.array(z.string()).min(1).optional().describe("The processes that print the line. Default: all."),
      delay: duration(0, MAX_READY_MS).optional().describe("Ready so long after the start."),
      timeout: duration(1, MAX_READY_MS).prefault("30s").describe("Not ready after this time: the run has failed."),
    })
    .superRefine(({ line, delay, roles }, context) => {
      const complain = (message: string) => context.addIssue({ code: "custom", message });
      if ((line === undefined) === (delay === undefined)) complain("give either line or delay\nor write ready: none");
      if (roles !== undefined && line === undefined) complain("roles belongs to line");
    }),
]);

const stop = z
  .strictObject({
    signal: z.enum(STOP_SIGNALS).optional().describe("Sent to every process and its children. Default SIGTERM."),
    command: argv().optional().describe("Ends the processes, in place of a signal."),
    timeout: duration(0, MAX_STOP_MS).prefault("5s").describe("What still runs then is killed."),
  })
  .superRefine(({ signal, command }, context) => {
    if (signal === undefined || command === undefined) return;
    context.addIssue({ code: "custom", message: "give either signal or command" });
  });

const drain = z
  .strictObject({
    quiet: duration(10, 600_000)
      .optional()
      .describe("Finished when the output topic has not grown for so long after the last input. Default 1s."),
    command: argv().optional().describe("Exits with 0 when all input is processed, in place of waiting for quiet."),
  })
  .superRefine(({ quiet, command }, context) => {
    if (quiet === undefined || command === undefined) return;
    context.addIssue({ code: "custom", message: "give either quiet or command" });
  });

/** `system: {kind: command, …}`: a processor of the user's own (docs/command-system.md). */
export const commandSystemSchema = z
  .strictObject({
    kind: z.literal("command").describe("A processor of your own."),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, "a name has letters, digits, '.', '_' and '-', at most 40")
      .default("command")
      .describe("Its name in tables and reports."),
    start: start.describe("Program and arguments, or a list of named processes that are started in this order."),
    ready: ready.describe("How to know that it reads its input: {line: regex}, {delay: 2s} or none."),
    stop: stop.prefault({}).describe("How to end it."),
    pids: argv()
      .optional()
      .describe("Prints `role pid` per line: the processes of a system that detaches from `start`."),
    drain: drain.prefault({}).describe("How to know that it has processed all its input."),
  })
  .superRefine(({ start: processes, ready: rule }, context) => {
    if (rule === "none") return;
    const roles = processes.map((started) => started.role);
    rule.roles?.forEach((name, index) => {
      if (roles.includes(name)) return;
      const message = `no process has the role ${name}\nknown: ${roles.join(", ")}`;
      context.addIssue({ code: "custom", path: ["ready", "roles", index], message });
    });
  });

type Frozen<T> = T extends (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** Resolved; durations in ms. */
export type CommandSettings = Frozen<z.output<typeof commandSystemSchema>>;
export type ProcessSettings = CommandSettings["start"][number];
export type ReadySettings = CommandSettings["ready"];

/** The name of a system in tables, as `system` of a resolved config gives it. */
export function systemName<Name extends string>(system: Name | Pick<CommandSettings, "name">): string {
  return typeof system === "string" ? system : system.name;
}
