/** Colours that people with colour-blindness tell apart (Okabe and Ito 2008), without the yellow that vanishes on white. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f5a3c", "#6b6b6b"] as const;
const [BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, BROWN, GREY] = COLOURS;

/** Fixed colours of the names that have one: systems, ways of recovery with the merges of replicas, queries. The order of the rest never moves them. */
const FIXED: Readonly<Record<string, string>> = {
  bundled: BLUE,
  flink: VERMILION,
  echo: GREY,
  none: GREY,
  scratch: BROWN,
  passive: SKY,
  active: GREEN,
  liveRobin: GREEN,
  kaZoo: PINK,
  unordered: ORANGE,
  q0: BLUE,
  q2: VERMILION,
  q5: GREEN,
};

/** Text and lines of figures; the page replaces them by its own in dark mode. */
export const INK = "#24292f";
export const FAINT = "#d0d4d9";

/** The colour of a system, way of recovery or query, the same in every figure of every report. */
export function colourOf(name: string): string {
  const fixed = FIXED[name];
  if (fixed !== undefined) return fixed;
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)!) >>> 0;
  return COLOURS[sum % COLOURS.length]!;
}

/** Colours of names that stand side by side: each its own, or, where another has taken that, the next free one. */
export function coloursOf(names: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  const [fixed, others] = [names.filter((name) => name in FIXED), names.filter((name) => !(name in FIXED))];
  for (const name of new Set([...fixed, ...others.sort()])) {
    const own = colourOf(name);
    const taken = new Set(given.values());
    const free = COLOURS.find((colour) => !taken.has(colour));
    given.set(name, name in FIXED || !taken.has(own) ? own : (free ?? own));
  }
  return given;
}

/** Steps of a recovery one after the other: told apart by lightness, too. */
export const PHASES = [GREY, VERMILION, ORANGE, SKY, BLUE] as const;

/** What a probe of a capacity search says of its rate. */
export const VOTE_COLOURS = { sustained: GREEN, unsustained: VERMILION, instrument: ORANGE, unclear: GREY } as const;

/** From few to many, of even steps in lightness (viridis without its ends, which vanish on white and on black). */
export const FEW_TO_MANY = ["#443983", "#31688e", "#21918c", "#35b779", "#90d743", "#e5e419"] as const;

/** From good to bad, light enough for dark text. */
export const LOW_TO_HIGH = ["#f1f6fb", "#cfe1f2", "#93c4de", "#4a97c9"] as const;

/** Text on these, whatever the page's colours are; written so that nobody takes it for the colour of a thing. */
export const ON_CELLS = "rgb(27,31,36)";
