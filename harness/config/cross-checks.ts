import type { GeneratorName } from "../../queries/query.ts";
import { ECHO_QUERY } from "../systems/echo/echo.ts";
import { checkFaults } from "./fault-checks.ts";
import { nearest } from "./nearest.ts";
import { formatPath, type Path } from "./paths.ts";
import { type Problem, problemAt } from "./problems.ts";
import { eventCount, loadDurationMs, otherEventCount, peakRatePerSecond, scheduledCount } from "./schedule.ts";
import type { Config, LoadConfig, OtherLoadConfig } from "./schema.ts";
import { checkThresholds } from "./thresholds.ts";
import { formatDuration, formatRate } from "./units.ts";
import { checkZones } from "./zone-checks.ts";

/** A look at all processes takes about 2 ms. */
const LEAST_SAMPLING_MS = 10;

/** What the config must know about queries, so that it need not load them. */
export interface QueryCatalog {
  readonly ids: readonly string[];
  /** Why the query has no meaning on such data, or null. */
  undefinedOn(id: string, data: { readonly generator: GeneratorName; readonly mode: string }): string | null;
}

/** Rules between settings of one cell; each problem names the setting to change first. */
export function crossCheck(config: Config, catalog: QueryCatalog): Problem[] {
  const shape = checkShape(config);
  return [
    ...checkQuery(config, catalog),
    ...checkEcho(config),
    ...checkGenerator(config),
    ...checkParallelism(config),
    ...checkLiveness(config),
    ...checkGuarantee(config),
    ...checkReplication(config),
    ...checkZones(config),
    ...checkSampling(config),
    ...(shape.length > 0
      ? shape
      : [
          ...checkLoad(config),
          ...checkWarmup(config),
          ...checkThresholds(config, loadDurationMs(config)),
          ...checkCapacity(config),
          ...checkFaults(config),
        ]),
  ];
}

function checkQuery(config: Config, catalog: QueryCatalog): Problem[] {
  const { query } = config;
  if (!catalog.ids.includes(query)) {
    const meant = nearest(query, catalog.ids);
    const known = `known queries: ${catalog.ids.join(", ")}`;
    return [
      problemAt(["query"], `unknown query "${query}"`, meant === null ? known : `did you mean "${meant}"? ${known}`),
    ];
  }
  const { generator, nexmark } = config.data;
  const reason = catalog.undefinedOn(query, { generator, mode: nexmark.mode });
  if (reason === null) return [];
  const data = generator === "nexmark" ? `Nexmark data of mode ${nexmark.mode}` : `${generator} data`;
  const setting = generator === "nexmark" ? "data.nexmark.mode or " : "";
  return [problemAt(["query"], `${query} is not defined on ${data}: ${reason}`, `change ${setting}the query`)];
}

function checkEcho({ system, query, data }: Config): Problem[] {
  if (system !== "echo") return [];
  const problems: Problem[] = [];
  if (query !== ECHO_QUERY) {
    problems.push(problemAt(["query"], `the echo answers ${ECHO_QUERY} only`, `set query: ${ECHO_QUERY}`));
  }
  if (data.format !== "json") problems.push(problemAt(["data", "format"], "the echo reads json only", "use json"));
  return problems;
}

function checkGenerator({ data }: Config): Problem[] {
  if (data.generator === "nexmark") return [];
  const problems: Problem[] = [];
  if (data.partitionRule !== "roundRobin") {
    problems.push(problemAt(["data", "partitionRule"], `${data.generator} has no auctions to spread its events by`));
  }
  if (data.format !== "json") {
    const hint = "use json: only Nexmark's events are written in both";
    problems.push(problemAt(["data", "format"], `${data.generator} has no binary format`, hint));
  }
  return problems;
}

function checkParallelism(config: Config): Problem[] {
  const { parallelism, engine } = config;
  if (config.system !== "bundled" || parallelism <= engine.keyGroups) return [];
  const message = `parallelism ${parallelism} is more than engine.keyGroups ${engine.keyGroups}`;
  return [problemAt(["parallelism"], message, "every instance needs at least one key group")];
}

function checkLiveness({ engine: { liveness } }: Config): Problem[] {
  if (liveness.timeout > liveness.interval) return [];
  const message = `the timeout ${formatDuration(liveness.timeout)} is not longer than the interval ${formatDuration(liveness.interval)}`;
  return [problemAt(["engine", "liveness", "timeout"], message, "at least 3 intervals are usual")];
}

function checkGuarantee({ guarantee, recovery, checkpoints, system }: Config): Problem[] {
  if (system !== "bundled") return [];
  if (guarantee === "exactly-once" && recovery !== "passive" && recovery !== "active") {
    const message = `exactly-once needs checkpoints, and recovery: ${recovery} takes none`;
    return [problemAt(["guarantee"], message, "set recovery: passive")];
  }
  if (guarantee === "exactly-once" && checkpoints.mode === "at-least-once") {
    const message = "exactly-once needs aligned barriers: without them records may be in a snapshot and come again";
    return [problemAt(["checkpoints", "mode"], message, "set checkpoints.mode: aligned")];
  }
  if (guarantee === "at-most-once" && recovery === "active") {
    const message = "replicas go on where others were: nothing needs to be lost";
    return [problemAt(["guarantee"], message, "set guarantee: at-least-once or exactly-once")];
  }
  if (guarantee === "at-most-once" && recovery === "scratch") {
    const message = "recovery: scratch repeats outputs, which at-most-once forbids";
    return [problemAt(["guarantee"], message, "set recovery: passive, or none")];
  }
  return [];
}

function checkReplication({ recovery, replication, engine, system }: Config): Problem[] {
  if (recovery !== "active" || system !== "bundled") return [];
  const problems: Problem[] = [];
  if (replication.merge === "none" && !replication.unordered) {
    const message = "without an agreed order replicas diverge wherever two channels meet, and outputs are wrong";
    const hint = "use liveRobin or kaZoo; or, to see what order costs, set replication.unordered: true";
    problems.push(problemAt(["replication", "merge"], message, hint));
  }
  const most = Math.max(replication.factor, ...Object.values(replication.vertices));
  const needed = most + 1;
  if (engine.workers >= needed) return problems;
  const message = `${most} replicas and the tasks without any need ${needed} workers, there are ${engine.workers}`;
  const hint = "replicas of one group never share a worker: raise engine.workers";
  return [...problems, problemAt(["engine", "workers"], message, hint)];
}

/** Rules within the load. Where one is broken, nothing can be said of its length. */
function checkShape({ load, data, microbench }: Config): Problem[] {
  const problems: Problem[] = [];
  if (load.feeders > data.partitions) {
    const message = `${load.feeders} feeders are more than the ${data.partitions} partitions of data.partitions`;
    problems.push(problemAt(["load", "feeders"], message, "every feeder needs a partition of its own"));
  }
  problems.push(...checkRates(load, ["load"]));
  if (data.generator !== "microbench") return problems;
  const others = OTHER_LOADS.flatMap((name) => checkRates(microbench[name], ["microbench", name]));
  return [...problems, ...others];
}

const OTHER_LOADS = ["load2", "load3"] as const;

function checkRates(load: LoadConfig | OtherLoadConfig, path: Path): Problem[] {
  if (load.shape === "sine" && load.amplitude > load.mid) {
    const message = `the amplitude ${formatRate(load.amplitude)} is above mid ${formatRate(load.mid)}`;
    return [problemAt([...path, "amplitude"], message, "a rate cannot be negative")];
  }
  if (load.shape === "burst" && load.length >= load.every) {
    const message = `a burst of ${formatDuration(load.length)} does not fit into ${formatDuration(load.every)}`;
    return [problemAt([...path, "length"], message, `it must be shorter than ${formatPath([...path, "every"])}`)];
  }
  return [];
}

const NO_EVENT = "not one event is due in this load";

function checkLoad(config: Config): Problem[] {
  const { load, data } = config;
  if (peakRatePerSecond(load) === 0 || eventCount(config) === 0) {
    return [problemAt(["load"], NO_EVENT, "raise the rate or the duration")];
  }
  if (data.generator === "microbench") {
    const idle = OTHER_LOADS.find((name) => otherEventCount(config, config.microbench[name]) === 0);
    if (idle !== undefined) return [problemAt(["microbench", idle], NO_EVENT, "every source has one event at least")];
  }
  if (data.events === undefined) return [];
  if (load.shape !== "steps" && load.shape !== "trace" && load.shape !== "ramp") {
    if (load.duration === undefined) return [];
    const message = "data.events and load.duration both say how long the load lasts";
    return [problemAt(["data", "events"], message, "remove one of them")];
  }
  const due = scheduledCount(load);
  if (data.events <= due) return [];
  const message = `${data.events} events are more than the ${due} that the load makes due`;
  return [problemAt(["data", "events"], message, "lengthen the load, or remove data.events")];
}

function checkCapacity({ capacity: { least, most } }: Config): Problem[] {
  if (least <= most) return [];
  const message = `${formatRate(least)} is above capacity.most ${formatRate(most)}`;
  return [problemAt(["capacity", "least"], message, "the search goes from least to most")];
}

function checkSampling({ sampling, limits }: Config): Problem[] {
  const tooOften = (["resources", "tasks"] as const)
    .filter((what) => sampling[what] > 0 && sampling[what] < LEAST_SAMPLING_MS)
    .map((what) => {
      const message = `looking every ${formatDuration(sampling[what])} is most of what the machine would do`;
      return problemAt(["sampling", what], message, `0s for never, or ${formatDuration(LEAST_SAMPLING_MS)} and more`);
    });
  if (limits.foreignCpu === undefined || sampling.resources > 0) return tooOften;
  const message = "what others take of the machine is not known when no resources are sampled";
  return [...tooOften, problemAt(["limits", "foreignCpu"], message, "leave it out, or set sampling.resources")];
}

function checkWarmup(config: Config): Problem[] {
  const lastsMs = loadDurationMs(config);
  if (config.warmup < lastsMs) return [];
  const message = `the warm-up ${formatDuration(config.warmup)} leaves nothing of a load of ${formatDuration(lastsMs)}`;
  return [problemAt(["warmup"], message, "shorten warmup, or lengthen load.duration")];
}
