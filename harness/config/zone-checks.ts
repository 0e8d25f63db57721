import { type Problem, problemAt } from "./problems.ts";
import type { Config } from "./schema.ts";

const ZONES = ["engine", "zones"] as const;

/** Every zone has a worker, and there are as many as the replicas of a group need. */
export function checkZones({ engine, recovery, replication, system }: Config): Problem[] {
  const { zones, workers } = engine;
  if (zones.length === 0 || system !== "bundled") return [];
  if (zones.length > workers) {
    const message = `${zones.length} zones are named, and there are ${workers} workers to take them in turn`;
    return [problemAt(ZONES, message, "name fewer zones, or raise engine.workers")];
  }
  if (recovery !== "active") return [];
  const different = new Set(zones).size;
  const most = Math.max(replication.factor, ...Object.values(replication.vertices));
  if (different >= most) return [];
  const message = `${most} replicas need workers in ${most} zones, and these are ${different}: ${[...new Set(zones)].join(", ")}`;
  return [problemAt(ZONES, message, "replicas of one group never share a zone: name more zones, or none")];
}

/** Why a fault cannot be aimed at this zone, or null. */
export function unknownZone(zone: string, { engine: { zones } }: Config): { message: string; hint: string } | null {
  if (zones.includes(zone)) return null;
  const known = zones.length === 0 ? "engine.zones names none" : `engine.zones are ${[...new Set(zones)].join(", ")}`;
  return { message: `there is no zone ${zone}: ${known}`, hint: "set engine.zones, for example [a, b]" };
}
