import type { Figure, FigurePlace } from "../figures/figure.ts";
import type { Readings } from "../figures/readings.ts";
import type { DrawnFigure } from "../figures/render.ts";
import { integer } from "../format.ts";
import { inlineSvg } from "./inline-svg.ts";
import { html, type Markup, raw } from "./markup.ts";

/** A figure as it stands in the page. */
export interface InlineFigure {
  readonly title: string;
  readonly caption: string;
  /** From `inlineSvg`. */
  readonly svg: string;
  /** Its values as JSON, for the page's script. */
  readonly values: string;
  readonly canZoom: boolean;
  /** Where the figure and its data are, relative to the page, without extension. */
  readonly file: string;
  readonly place: FigurePlace;
}

/** Figures of a page together, bytes: what is beyond is in files beside it. */
const MOST_BYTES = 3_000_000;

/** A drawn figure, made ready for the page. */
export function inlineFigure({ id, title, caption }: Figure, place: FigurePlace, drawn: DrawnFigure): InlineFigure {
  const canZoom = drawn.readings.plots[0]?.domain != null;
  const values = valuesJson(drawn.readings);
  return { title, caption, svg: inlineSvg(drawn.svg), values, canZoom, file: `figures/${id}`, place };
}

/** The figures of a page by place, those that it has no room for as links. */
export interface PageFigures {
  readonly of: (isHere: (place: FigurePlace) => boolean) => readonly Markup[];
  /** How many are links, in a sentence; null where none is. */
  readonly leftOut: string | null;
  readonly drawn: readonly InlineFigure[];
}

/** Chooses which figures the page has room for: those of the whole campaign first, then of faults, then of runs, doubtful runs before others. */
export function pageFigures(figures: readonly InlineFigure[], doubtful: ReadonlySet<string>): PageFigures {
  const rank = ({ place }: InlineFigure) =>
    place.section === "run" ? (doubtful.has(place.run) ? 1 : 3) : place.section === "fault" ? 2 : 0;
  const drawn = new Set<InlineFigure>();
  let left = MOST_BYTES;
  for (const figure of [...figures].sort((a, b) => rank(a) - rank(b))) {
    const size = figure.svg.length + figure.values.length;
    if (size > left) continue;
    left -= size;
    drawn.add(figure);
  }
  const linked = figures.length - drawn.size;
  return {
    of: (isHere) =>
      figures.filter(({ place }) => isHere(place)).map((one) => (drawn.has(one) ? figureMarkup(one) : linkMarkup(one))),
    leftOut:
      linked === 0
        ? null
        : `${integer(linked)} of ${integer(figures.length)} figures are links to files beside this page: it would be too long to open otherwise.`,
    drawn: figures.filter((one) => drawn.has(one)),
  };
}

function figureMarkup(figure: InlineFigure): Markup {
  const { title, caption, svg, values, canZoom, file } = figure;
  return html`<figure${canZoom ? raw(' data-zoom=""') : null}><div class="head"><h3>${title}</h3></div>
<div class="frame"><div class="plot" tabindex="0" role="img" aria-label="${title}">${raw(svg)}</div></div>
<script type="application/json" class="values">${raw(values)}</script>
<figcaption>${caption} Data: <a href="${file}.csv">${file}.csv</a></figcaption></figure>`;
}

function linkMarkup({ title, file }: InlineFigure): Markup {
  return html`<p class="soft">${title}: <a href="${file}.svg">${file}.svg</a>, data <a href="${file}.csv">${file}.csv</a></p>`;
}

/** Lists instead of objects, because there are many; `<` cannot end the element that holds them. */
function valuesJson({ plots, series, all }: Readings): string {
  const compact = {
    plots: plots.map(({ box, domain }) => [...box, ...(domain ?? [])]),
    series: series.map(({ plot, same, fields, points }) => [plot, same, fields, points]),
    all,
  };
  return JSON.stringify(compact).replaceAll("<", "\\u003c");
}
