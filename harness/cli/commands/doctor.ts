import { EXIT } from "../../../base/exit-codes.ts";
import { type Command, flagOption, textOption, textsOption, withSet } from "../command.ts";
import { useColor } from "../io.ts";
import { makeStyle } from "../progress/style.ts";

/** `bench doctor [CONFIG]`: what this machine can do, and what each missing thing costs. */
export const doctorCommand: Command = {
  usage: "doctor [config]",
  summary: "Say what this machine can do, and what each missing thing costs",
  options: (parser) =>
    withSet(parser)
      .positional("config", { type: "string", describe: "Campaign whose room and time to estimate" })
      .option("online", { type: "boolean", describe: "Ask registries too" })
      .option("json", { type: "boolean", describe: "One JSON object on stdout" })
      .option("color", { type: "boolean", default: true, describe: "--no-color: no colours (NO_COLOR too)" })
      .epilogue("Exit code 0: a sweep can run here; 3: something that it needs is missing."),
  async run(args, io) {
    const [{ diagnose }, { realMachine }, { canRun }, { diagnosisText }, { loadSweep }] = await Promise.all([
      import("../../doctor/doctor.ts"),
      import("../../doctor/machine.ts"),
      import("../../doctor/check.ts"),
      import("../../doctor/render.ts"),
      import("../../config/load.ts"),
    ]);
    const file = textOption(args, "config");
    const sweep = file === undefined ? null : await loadSweep(file, textsOption(args, "set"), io.cwd);
    const machine = realMachine({ ...io.env });
    const diagnosis = await diagnose({ machine, cwd: io.cwd, sweep, isOnline: flagOption(args, "online") });
    const isReady = canRun(diagnosis.results);
    const style = makeStyle(useColor(io.stdout, io.env, args.color === false));
    io.stdout.write(
      flagOption(args, "json")
        ? `${JSON.stringify({ ready: isReady, checks: diagnosis.results, needs: diagnosis.needs })}\n`
        : diagnosisText(diagnosis, style),
    );
    return isReady ? EXIT.ok : EXIT.environment;
  },
};
