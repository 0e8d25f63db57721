import type { ResolvedSweep } from "../../../harness/config/resolve.ts";
import { buildManifest } from "../../../harness/sweep/manifest.ts";
import { planSweep } from "../../../harness/sweep/plan.ts";
import type { Provenance } from "../../../harness/sweep/provenance.ts";
import type { Manifest } from "../../../harness/sweep/store.ts";

const PROVENANCE: Provenance = {
  faultline: "0",
  commit: null,
  dirty: null,
  node: "24",
  java: null,
  kafka: null,
  cpuModel: "test",
  cores: 2,
  memoryBytes: 1,
  kernel: "test",
  clockSource: null,
  faultDrivers: [],
};

/** The manifest of a sweep that runs nowhere in particular. */
export function manifestOf(sweep: ResolvedSweep): Manifest {
  return buildManifest(sweep, planSweep(sweep), { provenance: PROVENANCE, createdMs: 1, cwd: "/", pid: 1 });
}
