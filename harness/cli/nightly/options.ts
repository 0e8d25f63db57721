import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { METRIC_NAMES } from "../../analyze/compare/metrics.ts";
import { NIGHT_GATES } from "../../nightly/tonight.ts";
import { type Arguments, countOption, flagOption, textOption, textsOption } from "../command.ts";
import { durationOption } from "../duration-option.ts";

/** Fewer blocks cannot reach 0.05 in pairs. */
const LEAST_BLOCKS = 6;
const BLOCKS = 12;
const LIMIT_MS = 20 * 60_000;

/** How two sides take turns, as options say. */
export interface TurnOptions {
  readonly blocks: number;
  readonly limitMs: number;
  readonly seed: number;
}

export interface NightlyOptions extends TurnOptions {
  readonly config: string;
  readonly history: string | undefined;
  readonly out: string | undefined;
  readonly gates: readonly string[];
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly noColor: boolean;
}

export function turnOptions(args: Arguments): TurnOptions {
  return {
    blocks: countOption(args, "blocks", LEAST_BLOCKS) ?? BLOCKS,
    limitMs: durationOption(args, "limit") ?? LIMIT_MS,
    seed: countOption(args, "seed", 0) ?? 1,
  };
}

export function nightlyOptions(args: Arguments): NightlyOptions {
  const config = textOption(args, "config");
  if (config === undefined)
    throw new FaultlineError("usage", `which config? for example: ${benchLine`nightly configs/nightly.yaml`}`);
  const gates = textsOption(args, "gate").flatMap((text) => text.split(","));
  const unknown = gates.find((name) => !METRIC_NAMES.includes(name));
  if (unknown !== undefined) {
    const hint = `There are ${METRIC_NAMES.join(", ")}.`;
    throw new FaultlineError("usage", `--gate: there is no "${unknown}"`, { hint });
  }
  return {
    config,
    ...turnOptions(args),
    history: textOption(args, "history"),
    out: textOption(args, "out"),
    gates: gates.length === 0 ? NIGHT_GATES : gates,
    dryRun: flagOption(args, "dry-run"),
    json: flagOption(args, "json"),
    noColor: args.color === false,
  };
}
