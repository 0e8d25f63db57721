/**
 * Errors that can be planted between the system under test and the verifier, and what the verifier must say of each: drop = 1 lost;
 * repeat = 1 duplicate; alter = 1 wrong, and 1 lost in its place; delay (seen 1 s late) = an outlier of the latency; reorder (seen behind
 * later ones of its key) = 1 out of order; forge = 1 unexpected; early (seen before its event was due) = 1 premature.
 */
export const PLANT_KINDS = ["drop", "repeat", "alter", "delay", "reorder", "forge", "early"] as const;
export type PlantKind = (typeof PLANT_KINDS)[number];

/** How many errors of each kind. */
export type Plant = Readonly<Record<PlantKind, number>>;

const MOST = 1_000;

export type ParsedPlant =
  | { readonly ok: true; readonly plant: Plant }
  | { readonly ok: false; readonly message: string };

/** Reads `drop:1,repeat:2`; the empty text plants nothing. */
export function parsePlant(text: string): ParsedPlant {
  const plant: Record<PlantKind, number> = { drop: 0, repeat: 0, alter: 0, delay: 0, reorder: 0, forge: 0, early: 0 };
  for (const part of text.split(",").map((word) => word.trim())) {
    if (part === "" && text.trim() === "") continue;
    const [name, count, ...rest] = part.split(":").map((word) => word.trim());
    const kind = PLANT_KINDS.find((known) => known === name);
    if (kind === undefined) return refused(`"${part}" names no error to plant`);
    if (rest.length > 0 || count === undefined || !/^[1-9]\d{0,3}$/.test(count)) {
      return refused(`"${part}" does not say how many: from 1 to ${MOST}`);
    }
    plant[kind] += Number(count);
  }
  const total = plantTotal(plant);
  return total > MOST ? refused(`${total} planted errors are more than ${MOST}`) : { ok: true, plant };
}

function plantTotal(plant: Plant): number {
  return PLANT_KINDS.reduce((sum, kind) => sum + plant[kind], 0);
}

/** `1 drop, 2 repeat`. */
export function plantText(plant: Plant): string {
  const parts = PLANT_KINDS.filter((kind) => plant[kind] > 0).map((kind) => `${plant[kind]} ${kind}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function refused(message: string): ParsedPlant {
  return { ok: false, message: `${message}\nwrite kind:count, with commas between; kinds: ${PLANT_KINDS.join(", ")}` };
}
