import { present } from "../../../base/assert.ts";
import { monotonicUs } from "../../../base/clock.ts";
import { asFaultlineError, FaultlineError } from "../../../base/errors.ts";
import { Random } from "../../../base/random.ts";
import type { FaultDriver } from "../../faults/driver.ts";
import { driverOf, KINDS, type KindParts } from "../../faults/kinds.ts";
import type { FaultRecord } from "../../faults/model.ts";
import { FaultSchedule } from "../../faults/schedule.ts";
import { aimsOf, durationOf, type FaultSpec } from "../../faults/schema.ts";
import { resolveTargets } from "../../faults/targets.ts";
import { parseTaskTarget } from "../../faults/task-target.ts";
import { sleep } from "../../sweep/bindings/clock.ts";
import type { JobShape } from "../../systems/job-shape.ts";
import type { FaultSurface, SystemState } from "../../systems/system.ts";

/** How long the job may take to notice, and to run again, before that is reported as not seen. */
const REACTION_MS = 5_000;
/** A fault that no driver is made for within this was not carried out. */
const START_LIMIT_MS = 8_000;
const POLL_MS = 10;
const LEADER_LIMIT_MS = 5_000;
const LEADER_POLL_MS = 100;
/** Counters of the victim are read twice before it is struck. */
const LOOK_MS = 650;

export interface HandFaultParts {
  readonly surface: FaultSurface;
  readonly kindParts: KindParts;
  readonly brokerPid: () => number | null;
  readonly counters: ConstructorParameters<typeof FaultSchedule>[0]["counters"];
  /** A job is there that may notice. */
  readonly hasJob: () => boolean;
  /** Which tasks of the job are replicas of which. */
  readonly vertices: JobShape["vertices"];
  readonly seed: number;
  notice(text: string): void;
}

/**
 * Inflicts one fault now, with the machinery of campaigns, and says what became of it: struck, observed, noticed, healed. `usage` when
 * its target means nobody.
 */
export async function strikeNow(fault: FaultSpec, parts: HandFaultParts): Promise<readonly FaultRecord[]> {
  const { surface, vertices, seed } = parts;
  await findTarget(fault, parts);
  const progress = new Progress();
  const states: SystemState[] = [];
  surface.onState((state) => states.push(state));
  let records: readonly FaultRecord[] = [];
  const schedule = new FaultSchedule({
    faults: [fault],
    load: { warmupMs: 0, endMs: Number.MAX_SAFE_INTEGER / 1000, dueMs: () => 0 },
    seed,
    surface,
    counters: parts.counters,
    vertices,
    sources: [],
    driver: (spec, driverSeed) => progress.watch(driverOf(spec, parts.kindParts, driverSeed)),
    brokerPid: parts.brokerPid,
    monotonicUs,
    sleep,
    notice: parts.notice,
    write: async (written) => {
      records = written;
    },
  });
  schedule.start(monotonicUs() + (parts.hasJob() ? LOOK_MS * 1000 : 0));
  await untilOver(fault, progress, states, parts.hasJob());
  await schedule.stop();
  present(records[0], "record of the fault");
  return records;
}

/** Throws `usage` when the target means nobody. Between two leaders there is none for a moment: that is waited for. */
async function findTarget(fault: FaultSpec, parts: HandFaultParts): Promise<void> {
  const { surface, vertices, seed } = parts;
  const aims = aimsOf(fault);
  const isOfLeaders = aims.some(({ target }) => (parseTaskTarget(target)?.role ?? null) !== null);
  const limitUs = monotonicUs() + (isOfLeaders ? LEADER_LIMIT_MS * 1000 : 0);
  for (;;) {
    let problem = "";
    const unknown = (error: unknown) => {
      problem = `; the job's tasks are not known now: ${asFaultlineError(error).message}`;
      return [];
    };
    const tasks = parts.hasJob() ? await parts.counters().catch(unknown) : [];
    const scene = { places: surface.places(), brokerPid: parts.brokerPid(), tasks, vertices, random: new Random(seed) };
    const found = resolveTargets(aims, scene);
    if (typeof found !== "string") return;
    if (monotonicUs() >= limitUs) throw noTarget(`${found}${problem}`, surface, parts.brokerPid());
    await sleep(LEADER_POLL_MS);
  }
}

/** What the driver has come to. */
class Progress {
  refused = false;
  injectedUs: number | null = null;
  looked = false;
  healed = false;

  /** The driver, which tells here what is done with it. */
  watch(driver: FaultDriver): FaultDriver {
    return {
      precondition: async (target) => {
        const reason = await driver.precondition(target);
        if (reason !== null) this.refused = true;
        return reason;
      },
      inject: async (target) => {
        this.injectedUs = monotonicUs();
        try {
          await driver.inject(target);
        } catch (error) {
          this.refused = true;
          throw error;
        }
      },
      observe: async (target) => {
        try {
          return await driver.observe(target);
        } finally {
          this.looked = true;
        }
      },
      heal: async (target) => {
        await driver.heal(target);
        this.healed = true;
      },
    };
  }
}

/** Resolves when the fault has been struck, looked at, and healed if it lasts, and the job has had its time to react. */
async function untilOver(
  fault: FaultSpec,
  progress: Progress,
  states: readonly SystemState[],
  hasJob: boolean,
): Promise<void> {
  const limitMs = START_LIMIT_MS + (durationOf(fault) ?? 0) + 60_000;
  await until(START_LIMIT_MS, () => progress.refused || progress.injectedUs !== null);
  if (progress.refused || progress.injectedUs === null) return;
  const lasts = durationOf(fault) !== null;
  await until(limitMs, () => progress.refused || (progress.looked && (!lasts || progress.healed)));
  if (progress.refused || !hasJob || KINDS[fault.kind].ends === null) return;
  const since = progress.injectedUs;
  await until(REACTION_MS, () => {
    const trouble = states.find(({ troubled, atUs }) => troubled && atUs >= since);
    return (
      trouble !== undefined &&
      states.some(({ state, running, atUs }) => {
        return atUs >= trouble.atUs && (running || state === "job failed");
      })
    );
  });
}

async function until(limitMs: number, holds: () => boolean): Promise<void> {
  const limitUs = monotonicUs() + limitMs * 1000;
  while (!holds() && monotonicUs() < limitUs) await sleep(POLL_MS);
}

function noTarget(why: string, surface: FaultSurface, brokerPid: number | null): FaultlineError {
  const names = [...surface.places().map(({ name }) => name), ...(brokerPid === null ? [] : ["broker"])];
  return new FaultlineError("usage", why, {
    hint: `There are ${names.join(", ")}; OPERATOR/INSTANCE means the worker that runs it, OPERATOR/INSTANCE.REPLICA that of one replica, random any worker.`,
  });
}
