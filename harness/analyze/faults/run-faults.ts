import { existsSync } from "node:fs";
import type { CheckpointReport } from "../../../engine/cluster/checkpoint-facts.ts";
import type { FaultRecord } from "../../faults/model.ts";
import type { FaultResult } from "../../faults/result.ts";
import type { FaultKind } from "../../faults/schema.ts";
import type { IntervalHistogram } from "../../measure/interval-histograms.ts";
import type { RunRecord } from "../../sweep/model.ts";
import type { JobStateRecord } from "../../systems/system.ts";
import { readJsonLines } from "../results-folder.ts";
import type { RunConfig } from "../run-config.ts";
import type { TimeSpan } from "../run-recorder.ts";
import type { FaultSeries } from "./fault-drawing.ts";
import { FaultRecorder } from "./fault-recorder.ts";
import { faultResults } from "./fault-results.ts";

/** Faults that keep the feeder from sending and the observer from reading. */
const BROKER_KINDS: ReadonlySet<FaultKind> = new Set<FaultKind>(["brokerKill", "brokerPause", "brokerRestart"]);
/** Kinds that do so where the broker is their target. */
const BROKER_TARGETS: ReadonlySet<FaultKind> = new Set<FaultKind>(["pause", "cpu"]);
/** Time that clients may take to find the broker again and to work off what has waited. */
const RECONNECT_US = 2_000_000;

/** What the verdict needs to know of a run's faults. */
export interface FaultVerdict {
  /** Of each fault that was asked for and does not count: why. */
  readonly problems: readonly string[];
  /** How often a fault struck or was to strike, once for each process. */
  readonly strikes: number;
  /**
   * A fault that was seen to strike excuses what the guarantee permits after one, also where it does not count for another reason: that makes
   * the run invalid, and nobody wrong. What was not as expected before it has no such excuse.
   */
  readonly excuses: boolean;
}

/** What else tells of a run's faults. */
export interface FaultSources {
  readonly states: readonly JobStateRecord[];
  readonly checkpoints: readonly CheckpointReport[];
}

/** Outputs by due time and second, and whether each of them was charged to its event and fed to the recorder. */
export interface FollowedView {
  readonly intended: readonly IntervalHistogram[];
  readonly followed: boolean;
}

/** The faults of one stored run, from `faults.jsonl` and the outputs that are fed to the recorders. */
export class RunFaults {
  readonly recorder: FaultRecorder;
  /** Of readers of committed data; null unless they are observed. */
  readonly committed: FaultRecorder | null;
  readonly #sources: FaultSources;
  readonly #records: readonly FaultRecord[];
  readonly #record: RunRecord;
  readonly #config: RunConfig;
  readonly #endUs: number;

  private constructor(records: readonly FaultRecord[], record: RunRecord, config: RunConfig, sources: FaultSources) {
    this.#sources = sources;
    this.#records = records;
    this.#record = record;
    this.#config = config;
    const { startUs } = record;
    const loadEndUs = startUs + Math.round(config.loadMs * 1000);
    const feed = record.phases.find(({ name }) => name === "feed");
    // A run that broke has no load behind its break.
    this.#endUs = feed === undefined || record.problems.length === 0 ? loadEndUs : Math.min(loadEndUs, feed.endUs);
    const lastUs = Math.max(loadEndUs, ...record.phases.map(({ endUs }) => endUs));
    const { p99Ms } = config.slo;
    const warmUs = startUs + Math.round(config.warmupMs * 1000);
    const boundUs = p99Ms === null ? null : p99Ms * 1000;
    const recorder = (us: number | null) => new FaultRecorder(records, startUs, warmUs, this.#endUs, lastUs, us);
    this.recorder = recorder(boundUs);
    // Readers of committed data wait for checkpoints: the bound that is asked for is not meant for them.
    this.committed = config.guarantee === "exactly-once" ? recorder(null) : null;
  }

  /** null for a run that asked for no faults. Throws `results-unreadable`. */
  static read(file: string, record: RunRecord, config: RunConfig, sources: FaultSources): RunFaults | null {
    if (config.faults === 0) return null;
    return new RunFaults(existsSync(file) ? readJsonLines<FaultRecord>(file) : [], record, config, sources);
  }

  /** Without views that were followed nothing is known of the effects. `committed`: null unless it is observed. */
  results(uncommitted: FollowedView, committed: FollowedView | null): readonly FaultResult[] {
    const { startUs } = this.#record;
    const { slo, recovery, schedule, mainEvents, checkpointIntervalMs } = this.#config;
    const window = {
      startUs,
      endUs: this.#endUs,
      eventsDueBy: (us: number) => Math.min(mainEvents, schedule.countBefore(Math.floor(us - startUs) * 1000 + 999)),
      readsAllAgain: recovery === "scratch",
      checkpointIntervalMs,
      ...this.#sources,
    };
    return faultResults(
      this.#records,
      { recorder: this.recorder, slo, ...uncommitted },
      this.committed === null || committed === null
        ? null
        : { recorder: this.committed, slo: { ...slo, p99Ms: null }, ...committed },
      window,
    );
  }

  /** Each fault that was struck, until it was undone, noticed and recovered from, as far as that is known. */
  spans(): readonly TimeSpan[] {
    return this.#records.flatMap(({ injectedUs, observedUs, detectedUs, recoveredUs, healedUs }): TimeSpan[] => {
      if (injectedUs === null) return [];
      const ends = [observedUs, detectedUs, recoveredUs, healedUs ?? null].flatMap((us) => us ?? []);
      return [{ fromUs: injectedUs, toUs: Math.max(injectedUs, ...ends) }];
    });
  }

  /** When the first of them was struck, ms from the first due time; null: none was. */
  firstMs(): number | null {
    const firstUs = Math.min(...this.spans().map(({ fromUs }) => fromUs));
    return Number.isFinite(firstUs) ? (firstUs - this.#record.startUs) / 1000 : null;
  }

  /** When the broker was struck on purpose, until feeder and observer have made up for it. */
  brokerAway(): readonly TimeSpan[] {
    return this.#records.flatMap(({ kind, role, injectedUs, observedUs, healedUs, problem }): TimeSpan[] => {
      // A link to the broker is another matter: feeder and observer do not go through the proxy.
      const isBroker = BROKER_KINDS.has(kind) || (role === "broker" && BROKER_TARGETS.has(kind));
      if (!isBroker || injectedUs === null || observedUs === null || problem !== null) return [];
      return [{ fromUs: injectedUs, toUs: Math.max(observedUs, healedUs ?? 0) + RECONNECT_US }];
    });
  }

  destroy(): void {
    this.recorder.destroy();
    this.committed?.destroy();
  }

  /** By fault; null where it was not observed. */
  series(): readonly (FaultSeries | null)[] {
    return this.#records.map(({ index }) => this.recorder.series(index));
  }

  verdict(): FaultVerdict {
    const problems = this.#records.flatMap(({ kind, target, problem }) =>
      problem === null ? [] : [`${kind} ${target}: ${problem}`],
    );
    // A fault that strikes several targets, or again and again, has several records.
    const asked = new Set(this.#records.map(({ fault, index }) => fault ?? index));
    const missing = this.#config.faults - asked.size;
    if (missing > 0) problems.push(`${missing} of ${this.#config.faults} faults left no record`);
    const struck = this.#records.some(({ observedUs }) => observedUs !== null);
    const strikes = this.#records.length + Math.max(0, missing);
    return { problems, strikes, excuses: struck && this.recorder.straysBefore === 0 };
  }
}
