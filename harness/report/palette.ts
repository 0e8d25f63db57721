/** Colours that people with colour-blindness tell apart (Okabe and Ito 2008), without the yellow that vanishes on white. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f5a3c", "#6b6b6b"] as const;

/** Fixed colours of the names that have one; the order of the rest never moves them. */
const FIXED: Readonly<Record<string, string>> = {
  q0: COLOURS[0],
  q2: COLOURS[1],
  q5: COLOURS[2],
  bundled: COLOURS[0],
  flink: COLOURS[1],
};

/** Text and lines of figures; the page replaces them by its own in dark mode. */
export const INK = "#24292f";
export const FAINT = "#d0d4d9";

/** The colour of a system or query, the same in every figure of every report. */
export function colourOf(name: string): string {
  const fixed = FIXED[name];
  if (fixed !== undefined) return fixed;
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)!) >>> 0;
  return COLOURS[sum % COLOURS.length]!;
}

/** Steps of a recovery one after the other: told apart by lightness, too. */
export const PHASES = ["#6b6b6b", "#d55e00", "#e69f00", "#56b4e9", "#0072b2"] as const;
