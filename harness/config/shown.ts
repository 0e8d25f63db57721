const MOST_CHARACTERS = 80;

/** A value of a config as messages show it: JSON where there is JSON for it, short, and without what controls a terminal. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  return clipped(printable(JSON.stringify(clippedInside(value)) ?? String(value)), MOST_CHARACTERS);
}

/** Control and formatting characters as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`;
  });
}

/** At most `most` characters, the last one a mark where something is missing. */
export function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Long text is cut before it is quoted, so that the quotes stay in pairs. */
function clippedInside(value: unknown): unknown {
  return typeof value === "string" ? clipped(value, MOST_CHARACTERS - 20) : value;
}
