type Rgb = readonly [number, number, number];

/** Of the page, as in `STYLE`: what figures stand on. */
export const PAPER = { light: "#fdfdfc", dark: "#15181c" } as const;
/** Least contrast of what is drawn to what it is drawn on (WCAG 2.1, 1.4.11 asks for 3). */
const LEAST_CONTRAST = 3.2;
const STEPS = 40;

/** Contrast ratio of two colours `#rrggbb`, 1 to 21 (WCAG 2.1). */
export function contrast(a: string, b: string): number {
  const [least, most] = [luminance(parsed(a)), luminance(parsed(b))].sort((x, y) => x - y) as [number, number];
  return (most + 0.05) / (least + 0.05);
}

/** The colour itself where it can be seen on the background, else the nearest shade of it towards white or black that can. */
export function visibleOn(colour: string, background: string): string {
  const towards: Rgb = luminance(parsed(background)) > 0.5 ? [0, 0, 0] : [255, 255, 255];
  for (let step = 0; step <= STEPS; step++) {
    const mixed = mix(parsed(colour), towards, step / STEPS);
    if (contrast(mixed, background) >= LEAST_CONTRAST) return mixed;
  }
  return colour;
}

function parsed(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function mix(from: Rgb, to: Rgb, share: number): string {
  const hex = from.map((value, i) =>
    Math.round(value + (to[i]! - value) * share)
      .toString(16)
      .padStart(2, "0"),
  );
  return `#${hex.join("")}`;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
