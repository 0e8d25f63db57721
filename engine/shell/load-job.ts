import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { FaultlineError } from "../../base/errors.ts";
import type { LoadJob } from "../cluster/load-job.ts";
import type { JobFactory, LogicalGraph } from "../dataflow/graph.ts";

/** Imports the job's module (URL or absolute path) and builds its graph. Anything that goes wrong is the job's error. */
export const loadJobModule: LoadJob = (spec, done) => {
  importFactory(spec.module)
    .then(async (factory) => checkedGraph(spec.module, await factory(spec.parameters)))
    .then(
      (graph) => setImmediate(() => done(null, graph)),
      (error) => setImmediate(() => done(error, null)),
    );
};

/** The default export of a job module; `job-invalid` when there is no such module or its default export is no function. */
export async function importFactory(module: string): Promise<JobFactory> {
  const url = isAbsolute(module) ? pathToFileURL(module).href : module;
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(url);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FaultlineError("job-invalid", `cannot load the job module ${module}: ${reason}`, {
      hint: "Check its path, its syntax and what it imports.",
      cause,
    });
  }
  if (typeof loaded.default !== "function") {
    throw new FaultlineError("job-invalid", `the job module ${module} exports no job`, {
      hint: "The module's default export must be a function from parameters to a graph.",
    });
  }
  return loaded.default as JobFactory;
}

/** What a factory gave, if it is a graph. */
function checkedGraph(module: string, graph: unknown): LogicalGraph {
  const nodes = typeof graph === "object" && graph !== null && "nodes" in graph ? graph.nodes : undefined;
  if (nodes instanceof Map) return graph as LogicalGraph;
  throw new FaultlineError("job-invalid", `the job module ${module} gave no graph`, {
    hint: "Return what build() of the job's builder gives.",
  });
}
