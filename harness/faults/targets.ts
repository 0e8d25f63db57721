import type { Random } from "../../base/random.ts";
import type { TaskCounters } from "../../engine/cluster/messages.ts";
import { type JobShape, taskName } from "../systems/job-shape.ts";
import type { FaultPlace, FaultProcess } from "../systems/system.ts";
import type { Aim } from "./schema.ts";
import { parseTaskTarget, type TaskTarget, tasksOf } from "./task-target.ts";
import { zoneOfTarget } from "./zone-target.ts";

/** Who is there to be struck at the moment of a strike. */
export interface Scene {
  readonly places: readonly FaultPlace[];
  /** Process id of the broker; null: it is not ours, or does not run. */
  readonly brokerPid: number | null;
  /** Tasks and their workers at the last look. */
  readonly tasks: readonly TaskCounters[];
  /** Which of them are replicas of which; absent: none is. */
  readonly vertices?: JobShape["vertices"];
  readonly random: Random;
}

/** A target that was found. */
export interface Struck {
  /** The target as written. */
  readonly target: string;
  readonly process: FaultProcess;
  /** It runs tasks: `worker/2` of the places. */
  readonly isWorker: boolean;
  /** How it was found, where the target does not tell: `random: worker/2`; else null. */
  readonly found: string | null;
}

/** The processes that targets mean now, each once; or why one of them means none. */
export function resolveTargets(aims: readonly Aim[], scene: Scene): readonly Struck[] | string {
  const struck: Struck[] = [];
  for (const { target, written, isOne } of aims) {
    const zone = zoneOfTarget(target);
    const others = new Set(struck.map(({ process }) => process.pid));
    const found = zone === null ? resolve(target, scene, others) : workersIn(zone, scene);
    if (typeof found === "string") return found;
    const all = "process" in found ? [found] : found.slice(0, isOne ? 1 : undefined);
    for (const one of all) if (!others.has(one.process.pid)) struck.push({ ...one, target: written });
  }
  return struck;
}

/** The processes at an end of a link as written, now: `worker/1`, `zone:a`, `coordinator`. */
export function processesAt(end: string, places: readonly FaultPlace[]): readonly FaultProcess[] {
  const zone = zoneOfTarget(end);
  const there = ({ name, process }: FaultPlace) => (zone === null ? name === end : process?.zone === zone);
  return places.flatMap((place) => (place.process !== null && there(place) ? [place.process] : []));
}

/** All workers of the zone. One whose place is empty, its replacement being on its way, is not waited for. */
function workersIn(zone: string, { places }: Scene): readonly Struck[] | string {
  const found = places.filter(({ process }) => process?.zone === zone);
  if (found.length === 0) return `no worker is in zone ${zone} now`;
  return found.flatMap((place) => {
    const struck = struckAt(`zone:${zone}`, place, `zone:${zone}: ${place.name}`);
    return typeof struck === "string" ? [] : [struck];
  });
}

function resolve(target: string, scene: Scene, taken: ReadonlySet<number>): Struck | string {
  if (target === "broker") return broker(scene.brokerPid);
  if (target === "random") return anyWorker(scene, taken);
  const place = scene.places.find(({ name, process }) => name === target || process?.role === target);
  if (place !== undefined) return struckAt(target, place, null);
  const task = parseTaskTarget(target);
  return task === null ? `there is no ${target}` : workerOf(target, task, scene);
}

function struckAt(target: string, { name, process }: FaultPlace, found: string | null): Struck | string {
  if (process === null) return `nobody serves as ${name} now`;
  return { target, process, isWorker: name.startsWith("worker/"), found };
}

function broker(pid: number | null): Struck | string {
  if (pid === null) return "there is no broker of Faultline's own";
  return { target: "broker", process: { role: "broker", pid, name: "broker" }, isWorker: false, found: null };
}

function anyWorker({ places, random }: Scene, taken: ReadonlySet<number>): Struck | string {
  const workers = places.filter(
    ({ name, process }) => name.startsWith("worker/") && process !== null && !taken.has(process.pid),
  );
  const drawn = workers[random.below(Math.max(1, workers.length))];
  return drawn === undefined ? "there is no worker left to draw" : struckAt("random", drawn, `random: ${drawn.name}`);
}

/** The worker that ran a task at the last look; of several replicas the first whose worker is there. */
function workerOf(target: string, aim: TaskTarget, { places, tasks, vertices = {} }: Scene): Struck | string {
  const meant = tasksOf(aim, tasks, vertices);
  if (typeof meant === "string") return meant;
  for (const { vertex, subtask, worker } of meant) {
    const place = places.find(({ process }) => process !== null && process.name === worker);
    if (place === undefined) continue;
    const name = taskName(vertices, vertex, subtask);
    return struckAt(target, place, `${target}: ${place.name}${name === target ? "" : ` (${name})`}`);
  }
  return `nobody runs ${target} now`;
}
