import type { TopLevelSpec } from "vega-lite";
import { FAINT, INK } from "../palette.ts";
import type { Figure } from "./figure.ts";
import { type Readings, readingsOf } from "./readings.ts";

/** Width of the plots of a figure together, axes not counted: with them it fills the page. */
const PLOTS_WIDTH = 1_130;
const PLOTS_GAP = 22;

/** Width of each of `count` plots, at most three side by side. */
export function plotWidth(count: number): number {
  const beside = Math.max(1, Math.min(3, count));
  return Math.floor((PLOTS_WIDTH - PLOTS_GAP * (beside - 1)) / beside);
}

/** Labels of an axis, each for itself: 200, 1.2k, 3M. */
export const SHORT_NUMBER =
  "datum.value >= 1e6 ? format(datum.value / 1e6, '~g') + 'M' : datum.value >= 1e3 ? format(datum.value / 1e3, '~g') + 'k' : format(datum.value, '~g')";

/** Labels of an axis of shares: 99 %. */
export const PERCENT = "format(datum.value * 100, '~g') + ' %'";

/** One title under all plots of a row instead of the same one under each. */
export function axisTitleBelow(text: string) {
  return { text, orient: "bottom", anchor: "middle", fontSize: 11, fontWeight: 500, offset: 4, color: INK } as const;
}

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif";

/** Settings of all figures: thin axes, no frame, text in one colour. */
const CONFIG = {
  font: FONT,
  background: "white",
  view: { stroke: null },
  axis: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 500,
    gridColor: FAINT,
    gridOpacity: 0.7,
    domainColor: FAINT,
    tickColor: FAINT,
    labelOverlap: true,
  },
  header: { labelColor: INK, labelFontSize: 13, labelFontWeight: 600, title: null },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 11,
    titleFontSize: 11,
    symbolOpacity: 1,
    orient: "bottom",
  },
  text: { color: INK },
} as const;

/** A figure as it was drawn. */
export interface DrawnFigure {
  /** Standalone. */
  readonly svg: string;
  /** What can be read off it. */
  readonly readings: Readings;
}

/** As `renderSvg`, with the values and their places. */
export async function drawFigure(figure: Figure): Promise<DrawnFigure> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const { spec } = vegaLite.compile({ ...figure.spec, config: CONFIG } as TopLevelSpec);
  const view = new vega.View(vega.parse(spec), { renderer: "none" });
  try {
    const svg = withOwnIds(await view.toSVG(), figure.id);
    return { svg, readings: readingsOf(view, originOf(svg)) };
  } finally {
    view.finalize();
  }
}

/**
 * The figure as standalone SVG. The same bytes for the same figure: the ids that vega counts up over a process's life are
 * renamed to the figure's own, which also keeps them apart when several figures stand in one page.
 */
export async function renderSvg(figure: Figure): Promise<string> {
  return (await drawFigure(figure)).svg;
}

/** Where the plots begin: room for axes and titles is left of and above them. */
function originOf(svg: string): readonly [number, number] {
  const [, x, y] = /<g [^>]*?transform="translate\((-?[\d.]+),(-?[\d.]+)\)"/.exec(svg) ?? [];
  return [Number(x ?? 0), Number(y ?? 0)];
}

function withOwnIds(svg: string, figureId: string): string {
  const names = new Map<string, string>();
  for (const [, id] of svg.matchAll(/\bid="([^"]+)"/g)) names.set(id!, `${figureId}-${names.size}`);
  return svg
    .replace(/\bid="([^"]+)"/g, (_, id: string) => `id="${names.get(id)}"`)
    .replace(/url\(#([^)]+)\)/g, (_, id: string) => `url(#${names.get(id) ?? id})`)
    .replace(/href="#([^"]+)"/g, (_, id: string) => `href="#${names.get(id) ?? id}"`);
}
