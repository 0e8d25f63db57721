import type { JobEffects } from "../../../engine/cluster/job-effects.ts";
import { JobRecovery } from "../../../engine/cluster/job-recovery.ts";
import type { JobSpec } from "../../../engine/cluster/job-spec.ts";
import { ManualTime } from "../task/manual-world.ts";

type RecoveryEffects = Pick<JobEffects, "recovery">;

/** Recovery of a job that takes no checkpoints: nothing is ever read or stored. */
export function recoveryEffects(spec: JobSpec): RecoveryEffects {
  const unused = (): never => {
    throw new Error("a job without checkpoints has no business with the store");
  };
  const time = new ManualTime();
  const world = {
    clock: time.clock,
    timers: time.timers,
    store: { write: unused, create: unused, read: unused, remove: unused, list: unused },
    random: { below: () => 0 },
    journal: { write: () => {} },
  };
  return {
    recovery: (shape, effects) => new JobRecovery(spec, shape, world, effects, { onPhase: unused, onReport: unused }),
  };
}
