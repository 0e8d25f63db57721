import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckpointReport } from "../../engine/cluster/checkpoint-facts.ts";
import type { FaultRecord } from "../../harness/faults/model.ts";
import type { JobStateRecord } from "../../harness/systems/system.ts";
import { type Output, START_US, type SyntheticRun, writeSyntheticRun } from "./synthetic-run.ts";

/**
 * A run with checkpoints that took place only in imagination, ms from the first due time: checkpoints 1 and 2 are triggered at 1,000 and 2,000
 * and take 40 ms; a worker is killed at 2,500; noticed at 2,520, next attempt deployed at 2,620, running from checkpoint 2 at 2,800; at
 * 3,000 all comes that came since checkpoint 2, once more, and what was due since; checkpoints again at 3,800, 4,700, 5,600; the load
 * ends at 6,000, the last commit comes at 6,300. Outputs take 4 ms else, and are committed with the first checkpoint after them.
 */
export const SCRIPT = { faultMs: 2_500, backMs: 3_000, restoredMs: 2_000, commitAfterMs: 40, endMs: 6_000 } as const;
const TRIGGERS_MS = [1_000, 2_000, 3_800, 4_700, 5_600] as const;
const LAST_COMMIT_MS = 6_300;

const us = (ms: number) => START_US + ms * 1000;

export interface Scripted extends Omit<Partial<SyntheticRun>, "query" | "tamper"> {
  readonly query?: string;
  /** Changes what everybody saw, the fault's doing included. */
  readonly tamper?: (outputs: Output[]) => Output[];
  readonly fault?: Partial<FaultRecord> | null;
  /** Length of the outage; default 500 ms. */
  readonly outageMs?: number;
  readonly states?: readonly JobStateRecord[];
  /** Nothing comes again. */
  readonly withoutReplays?: boolean;
}

export function writeScriptedRun(folder: string, scripted: Scripted = {}): string {
  const { query = "q0", settings = {}, tamper, fault = {}, committed = committedBy, ...rest } = scripted;
  const backMs = SCRIPT.faultMs + (scripted.outageMs ?? 500);
  const kill = { kind: fault?.kind ?? "kill", target: fault?.target ?? "worker/1", at: "2500ms" };
  const duration = fault?.durationMs == null ? {} : { duration: `${fault.durationMs}ms` };
  const broker = String(kill.kind).startsWith("broker") ? { kind: kill.kind, at: kill.at } : kill;
  const { data, ...others } = settings as { readonly data?: object };
  const id = writeSyntheticRun(folder, {
    query,
    latencyUs: () => 4_000,
    ...rest,
    settings: {
      recovery: "passive",
      guarantee: "exactly-once",
      checkpoints: { interval: "1s" },
      load: { rate: "2k/s", duration: "6s" },
      ...others,
      data: { events: 12_000, ...data },
      ...(fault === null ? {} : { faults: [{ ...broker, ...duration }] }),
    },
    tamper: (outputs) => {
      const seen = fault === null ? outputs : outage(outputs, us(backMs), scripted.withoutReplays === true);
      return tamper?.(seen) ?? seen;
    },
    committed,
    change: {
      phases: [
        { name: "feed", startUs: us(0), endUs: us(SCRIPT.endMs) },
        { name: "drain", startUs: us(SCRIPT.endMs), endUs: us(LAST_COMMIT_MS + 100) },
      ],
      ...rest.change,
    },
  });
  const write = (file: string, lines: readonly object[]) =>
    writeFileSync(join(folder, "raw", id, file), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  write("checkpoints.jsonl", checkpointReports());
  write("job-states.jsonl", scripted.states ?? (fault === null ? JOB_STATES.slice(0, 3) : JOB_STATES));
  if (fault !== null) write("faults.jsonl", [{ ...FAULT, ...fault }]);
  return id;
}

function outage(outputs: readonly Output[], backUs: number, withoutReplays: boolean): Output[] {
  const first = outputs.map((o) => {
    const isSilenced = o.observedUs > us(SCRIPT.faultMs) && o.observedUs < backUs;
    return isSilenced ? { ...o, observedUs: backUs } : o;
  });
  const again = first.filter(
    ({ observedUs }) => observedUs > us(SCRIPT.restoredMs) && observedUs <= us(SCRIPT.faultMs),
  );
  const copies = withoutReplays ? [] : again.map((o) => ({ ...o, observedUs: backUs - 1 }));
  return [...first, ...copies].sort((a, b) => a.observedUs - b.observedUs);
}

/** Every output once, at the first commit after it; what the dead attempt had not committed comes with the next one's. */
export function committedBy(outputs: readonly Output[]): Output[] {
  const commits = [...TRIGGERS_MS.map((ms) => ({ fromUs: us(ms), atUs: us(ms + SCRIPT.commitAfterMs) }))];
  const seen = new Set<string>();
  const visible = outputs.flatMap((output): Output[] => {
    const key = JSON.stringify([output.values, output.trigger]);
    if (seen.has(key)) return [];
    seen.add(key);
    const commit = commits.find(({ fromUs }) => output.observedUs <= fromUs);
    return [{ ...output, observedUs: commit?.atUs ?? us(LAST_COMMIT_MS) }];
  });
  return visible;
}

export const FAULT: FaultRecord = {
  version: 1,
  index: 0,
  fault: 0,
  strike: 1,
  kind: "kill",
  target: "worker/1",
  trigger: "at 2500 ms",
  found: null,
  role: "worker-1",
  pid: 11,
  requestedUs: us(2_499),
  injectedUs: us(2_500),
  observedUs: us(2_500),
  observedResolutionUs: 1_000,
  durationMs: null,
  healedUs: null,
  detectedUs: us(2_520),
  recoveredUs: us(2_800),
  restoredFrom: 2,
  phase: { checkpointId: 2, sinceTriggeredMs: 500, state: "completed" },
  victim: { tasks: ["source/0", "sink/0"], recordsIn: 2_500, recordsJustBefore: 400, overMs: 400 },
  inputRead: { events: 4_900, beforeMs: 50 },
  evidence: ["process 11 is gone"],
  problem: null,
};

const state = (name: JobStateRecord["state"], attempt: number, ms: number, more: Partial<JobStateRecord> = {}) => ({
  ...{ state: name, attempt, atUs: us(ms), cause: null, restored: null },
  ...more,
});

export const JOB_STATES: readonly JobStateRecord[] = [
  state("created", 1, -900),
  state("deploying", 1, -890),
  state("running", 1, -500),
  state("restarting", 1, 2_520, { cause: "worker worker-1 is lost: its connection broke" }),
  state("deploying", 2, 2_620, { restored: 2 }),
  state("running", 2, 2_800, { restored: 2 }),
  state("finished", 2, LAST_COMMIT_MS),
];

function checkpointReports(): readonly CheckpointReport[] {
  return TRIGGERS_MS.map((ms, i) => ({
    checkpointId: i + 1,
    attempt: i < 2 ? 1 : 2,
    outcome: i === 3 ? "aborted" : "completed",
    isSavepoint: false,
    folder: `chk-${i + 1}`,
    triggeredUs: us(ms),
    acknowledgedUs: i === 3 ? null : us(ms + 30),
    endedUs: us(ms + SCRIPT.commitAfterMs),
    bytes: 1_000_000 + i * 50_000,
    ...(i === 3 ? { reason: "task sink/0 declined" } : {}),
    tasks: ["source", "sink"].map((vertex, nth) => ({
      vertex,
      subtask: 0,
      startDelayUs: i === 0 && nth === 1 ? null : 1_000 * (nth + 1),
      alignmentUs: nth * 2_500,
      alignmentBytes: nth * 4_096,
      syncUs: 700 + nth,
      asyncUs: 9_000,
      bytes: 500_000,
    })),
  }));
}

/** Tags of a histogram log, in the order in which they come first. */
export function histogramTags(log: string): string[] {
  return [...new Set([...log.matchAll(/^Tag=([^,]+),/gm)].map((match) => match[1]!))];
}
