/** A zone that workers are said to be in: a host, a rack. */
const ZONE = "[A-Za-z][A-Za-z0-9_-]{0,31}";
export const ZONE_NAME = new RegExp(`^${ZONE}$`);
export const ZONE_NAME_HINT = "a zone is called like a, rack-2 or host_b: a letter, then letters, digits, - and _";
/** All workers of a zone, as targets are written: `zone:a`. */
export const ZONE_END = `zone:${ZONE}`;
const ZONE_TARGET = new RegExp(`^zone:(${ZONE})$`);

/** The zone that a target means; null: it means no zone. */
export function zoneOfTarget(target: string): string | null {
  return ZONE_TARGET.exec(target)?.[1] ?? null;
}

/** The zone of a worker, which are taken in turn: `nth` counts workers from 0; undefined: there are no zones. */
export function zoneInTurn(zones: readonly string[], nth: number): string | undefined {
  return zones[nth % zones.length];
}
