import { compileSchedule } from "../../generators/schedule/schedule.ts";
import { isLinkFault } from "../faults/link/link-faults.ts";
import { endsOfTarget } from "../faults/link/link-target.ts";
import { aimsOf, durationOf, type FaultSpec } from "../faults/schema.ts";
import { parseTaskTarget, type TaskTarget } from "../faults/task-target.ts";
import { type LoadFacts, triggersOf } from "../faults/triggers.ts";
import { zoneOfTarget } from "../faults/zone-target.ts";
import { editDistance, nearest } from "./nearest.ts";
import type { Path } from "./paths.ts";
import { type Problem, problemAt } from "./problems.ts";
import { eventCount, loadDurationMs, scheduleSpec } from "./schedule.ts";
import type { Config } from "./schema.ts";
import { formatDuration } from "./units.ts";
import { unknownZone } from "./zone-checks.ts";

const NS_PER_MS = 1_000_000;
const ROLES = ["coordinator", "broker", "random"];
const OF_THE_BROKER: Readonly<Record<string, string>> = { kill: "brokerKill", terminate: "brokerRestart" };

/** When events of a config are due, for the moments of its faults. */
export function loadFacts(config: Config): LoadFacts {
  const schedule = compileSchedule(scheduleSpec(config.load));
  const dueMs = (event: number) => schedule.dueNs(event) / NS_PER_MS;
  return { warmupMs: config.warmup, endMs: loadDurationMs(config), dueMs };
}

/** Rules within and between the settings of the faults, of a config whose load is sound. */
export function checkFaults(config: Config): Problem[] {
  if (config.faults.length === 0) return [];
  if (config.system !== "bundled") {
    return [problemAt(["faults"], "faults can only be inflicted on the bundled engine so far", "remove them")];
  }
  if (config.data.generator === "bettercloud" && config.recovery === "scratch") {
    // The job that starts again reads both topics at once, whatever was sent first: an event that overtakes its controls has no alert.
    const message =
      "with BetterCloud, which alerts follow a restart from scratch depends on how events and controls interleave then";
    const hint = "nothing could be verified: set recovery: none, or use a Nexmark query";
    return [problemAt(["recovery"], message, hint)];
  }
  const load = loadFacts(config);
  return config.faults.flatMap((fault, index) => {
    const path = ["faults", index];
    const trigger = checkTrigger(fault, path);
    return [
      ...checkTargets(fault, path, config),
      ...(trigger.length > 0 ? trigger : checkMoment(fault, path, config, load)),
    ];
  });
}

/** Exactly one trigger, and nothing that belongs to another one. */
function checkTrigger(fault: FaultSpec, path: Path): Problem[] {
  const [first, second] = triggersOf(fault);
  if (first === undefined) {
    return [
      problemAt([...path, "at"], "missing: when does it strike?", "give at, afterEvents, checkpoint, every or poisson"),
    ];
  }
  if (second !== undefined) {
    return [problemAt([...path, second], `${first} and ${second} both say when it strikes`, "remove one of them")];
  }
  const problems: Problem[] = [];
  if (fault.nth !== undefined && first !== "checkpoint") {
    problems.push(problemAt([...path, "nth"], "it counts checkpoints, and there is no `checkpoint`", "remove it"));
  }
  if (fault.count !== undefined && first !== "every") {
    problems.push(problemAt([...path, "count"], "it counts repetitions, and there is no `every`", "remove it"));
  }
  return problems;
}

function checkTargets(fault: FaultSpec, path: Path, config: Config): Problem[] {
  const targets = isLinkFault(fault) ? endsOfTarget(fault.target) : aimsOf(fault).map(({ target }) => target);
  const at = [...path, "target" in fault ? "target" : "kind"];
  const problems = [...new Set(targets)].flatMap((target) => checkTarget(fault, target, at, config));
  const twice = targets.find((target, n) => target !== "random" && targets.indexOf(target) !== n);
  if (twice !== undefined) problems.push(problemAt(at, `${twice} is there twice`, "remove one of them"));
  const drawn = targets.filter((target) => target === "random").length;
  const { workers } = config.engine;
  if (drawn > workers) problems.push(problemAt(at, `${drawn} random workers are more than the ${workers} there are`));
  return problems;
}

function checkTarget({ kind }: FaultSpec, target: string, at: Path, config: Config): Problem[] {
  const { engine, kafka } = config;
  const { workers } = engine;
  const [vertex, subtask] = target.split("/");
  const zone = zoneOfTarget(target);
  if (zone !== null) {
    const unknown = unknownZone(zone, config);
    return unknown === null ? [] : [problemAt(at, unknown.message, unknown.hint)];
  }
  if (target === "broker") {
    const instead = OF_THE_BROKER[kind];
    if (instead !== undefined) return [problemAt(at, `${kind} is not for the broker`, `use kind: ${instead}`)];
    if (kafka.brokers.length === 0) return [];
    const message = "an external Kafka cluster (kafka.brokers) is not Faultline's to break";
    return [problemAt(at, message, "leave kafka.brokers away to get a private broker")];
  }
  if (vertex === "worker" && Number(subtask) > workers) {
    const message = `there is no ${target}: the engine has ${workers} ${workers === 1 ? "worker" : "workers"}`;
    return [problemAt(at, message, "workers count from 1; or raise engine.workers")];
  }
  if (subtask !== undefined && editDistance(vertex!, "worker") === 1) {
    return [problemAt(at, `nobody is called ${target}`, `did you mean "worker/${subtask}"?`)];
  }
  const task = parseTaskTarget(target);
  if (task !== null) return checkReplica(task, target, at, config);
  if (subtask !== undefined || ROLES.includes(target) || /^worker-[1-9]\d*$/.test(target)) return [];
  const meant = nearest(target, ROLES);
  const known = "a target is worker/1, operator/instance, zone:a, coordinator, broker or random";
  return [problemAt(at, `nobody is called ${target}`, meant === null ? known : `did you mean "${meant}"? ${known}`)];
}

function checkReplica({ role, vertex, replica }: TaskTarget, target: string, at: Path, config: Config): Problem[] {
  const { recovery, replication } = config;
  if (role !== null && (recovery !== "active" || replication.merge !== "kaZoo")) {
    const message = `${target}: only replicas under kaZoo have a leader`;
    return [
      problemAt(at, message, "set recovery: active and replication.merge: kaZoo, or aim at a replica: count/0.1"),
    ];
  }
  if (replica === null || replica === 0) return [];
  if (recovery !== "active") return [problemAt(at, `${target}: there are no replicas`, "set recovery: active")];
  const replicas = replication.vertices[vertex] ?? replication.factor;
  if (replica < replicas) return [];
  const message = `${target}: ${vertex} has ${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
  return [problemAt(at, message, "replicas count from 0; replication.factor and replication.vertices say how many")];
}

/** It strikes within the measured part of the load. */
function checkMoment(fault: FaultSpec, path: Path, config: Config, load: LoadFacts): Problem[] {
  const { at, afterEvents, checkpoint, every, poisson } = fault;
  if (typeof at === "number") return checkTime(at, [...path, "at"], load);
  if (afterEvents !== undefined) {
    const events = eventCount(config);
    const place = [...path, "afterEvents"];
    if (afterEvents <= events) return checkTime(load.dueMs(afterEvents - 1), place, load);
    return [problemAt(place, `the load has only ${events} events`, "strike earlier, or lengthen load.duration")];
  }
  if (checkpoint !== undefined) return checkCheckpoints([...path, "checkpoint"], config);
  if (every !== undefined) return checkEvery(every, fault, [...path, "every"], load);
  if (poisson === undefined || poisson.mean < load.endMs - load.warmupMs) return [];
  const message = `with a mean of ${formatDuration(poisson.mean)} it may well never strike in a load of ${formatDuration(load.endMs)}`;
  return [problemAt([...path, "poisson", "mean"], message, "shorten it, or lengthen load.duration")];
}

function checkTime(ms: number, path: Path, { warmupMs, endMs }: LoadFacts): Problem[] {
  if (ms >= endMs) {
    const message = `${formatDuration(ms)} is behind the end of the load (${formatDuration(endMs)})`;
    return [problemAt(path, message, "strike earlier, or lengthen load.duration")];
  }
  if (ms >= warmupMs) return [];
  const message = `${formatDuration(ms)} is in the warm-up (${formatDuration(warmupMs)}): nothing is known from before the fault`;
  return [problemAt(path, message, "strike later, or shorten warmup")];
}

function checkCheckpoints(path: Path, { recovery, guarantee }: Config): Problem[] {
  const takesThem = recovery === "passive" || recovery === "active";
  if (takesThem && guarantee !== "at-most-once") return [];
  const why = takesThem ? `guarantee: ${guarantee}` : `recovery: ${recovery}`;
  return [
    problemAt(path, `no checkpoints are taken with ${why}`, "set recovery: passive and guarantee: at-least-once"),
  ];
}

function checkEvery(every: number, fault: FaultSpec, path: Path, { warmupMs, endMs }: LoadFacts): Problem[] {
  const lastsMs = durationOf(fault) ?? 0;
  if (lastsMs >= every) {
    const message = `one that lasts ${formatDuration(lastsMs)} is not over when the next begins, ${formatDuration(every)} later`;
    return [problemAt(path, message, "shorten the fault's duration")];
  }
  const firstMs = Math.max(1, Math.ceil(warmupMs / every)) * every;
  if (firstMs < endMs) return [];
  const message = `no multiple of ${formatDuration(every)} lies between warm-up and end of the load (${formatDuration(endMs)})`;
  return [problemAt(path, message, "shorten it, or lengthen load.duration")];
}
