import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { EXIT, type ExitCode } from "../../../base/exit-codes.ts";
import type { FaultRecord } from "../../faults/model.ts";
import { type Arguments, type Command, flagOption, textOption } from "../command.ts";
import { folderOption, withFolder } from "../folder-option.ts";

/** Kinds that need nothing but the processes; links are broken in campaigns, where everything goes through a proxy. */
const KINDS = [
  "kill",
  "terminate",
  "pause",
  "cpu",
  "brokerKill",
  "brokerRestart",
  "brokerPause",
  "storeSlow",
  "storeFail",
] as const;
const DEFAULT_DURATION = "5s";
const LASTING: readonly string[] = ["pause", "cpu", "brokerPause", "storeSlow", "storeFail"];
const UNTARGETED: readonly string[] = ["brokerKill", "brokerRestart", "brokerPause", "storeSlow", "storeFail"];

/** `bench fault KIND TARGET`: breaks something of the cluster now, and says whether it was seen to be broken. */
export const faultCommand: Command = {
  usage: "fault <kind> [target]",
  summary: "Break a process of a cluster to play with, now",
  examples: [
    ["fault kill worker/2", "SIGKILL"],
    ["fault pause lines/0 --duration 3s", "the worker that runs subtask 0 of lines stands still"],
  ],
  options: (parser) =>
    withFolder(parser)
      .positional("kind", { choices: KINDS, describe: "What happens to it (docs/faults.md)" })
      .positional("target", {
        type: "string",
        describe:
          "worker/1, coordinator, counts/0 (whoever runs that task), counts/0.1 (a replica), leader:counts/0, zone:a, random",
      })
      .option("duration", {
        type: "string",
        requiresArg: true,
        describe: `How long, where it lasts; default ${DEFAULT_DURATION}`,
      })
      .option("cores", { type: "number", describe: "With cpu: so much of the processor; default 0.1" })
      .option("delay", { type: "string", requiresArg: true, describe: "With storeSlow: so much later; default 1s" })
      .option("json", { type: "boolean", describe: "The fault's record on stdout" })
      .epilogue("Exit code 5: the fault was not observed, or could not be carried out."),
  async run(args, io) {
    const [{ askKeeper }, { runningCluster }] = await Promise.all([
      import("../../cluster/keeper/client.ts"),
      import("../../cluster/state.ts"),
    ]);
    const state = runningCluster(folderOption(args, io));
    const record = await askKeeper(state, { ask: "fault", fault: await faultOf(args) });
    io.stdout.write(flagOption(args, "json") ? `${JSON.stringify(record)}\n` : faultText(record));
    return exitCodeOf(record);
  },
};

/** The fault as campaigns write it, checked by the same schema. */
async function faultOf(args: Arguments) {
  const { faultSchema } = await import("../../faults/schema.ts");
  const kind = textOption(args, "kind")!;
  const target = textOption(args, "target");
  if (target === undefined && !UNTARGETED.includes(kind)) {
    throw new FaultlineError("usage", `${kind} whom?`, { hint: `For example: ${benchLine`fault ${kind} worker/1`}` });
  }
  const duration = textOption(args, "duration") ?? (LASTING.includes(kind) ? DEFAULT_DURATION : undefined);
  const raw = {
    kind,
    at: "0s",
    ...(UNTARGETED.includes(kind) ? {} : { target }),
    ...(duration === undefined ? {} : { duration }),
    ...(kind === "cpu" ? { cores: args.cores ?? 0.1 } : {}),
    ...(kind === "storeSlow" ? { delay: textOption(args, "delay") ?? "1s" } : {}),
  };
  const checked = faultSchema.safeParse(raw);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new FaultlineError("usage", `${kind}: ${issue?.path.join(".")} ${issue?.message}`, {
    hint: "docs/faults.md describes each kind.",
  });
}

function exitCodeOf({ observedUs }: FaultRecord): ExitCode {
  return observedUs === null ? EXIT.runInvalid : EXIT.ok;
}

/** What became of it, times from the strike on. */
function faultText(record: FaultRecord): string {
  const { kind, target, found, role, pid, injectedUs, observedUs, detectedUs, recoveredUs, healedUs, victim } = record;
  const who = role === null ? target : `${found ?? target} (${role}, pid ${pid})`;
  if (injectedUs === null) return `${kind} ${who}: not carried out: ${record.problem}\n`;
  const since = (atUs: number) => `after ${((atUs - injectedUs) / 1000).toFixed(1)} ms`;
  const evidence = record.evidence[0];
  const noticed = record.evidence.find((one) => /^(job|replica) /.test(one)) ?? "";
  const lines = [
    `${kind} ${who}`,
    `observed     ${observedUs === null ? "not seen" : since(observedUs)}${evidence === undefined ? "" : `: ${evidence}`}`,
    ...(victim === null || victim.tasks.length === 0
      ? []
      : [`it ran       ${victim.tasks.join(", ")}: ${victim.recordsIn} records in`]),
    ...(detectedUs === null ? [] : [`detected     ${since(detectedUs)}: ${noticed}`]),
    // Where a replica is lost and its siblings go on, nothing has stopped.
    ...(recoveredUs === null || noticed.startsWith("replica ")
      ? []
      : [`runs again   ${since(recoveredUs)}${restoredText(record)}`]),
    ...(healedUs === null || healedUs === undefined ? [] : [`undone       ${since(healedUs)}`]),
    ...(observedUs === null && record.problem !== null ? [`problem      ${record.problem}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function restoredText({ restoredFrom }: FaultRecord): string {
  return restoredFrom === null || restoredFrom === undefined ? "" : `, from checkpoint ${restoredFrom}`;
}
