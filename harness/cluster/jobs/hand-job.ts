import { existsSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FaultlineError } from "../../../base/errors.ts";
import { importFactory } from "../../../engine/shell/load-job.ts";
import { SINK_ID, SOURCE_ID } from "../../../queries/job-ids.ts";
import { findQuery, generatorOf, queryIds } from "../../../queries/registry.ts";
import { entryUrl } from "../../services/entry-point.ts";

/** What can be submitted: a job's module, its parameters, and what it reads. */
export interface HandJob {
  /** Job ids begin with it. */
  readonly name: string;
  /** URL. */
  readonly module: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly sources: readonly string[];
  readonly sinks: readonly string[];
  /** Whose events it reads, where they can be generated. */
  readonly generator: "nexmark" | "words" | null;
}

/** Word counts: see `queries/wordcount/`. */
const WORD_COUNTS: Readonly<Record<string, { readonly folder: string; readonly parameters: HandJob["parameters"] }>> = {
  wordcount: { folder: "windows", parameters: {} },
  "wordcount-sliding": { folder: "windows", parameters: { slideMs: 1_000, split: "blank" } },
  "wordcount-totals": { folder: "totals", parameters: {} },
};

const WATERMARK_DELAY_MS = 4_000;

/** The job that is meant: a word count, a query, or a module of the player's. `usage` when there is none. */
export async function findHandJob(name: string, cwd: string, parameters: HandJob["parameters"]): Promise<HandJob> {
  const words = WORD_COUNTS[name];
  if (words !== undefined) {
    const module = entryUrl(import.meta.url, `../../../queries/wordcount/${words.folder}/job`);
    const all = { ...words.parameters, ...parameters };
    return { name, module, parameters: all, sources: ["lines"], sinks: [SINK_ID], generator: "words" };
  }
  const path = resolve(cwd, name);
  if (/\.[jt]s$/.test(name)) {
    if (!existsSync(path)) throw new FaultlineError("usage", `there is no job module ${name}`);
    return moduleJob(path, parameters);
  }
  return queryJob(name, parameters);
}

async function moduleJob(path: string, parameters: HandJob["parameters"]): Promise<HandJob> {
  const module = pathToFileURL(path).href;
  const graph = await (await importFactory(module))(parameters);
  const ids = (kind: string) => [...graph.nodes.values()].filter((node) => node.kind === kind).map(({ id }) => id);
  const name = basename(path, extname(path)).replace(/[^A-Za-z0-9-]/g, "-");
  return { name, module, parameters, sources: ids("source"), sinks: ids("sink"), generator: null };
}

function queryJob(name: string, parameters: HandJob["parameters"]): HandJob {
  const known = queryIds();
  if (!known.includes(name) && /^[a-z]+-?[a-z]*$/.test(name)) {
    throw new FaultlineError("query-unknown", `no job "${name}"`, {
      hint: `There are ${[...Object.keys(WORD_COUNTS), ...known].join(", ")}, or a module of yours: ./job.ts`,
    });
  }
  const query = findQuery(name);
  const generator = generatorOf(query) === "nexmark" ? "nexmark" : null;
  const defaults = { watermarkDelayMs: WATERMARK_DELAY_MS, mode: "head", identity: true, ...query.jobParameters };
  const sources = query.streams ?? [SOURCE_ID];
  const all = { ...defaults, ...parameters };
  return { name, module: query.job.href, parameters: all, sources, sinks: [SINK_ID], generator };
}
