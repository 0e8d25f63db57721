import type { LogicalGraph } from "../dataflow/graph.ts";
import type { JobSpec } from "./job-spec.ts";

/**
 * Loads the job's module and builds its graph from `spec.parameters`; injected, because importing a module is asynchronous.
 * `done` is called once, never from inside the call. Errors: `job-invalid` and whatever the module throws.
 */
export type LoadJob = (spec: JobSpec, done: (error: Error | null, graph: LogicalGraph | null) => void) => void;
