import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import type { ResolvedSweep } from "../config/resolve.ts";
import { deployConfig } from "../sweep/deploy-config.ts";

/**
 * Plans the jobs of all cells with replicas, so that an operator that is not there, or a query that cannot be replicated, is told before a
 * broker starts. Throws `config-invalid` with the first cell that has none.
 */
export async function checkJobs(sweep: ResolvedSweep): Promise<void> {
  const replicated = sweep.cells.filter(({ config }) => config.system === "bundled" && config.recovery === "active");
  if (replicated.length === 0) return;
  const { shapeOf } = await import("../systems/bundled/job-shape.ts");
  for (const { cell, config } of replicated) {
    try {
      await shapeOf(deployConfig(config));
    } catch (error) {
      const { message, hint } = asFaultlineError(error, "job-invalid");
      throw new FaultlineError("config-invalid", `cell ${cell.id} cannot run with replicas: ${message}`, {
        ...(hint === undefined ? {} : { hint }),
        cause: error,
      });
    }
  }
}
