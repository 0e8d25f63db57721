import { type JobShape, UNREPLICATED } from "../systems/job-shape.ts";
import type { SystemUnderTest } from "../systems/system.ts";
import { deployConfig } from "./deploy-config.ts";
import type { RunContext } from "./run-context.ts";
import type { Toolbox } from "./toolbox.ts";

/** The system under test of a run, and what its job is made of where it has replicas. `job-invalid` when it cannot be planned. */
export async function planRun(
  { config, kafka, guard, signal }: RunContext,
  tools: Pick<Toolbox, "system">,
): Promise<{ readonly system: SystemUnderTest; readonly shape: JobShape }> {
  const endOffsets = (topic: string, partitions: number) => kafka.endOffsets(topic, partitions);
  const system = await tools.system(config.system, { guard, signal, endOffsets });
  if (system.shapeOf === undefined || config.recovery !== "active") return { system, shape: UNREPLICATED };
  return { system, shape: await system.shapeOf(deployConfig(config)) };
}
