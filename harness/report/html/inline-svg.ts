import { FAINT, INK } from "../palette.ts";
import { contrast, PAPER, visibleOn } from "./colour.ts";
import { slimSvg } from "./slim-svg.ts";
import { elementsOf, parseSvg, type SvgElement, writeSvg } from "./svg-tree.ts";

/** With more colours than this a figure has a scale of colours, not names of things: its shades must keep their order. */
const MOST_NAMES = 12;
const KINDS = ["fill", "stroke"] as const;
type Kind = (typeof KINDS)[number];
const HEX = /^#[0-9a-f]{6}$/;

/**
 * A figure for a page with a light and a dark face: no background, text and grid in the page's colours, those of things as the custom
 * properties of `figureColours`, as wide as there is room. It is an image named by the caller, without text of its own for readers of screens.
 */
export function inlineSvg(svg: string): string {
  const root = parseSvg(svg);
  const width = root.attributes.get("width") ?? "800";
  for (const name of [...root.attributes.keys()]) if (name !== "viewBox") root.attributes.delete(name);
  root.attributes.set("aria-hidden", "true").set("style", `max-width:${width}px`);
  root.children = root.children.filter((child) => typeof child === "string" || !isBackground(child));
  slimSvg(root);
  const found = new Set<string>();
  eachColour(root, (colour) => {
    found.add(colour);
    return null;
  });
  const named = [...found].filter((colour) => colour !== INK && colour !== FAINT && HEX.test(colour));
  eachColour(root, (colour, kind) => {
    if (colour === INK) return "currentColor";
    if (colour === FAINT) return "var(--faint)";
    return named.length <= MOST_NAMES && named.includes(colour) && needsShade(colour)
      ? `var(${nameOf(colour, kind)})`
      : null;
  });
  return writeSvg(root);
}

/** Style rules for the colours that these figures name: lines in shades that can be seen on either paper; areas keep their own on the light one. */
export function figureColours(svgs: readonly string[]): { readonly light: string; readonly dark: string } {
  const named = new Set(
    svgs.flatMap((svg) => [...svg.matchAll(/var\(--(?:fill|stroke)-[0-9a-f]{6}\)/g)].map(([name]) => name)),
  );
  const rules = (shade: (colour: string, kind: Kind) => string) => {
    const rule = (name: string) => {
      const [kind, hex] = name.slice("var(--".length, -1).split("-") as [Kind, string];
      return `${nameOf(`#${hex}`, kind)}:${shade(`#${hex}`, kind)};`;
    };
    return [...named].sort().map(rule).join("");
  };
  return {
    light: rules((colour, kind) => (kind === "fill" ? colour : visibleOn(colour, PAPER.light))),
    dark: rules((colour) => visibleOn(colour, PAPER.dark)),
  };
}

/** Colours near black or white are what a figure is written in, not names. */
function needsShade(colour: string): boolean {
  return contrast(colour, "#ffffff") > 1.2;
}

function nameOf(colour: string, kind: Kind): string {
  return `--${kind}-${colour.slice(1)}`;
}

function isBackground({ tag, attributes }: SvgElement): boolean {
  return tag === "rect" && attributes.get("fill") === "white";
}

function eachColour(element: SvgElement, change: (colour: string, kind: Kind) => string | null): void {
  for (const name of KINDS) {
    const colour = element.attributes.get(name);
    const changed = colour === undefined ? null : change(colour, name);
    if (changed !== null) element.attributes.set(name, changed);
  }
  for (const child of elementsOf(element)) eachColour(child, change);
}
