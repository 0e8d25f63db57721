import { existsSync } from "node:fs";
import type { FaultRecord } from "../../faults/model.ts";
import type { FaultResult } from "../../faults/result.ts";
import type { IntervalHistogram } from "../../measure/interval-histograms.ts";
import type { RunRecord } from "../../sweep/model.ts";
import { readJsonLines } from "../results-folder.ts";
import type { RunConfig } from "../run-config.ts";
import { FaultRecorder, type FaultSeries } from "./fault-recorder.ts";
import { faultResults } from "./fault-results.ts";

/** What the verdict needs to know of a run's faults. */
export interface FaultVerdict {
  /** Of each fault that was asked for and does not count: why. */
  readonly problems: readonly string[];
  /** A fault that counts may have repeated outputs; what had come twice before it has no such excuse. */
  readonly mayRepeat: boolean;
}

/** The faults of one stored run, from `faults.jsonl` and the outputs that are fed to `recorder`. */
export class RunFaults {
  readonly recorder: FaultRecorder;
  readonly #records: readonly FaultRecord[];
  readonly #record: RunRecord;
  readonly #config: RunConfig;
  readonly #endUs: number;

  private constructor(records: readonly FaultRecord[], record: RunRecord, config: RunConfig) {
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
    this.recorder = new FaultRecorder(
      records,
      startUs,
      startUs + Math.round(config.warmupMs * 1000),
      this.#endUs,
      lastUs,
      p99Ms === null ? null : p99Ms * 1000,
    );
  }

  /** null for a run that asked for no faults. Throws `results-unreadable`. */
  static read(file: string, record: RunRecord, config: RunConfig): RunFaults | null {
    if (config.faults === 0) return null;
    return new RunFaults(existsSync(file) ? readJsonLines<FaultRecord>(file) : [], record, config);
  }

  /** `followed`: every output was charged to its event and fed to the recorder; without that nothing is known of the effects. */
  results(intended: readonly IntervalHistogram[], followed: boolean): readonly FaultResult[] {
    const { startUs } = this.#record;
    const { slo, recovery, schedule, mainEvents } = this.#config;
    const eventsDueBy = (us: number) =>
      Math.min(mainEvents, schedule.countBefore(Math.floor(us - startUs) * 1000 + 999));
    const readsAllAgain = recovery === "scratch";
    return faultResults(this.#records, this.recorder, {
      startUs,
      endUs: this.#endUs,
      intended,
      followed,
      slo,
      eventsDueBy,
      readsAllAgain,
    });
  }

  /** By fault; null where it was not observed. */
  series(): readonly (FaultSeries | null)[] {
    return this.#records.map(({ index }) => this.recorder.series(index));
  }

  verdict(): FaultVerdict {
    const problems = this.#records.flatMap(({ kind, target, problem }) =>
      problem === null ? [] : [`${kind} ${target}: ${problem}`],
    );
    const missing = this.#config.faults - this.#records.length;
    if (missing > 0) problems.push(`${missing} of ${this.#config.faults} faults left no record`);
    const counts = this.#records.some(({ problem, observedUs }) => problem === null && observedUs !== null);
    return { problems, mayRepeat: counts && this.recorder.straysBefore === 0 };
  }
}
