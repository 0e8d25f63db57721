import type { TopLevelSpec } from "vega-lite";
import { html } from "../html/markup.ts";
import { FAINT, INK } from "../palette.ts";

/** A figure: what to draw, the data that is drawn, and what to read in it. */
export interface Figure {
  /** File name without extension. */
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly spec: TopLevelSpec;
  /** The data beside the figure, as CSV. */
  readonly csv: string;
}

/** Width of the plots of a figure together, axes not counted: with them it fills the page. */
const PLOTS_WIDTH = 1_130;
const PLOTS_GAP = 22;

/** Width of each of `count` plots, at most three side by side. */
export function plotWidth(count: number): number {
  const beside = Math.max(1, Math.min(3, count));
  return Math.floor((PLOTS_WIDTH - PLOTS_GAP * (beside - 1)) / beside);
}

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

/**
 * The figure as standalone SVG. The same bytes for the same figure: the ids that vega counts up over a process's life are
 * renamed to the figure's own, which also keeps them apart when several figures stand in one page.
 */
export async function renderSvg(figure: Figure): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const { spec } = vegaLite.compile({ ...figure.spec, config: CONFIG } as TopLevelSpec);
  const view = new vega.View(vega.parse(spec), { renderer: "none" });
  try {
    return withOwnIds(await view.toSVG(), figure.id);
  } finally {
    view.finalize();
  }
}

function withOwnIds(svg: string, figureId: string): string {
  const names = new Map<string, string>();
  for (const [, id] of svg.matchAll(/\bid="([^"]+)"/g)) names.set(id!, `${figureId}-${names.size}`);
  return svg
    .replace(/\bid="([^"]+)"/g, (_, id: string) => `id="${names.get(id)}"`)
    .replace(/url\(#([^)]+)\)/g, (_, id: string) => `url(#${names.get(id) ?? id})`)
    .replace(/href="#([^"]+)"/g, (_, id: string) => `href="#${names.get(id) ?? id}"`);
}

/** For a page with a light and a dark face: no background, text and grid in the page's colours, as wide as there is room. */
export function inlineSvg(svg: string, label: string): string {
  return svg
    .replace(/<svg ([^>]*)>/, (_, attributes: string) => {
      const kept = attributes.replace(/ ?(?:width|height|xmlns:xlink)="[^"]*"/g, "");
      const width = /width="(\d+)/.exec(attributes)?.[1] ?? "800";
      return `<svg ${kept} role="img" aria-label="${html`${label}`.text}" style="max-width:${width}px">`;
    })
    .replace(/<rect [^>]*fill="white"[^>]*\/?>(?:<\/rect>)?/, "")
    .replaceAll(`"${INK}"`, '"currentColor"')
    .replaceAll(`"${FAINT}"`, '"var(--faint)"');
}
