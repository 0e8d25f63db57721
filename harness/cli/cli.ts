import { readFileSync } from "node:fs";
import yargs, { type Argv } from "yargs";
import { benchLine, programName } from "../../base/command-line.ts";
import { FaultlineError } from "../../base/errors.ts";
import { EXIT, type ExitCode } from "../../base/exit-codes.ts";
import { nearest } from "../config/nearest.ts";
import type { Arguments, Command } from "./command.ts";
import { analyzeCommand } from "./commands/analyze.ts";
import { cacheCommand } from "./commands/cache.ts";
import { capacityCommand } from "./commands/capacity.ts";
import { clusterCommand } from "./commands/cluster.ts";
import { compareCommand } from "./commands/compare.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { faultCommand } from "./commands/fault.ts";
import { generateCommand } from "./commands/generate.ts";
import { initCommand } from "./commands/init.ts";
import { listenCommand } from "./commands/listen.ts";
import { nightlyCommand } from "./commands/nightly.ts";
import { noiseCommand } from "./commands/noise.ts";
import { plotCommand } from "./commands/plot.ts";
import { queryCommand } from "./commands/query.ts";
import { runCommand } from "./commands/run.ts";
import { savepointCommand } from "./commands/savepoint.ts";
import { schemaCommand } from "./commands/schema.ts";
import { serveCommand } from "./commands/serve.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { submitCommand } from "./commands/submit.ts";
import { sweepCommand } from "./commands/sweep.ts";
import { reportError } from "./errors.ts";
import { helpWidth, spacedTypes, withExamples } from "./help.ts";
import type { Io } from "./io.ts";

const COMMANDS: readonly Command[] = [
  runCommand,
  sweepCommand,
  capacityCommand,
  analyzeCommand,
  plotCommand,
  compareCommand,
  serveCommand,
  noiseCommand,
  nightlyCommand,
  generateCommand,
  queryCommand,
  simulateCommand,
  clusterCommand,
  submitCommand,
  savepointCommand,
  faultCommand,
  listenCommand,
  demoCommand,
  initCommand,
  schemaCommand,
  doctorCommand,
  cacheCommand,
];

const EXIT_CODES =
  "Exit codes: 0 ok, 1 internal error, 2 usage or config, 3 environment not ready, 4 run failed, " +
  "5 invalid or too noisy, 6 threshold or regression, 130/143 interrupted (what is done is kept).";

/** Runs one command line. Never throws: errors are printed, the exit code is returned. */
export async function runCli(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    const parsed = await parse(argv, io);
    if (parsed.command === null) {
      io.stdout.write(parsed.output);
      return EXIT.ok;
    }
    return await parsed.command.run(parsed.args, io);
  } catch (error) {
    return reportError(
      withHelp(error, argv),
      io.stderr,
      argv.includes("--json"),
      (io.env.FAULTLINE_DEBUG ?? "") !== "",
    );
  }
}

/** A command line that is wrong and says nothing of a way out: its help does. */
function withHelp(error: unknown, argv: readonly string[]): unknown {
  if (!(error instanceof FaultlineError) || error.code !== "usage" || error.hint !== undefined) return error;
  const name = COMMANDS.map(commandName).find((known) => known === argv[0]);
  if (name === undefined) return error;
  return new FaultlineError("usage", error.message, {
    hint: benchLine`${name} --help`,
    context: error.context,
    cause: error.cause,
  });
}

type Parsed =
  | { readonly command: Command; readonly args: Arguments }
  | { readonly command: null; readonly output: string };

/** Lets yargs parse and describe; commands run outside of it, so that their errors and promises are ours alone. */
async function parse(argv: readonly string[], io: Io): Promise<Parsed> {
  let chosen: Command | null = null;
  const width = helpWidth(io.stdout.columns);
  const parser = yargs([])
    .scriptName(programName())
    .locale("en")
    .usage("$0 <command>\n\nWhat does a stream processor do to your latency while things break?")
    .version(version())
    .help()
    .alias("help", "h")
    .strict()
    .recommendCommands()
    .demandCommand(1, "No command given.")
    .parserConfiguration({ "camel-case-expansion": false, "parse-positional-numbers": false, "dot-notation": false })
    .wrap(width - 1)
    .epilogue(EXIT_CODES)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new FaultlineError("usage", message);
    });
  for (const command of COMMANDS) {
    parser.command(
      command.usage,
      command.summary,
      (y: Argv) => withExamples(y, command, width - 1),
      () => {
        chosen = command;
      },
    );
  }
  let output = "";
  let args: Arguments;
  try {
    args = await parser.parseAsync([...argv], {}, (_error, _argv, text) => {
      output = text;
    });
  } catch (error) {
    throw usageError(error, argv);
  }
  if (chosen === null) refuseUnknownCommand(argv);
  // --help and --version print and choose nothing to run.
  if (output !== "" || chosen === null) return { command: null, output: `${spacedTypes(output)}\n` };
  return { command: chosen, args };
}

/** `bench swep --help`: yargs would show the general help, as if all were well. */
function refuseUnknownCommand(argv: readonly string[]): void {
  const word = argv[0];
  if (word === undefined || word.startsWith("-") || word === "help") return;
  if (!COMMANDS.some((command) => commandName(command) === word)) throw unknownCommand(word, null);
}

function unknownCommand(word: string, suggested: string | null): FaultlineError {
  const names = COMMANDS.map(commandName);
  const meant = suggested ?? nearest(word, names);
  const hint = meant === null ? `The commands are ${names.join(", ")}.` : `Did you mean "${programName()} ${meant}"?`;
  return new FaultlineError("usage", `unknown command "${word}"`, { hint });
}

function usageError(error: unknown, argv: readonly string[]): FaultlineError {
  const message = (error instanceof Error ? error.message : String(error)).trim();
  const didYouMean = /^Did you mean (.*)\?$/.exec(message);
  const names = COMMANDS.map(commandName);
  const word = argv.find((part) => !part.startsWith("-")) ?? "";
  if (didYouMean !== null || /^Unknown (command|argument)/.test(message)) {
    if (!names.includes(word)) return unknownCommand(word, didYouMean?.[1] ?? null);
    return unknownOption(message, word);
  }
  const hint = names.includes(word)
    ? benchLine`${word} --help`
    : `The commands are ${names.join(", ")}; ${benchLine`--help`} says more.`;
  return new FaultlineError("usage", plainMessage(message, word), { hint });
}

/** What yargs says of missing arguments and wrong choices, in the words of our command lines. */
function plainMessage(message: string, name: string): string {
  const command = COMMANDS.find((command) => commandName(command) === name);
  if (command !== undefined && message.startsWith("Not enough non-option arguments")) {
    return `bench ${command.usage}: an argument is missing`;
  }
  const choice = /Argument: (\S+), Given: (.+), Choices: (.+)$/.exec(message);
  return choice === null ? message : `${choice[1]}: ${choice[2]} is none of ${choice[3]}`;
}

function unknownOption(message: string, name: string): FaultlineError {
  const unknown = message.replace(/^[^:]*:\s*/, "").split(", ")[0]!;
  const command = COMMANDS.find((candidate) => commandName(candidate) === name)!;
  const known = Object.keys(optionNames(command));
  const meant = nearest(unknown, known);
  const others = COMMANDS.filter((other) => Object.hasOwn(optionNames(other), unknown)).map(commandName);
  const elsewhere = others.length === 0 ? "" : ` --${unknown} is an option of ${others.join(", ")}.`;
  const hint =
    meant === null ? `${benchLine`${name} --help`} lists the options.${elsewhere}` : `Did you mean --${meant}?`;
  return new FaultlineError("usage", `unknown argument "${unknown}" of bench ${name}`, { hint });
}

function commandName({ usage }: Command): string {
  return usage.split(" ")[0]!;
}

function optionNames(command: Command): Record<string, unknown> {
  const parser = command.options(yargs([])) as unknown as { getOptions(): { key: Record<string, unknown> } };
  return parser.getOptions().key;
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
