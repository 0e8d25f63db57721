import type { FaultlineError } from "../../base/errors.ts";
import type { Reason, ReasonCode, RunRecord } from "./model.ts";
import { reasonOf, type Supervision } from "./supervision.ts";
import { limitTime } from "./time-limit.ts";
import type { Toolbox } from "./toolbox.ts";

/** No phase may last longer; feeding and draining have limits of their own. */
const PHASE_LIMIT_MS = 60_000;

/** The phases of a run: each is timed, supervised and bounded in time. */
export class Phases {
  readonly done: RunRecord["phases"][number][] = [];
  readonly #tools: Pick<Toolbox, "monotonicUs" | "sleep">;
  readonly #supervision: Supervision;

  constructor(tools: Pick<Toolbox, "monotonicUs" | "sleep">, supervision: Supervision) {
    this.#tools = tools;
    this.#supervision = supervision;
  }

  /** A phase; its failure is charged to `reason`. */
  run<T>(name: string, reason: Reason["code"], action: () => Promise<T>, limitMs = PHASE_LIMIT_MS): Promise<T> {
    return this.timed(name, () => this.limited(reason, `the phase "${name}"`, action, limitMs));
  }

  /** Supervised and bounded in time. A feeder that is not done in time cannot keep the schedule: that is no failure of the system. */
  limited<T>(reason: Reason["code"], what: string, action: () => Promise<T>, limitMs = PHASE_LIMIT_MS): Promise<T> {
    const sleep = (ms: number, signal?: AbortSignal) => this.#tools.sleep(ms, signal);
    const late = reason === "feeder-failed" ? "generator-saturated" : reason;
    return this.#supervision.during(reason, () => limitTime(action(), limitMs, what, sleep, late));
  }

  async timed<T>(name: string, action: () => Promise<T>): Promise<T> {
    const startUs = this.#tools.monotonicUs();
    try {
      return await action();
    } finally {
      this.done.push({ name, startUs, endUs: this.#tools.monotonicUs() });
    }
  }
}

const SHARED: readonly ReasonCode[] = ["kafka-failed", "zookeeper-failed"];

/** Whoever talks to a dead broker or ZooKeeper may notice its death before we do: that comes first all the same. */
export function rootCauseFirst(problems: readonly Reason[], failures: readonly FaultlineError[]): readonly Reason[] {
  const [first] = problems;
  const cause = failures.map(reasonOf).find(({ code }) => SHARED.includes(code));
  return cause === undefined || first === undefined || SHARED.includes(first.code) ? problems : [cause, ...problems];
}
