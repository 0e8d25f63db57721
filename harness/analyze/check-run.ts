import { existsSync } from "node:fs";
import { join } from "node:path";
import { benchLine } from "../../base/command-line.ts";
import { asFaultlineError } from "../../base/errors.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { countObservations } from "../measure/observation-reader.ts";
import type { Reason, RunRecord, RunResult, VerifySummary } from "../sweep/model.ts";
import type { Example } from "../verify/examples.ts";
import { expectedValues } from "../verify/expected.ts";
import {
  type FetchUnmatched,
  readUnmatched,
  UnmatchedList,
  withUnmatched,
  writeUnmatched,
} from "../verify/unmatched.ts";
import { type VerifyInput, type VerifyOutcome, verify } from "../verify/verify.ts";
import type { FaultRecorder } from "./faults/fault-recorder.ts";
import { readPlanted, withPlanted } from "./planted.ts";
import type { runFiles } from "./results-folder.ts";
import type { RunConfig } from "./run-config.ts";
import type { RunRecorder } from "./run-recorder.ts";

export type { FetchUnmatched };

export interface CheckInput {
  readonly record: RunRecord;
  readonly config: RunConfig;
  readonly query: QueryDefinition<NexmarkEvent>;
  readonly files: ReturnType<typeof runFiles>;
  readonly recorder: RunRecorder;
  readonly dueUs: (eventIndex: number) => number;
  readonly fetch: FetchUnmatched | undefined;
  /** null: a run without faults. `committed`: of readers of committed data, where they are observed. */
  readonly faults: FaultRecorder | null;
  readonly committedFaults: FaultRecorder | null;
}

export interface CheckOutcome {
  readonly verified: VerifySummary | null;
  readonly examples: readonly Example[];
  /** The view of readers of committed data; null unless the run promises exactly-once. */
  readonly committed: { readonly verified: VerifySummary; readonly examples: readonly Example[] } | null;
  /** Why there is no summary. */
  readonly problem: Reason | null;
}

/** Runs with this guarantee are observed in both views. */
export const EXACTLY_ONCE = "exactly-once";

/**
 * Verifies a run and feeds its matches to the recorder: what every reader sees, and under exactly-once also what readers of
 * committed data see, in a pass of its own, so that memory holds one of them at a time. Never throws: a broken checker is a verdict
 * of its own.
 */
export async function checkRun(input: CheckInput): Promise<CheckOutcome> {
  const { record, files } = input;
  if (!existsSync(files.observations)) {
    return missing("the observer left no observation log, so nothing could be compared");
  }
  const torn = tornLog(record, files.observations);
  if (torn !== null) return { ...NOTHING, problem: torn };
  try {
    const strays = new UnmatchedList();
    const outcome = verify(verifyInput(input, strays));
    if (input.fetch !== undefined) {
      await writeUnmatched(files.unmatched, strays.places(), withPlanted(input.fetch, readPlanted(files.planted)));
    }
    const committed = input.config.guarantee === EXACTLY_ONCE ? verify(committedInput(input)) : null;
    return {
      verified: outcome.summary,
      examples: completed(input, outcome),
      committed: committed === null ? null : { verified: committed.summary, examples: completed(input, committed) },
      problem: null,
    };
  } catch (error) {
    const { message } = asFaultlineError(error);
    const hint = `The raw data of ${record.run.id} are kept; ${benchLine`analyze`} tries again.`;
    return { ...NOTHING, problem: { code: "checker-failed", message, hint } };
  }
}

function verifyInput(input: CheckInput, strays: UnmatchedList): VerifyInput<NexmarkEvent> {
  const { recorder, dueUs, faults } = input;
  return {
    ...commonInput(input, 0),
    onObservation: (observation) => recorder.onObservation(observation),
    onMatch: (match) => {
      recorder.onMatch(match);
      if (match.trigger !== null) faults?.onOutput(dueUs(match.trigger), match.observation.observedUs);
    },
    onStray: (observation, ordinal, isCopy) => {
      strays.add(observation, ordinal);
      faults?.onStray(observation.observedUs, isCopy);
    },
  };
}

function committedInput(input: CheckInput): VerifyInput<NexmarkEvent> {
  const { recorder, dueUs, committedFaults } = input;
  return {
    ...commonInput(input, 1),
    onObservation: (observation) => recorder.onCommittedObservation(observation),
    onMatch: (match) => {
      recorder.onCommittedMatch(match);
      if (match.trigger !== null) committedFaults?.onOutput(dueUs(match.trigger), match.observation.observedUs);
    },
    onStray: (observation, _ordinal, isCopy) => committedFaults?.onStray(observation.observedUs, isCopy),
  };
}

function commonInput({ query, config, files, dueUs }: CheckInput, isolation: 0 | 1): VerifyInput<NexmarkEvent> {
  return {
    query,
    data: config.data,
    watermarkDelayMs: config.watermarkDelayMs,
    observationsFile: files.observations,
    isolation,
    dueUs,
    scratchDirectory: join(files.raw, "verify.tmp"),
  };
}

/** The examples with the values of expected rows (by a second replay) and the text of fetched ones. */
function completed({ query, config, files }: CheckInput, { examples }: VerifyOutcome): readonly Example[] {
  if (examples.length === 0) return examples;
  const ordinals = new Set(examples.flatMap(({ expected }) => (expected === null ? [] : [expected])));
  const values = expectedValues(query, config.data, ordinals);
  const known = examples.map((example) =>
    example.expected === null ? example : { ...example, values: values.get(example.expected) ?? null },
  );
  return withUnmatched(known, readUnmatched(files.unmatched), query);
}

/** A log that lost its end would show as lost outputs, charged to a system that is innocent. */
function tornLog({ observed }: RunRecord, file: string): Reason | null {
  if (observed === undefined || observed === null) return null;
  const found = countObservations(file);
  if (found === observed) return null;
  const message = `the observation log holds ${found} observations, the observer wrote ${observed}: raw data are incomplete`;
  return { code: "checker-failed", message, hint: "Was the disk full, or the folder copied in part? Run it again." };
}

const NOTHING = { verified: null, examples: [], committed: null } as const;

function missing(message: string): CheckOutcome {
  return { ...NOTHING, problem: { code: "checker-missing", message } };
}

/** Present where the run promises exactly-once, whatever was seen. */
export function committedView({
  config,
  check,
  recorder,
}: {
  readonly config: Pick<RunConfig, "guarantee">;
  readonly check: { readonly committed: { readonly verified: VerifySummary | null } | null };
  readonly recorder: Pick<RunRecorder, "committed">;
}): Pick<RunResult, "committed"> {
  if (config.guarantee !== EXACTLY_ONCE) return {};
  return { committed: { verified: check.committed?.verified ?? null, latencyUs: recorder.committed.summary() } };
}
