import { FAINT } from "../palette.ts";

/** A plot of a figure: where it is, in units of the SVG, and what its x axis spans where that is linear. */
export interface Plot {
  readonly box: readonly [x: number, y: number, width: number, height: number];
  readonly domain: readonly [from: number, to: number] | null;
}

/** Values of one mark of a plot: what they have in common, and each with its place in the SVG and its own fields. */
export interface ReadingSeries {
  readonly plot: number;
  readonly same: readonly (readonly [field: string, value: number | string])[];
  readonly fields: readonly string[];
  /** x, y, then one value a field. */
  readonly points: readonly (readonly (number | string)[])[];
}

/** What can be read off a figure, point by point. */
export interface Readings {
  readonly plots: readonly Plot[];
  readonly series: readonly ReadingSeries[];
  /** Points that the figure has; more than `series` hold where it is very dense. */
  readonly all: number;
}

/** Of vega's scene graph, what is read here. */
interface Item {
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
  readonly fill?: unknown;
  readonly datum?: unknown;
  readonly items?: readonly Mark[];
}
interface Mark {
  readonly marktype: string;
  readonly role?: string;
  readonly name?: string;
  readonly items: readonly Item[];
}
/** Of a vega view, what is read here. */
export interface DrawnView {
  scenegraph(): unknown;
  scale(name: string): unknown;
}

/** Points of a figure that can be read; denser series are thinned evenly. */
const MOST_POINTS = 800;
const MOST_FIELDS = 8;
const MOST_GROUPS = 200;
/** Fields that only place a mark. */
const LAYOUT = new Set(["x", "x2", "y", "y2", "nth", "middle", "size", "part", "at"]);
const READ = new Set(["symbol", "line", "rect", "area"]);
const UNITS: Readonly<Record<string, string>> = { Ms: "ms", Us: "µs", S: "s", Bytes: "bytes", Percent: "%" };

/** All values of a drawn figure with their places. `origin`: of the plots in the SVG. */
export function readingsOf(view: DrawnView, origin: readonly [number, number]): Readings {
  const plots: Plot[] = [];
  const found: { plot: number; rows: Row[] }[] = [];
  const visit = (mark: Mark, left: number, top: number, plot: number): void => {
    if (mark.marktype === "group") {
      for (const item of mark.items.slice(0, MOST_GROUPS)) {
        const [x, y] = [left + (item.x ?? 0), top + (item.y ?? 0)];
        const own = isPlot(mark, item)
          ? plots.push({ box: boxOf(x, y, item), domain: domainOf(view, mark) }) - 1
          : plot;
        for (const child of item.items ?? []) visit(child, x, y, own);
      }
    } else if (mark.role === "mark" && READ.has(mark.marktype) && plot >= 0) {
      const rows = mark.items.flatMap((item) => rowOf(item, left, top));
      if (rows.length > 0) found.push({ plot, rows });
    }
  };
  visit((view.scenegraph() as { readonly root: Mark }).root, origin[0], origin[1], -1);
  const distinct = withoutRepeats(found);
  const all = distinct.reduce((sum, { rows }) => sum + rows.length, 0);
  const every = Math.ceil(all / MOST_POINTS);
  const series = distinct.map(({ plot, rows }) => seriesOf(plot, every <= 1 ? rows : thinned(rows, every)));
  return { plots, series, all };
}

/** A group with marks of its own, not one that only holds other plots or the parts of a line. */
function isPlot({ role, name = "" }: Mark, { items = [] }: Item): boolean {
  if ((role !== "frame" && role !== "scope") || name.endsWith("pathgroup")) return false;
  return items.some((child) => child.role === "mark" || child.name?.endsWith("pathgroup") === true);
}

function boxOf(x: number, y: number, { width = 0, height = 0 }: Item): Plot["box"] {
  return [tenth(x), tenth(y), tenth(width), tenth(height)];
}

/** The x axis of a plot: that of its name in a row of plots, else the figure's only one. */
function domainOf(view: DrawnView, { name = "" }: Mark): Plot["domain"] {
  for (const scaleName of [name.replace(/_group$/, "_x"), "x"]) {
    try {
      const scale = view.scale(scaleName) as { readonly type?: string; domain(): readonly unknown[] };
      const [from, to] = scale.domain();
      return scale.type === "linear" && typeof from === "number" && typeof to === "number" ? [from, to] : null;
    } catch {
      // vega throws where there is no scale of this name: the next name is tried.
    }
  }
  return null;
}

interface Row {
  readonly x: number;
  readonly y: number;
  readonly values: ReadonlyMap<string, number | string>;
}

function rowOf({ x = 0, y = 0, width = 0, height = 0, fill, datum }: Item, left: number, top: number): Row[] {
  // Shading tells of no value.
  if (fill === FAINT || typeof datum !== "object" || datum === null) return [];
  const values = new Map<string, number | string>();
  for (const [key, value] of Object.entries(datum)) {
    if (LAYOUT.has(key) || /_(?:start|end)$/.test(key) || values.size === MOST_FIELDS) continue;
    if (typeof value === "number" && Number.isFinite(value)) values.set(words(key), Number(value.toPrecision(5)));
    else if (typeof value === "string") values.set(words(key), value);
    else if (value === true) values.set(words(key), "yes");
  }
  return values.size === 0 ? [] : [{ x: tenth(left + x + width / 2), y: tenth(top + y + height / 2), values }];
}

/** `latencyMs` → `latency, ms`. */
function words(key: string): string {
  const split = key.replace(/([a-z0-9])([A-Z])/g, "$1 $2").split(" ");
  const unit = split.length > 1 ? UNITS[split.at(-1)!] : undefined;
  const text = (unit === undefined ? split : split.slice(0, -1)).join(" ").toLowerCase();
  return unit === undefined ? text : `${text}, ${unit}`;
}

/** A line and the points on it have the same values: they are read once. */
function withoutRepeats(found: readonly { plot: number; rows: Row[] }[]): { plot: number; rows: Row[] }[] {
  const seen = new Set<string>();
  return found
    .map(({ plot, rows }) => ({
      plot,
      rows: rows.filter(({ x, y, values }) => {
        const key = JSON.stringify([plot, x, y, ...values]);
        return !seen.has(key) && seen.add(key);
      }),
    }))
    .filter(({ rows }) => rows.length > 0);
}

function thinned(rows: readonly Row[], every: number): Row[] {
  return rows.filter((_, i) => i % every === 0 || i === rows.length - 1);
}

function seriesOf(plot: number, rows: readonly Row[]): ReadingSeries {
  const keys = [...new Set(rows.flatMap(({ values }) => [...values.keys()]))];
  const first = rows[0]!.values;
  const isSame = (key: string) => rows.length > 1 && rows.every(({ values }) => values.get(key) === first.get(key));
  const fields = keys.filter((key) => !isSame(key));
  return {
    plot,
    same: keys.filter(isSame).map((key) => [key, first.get(key)!] as const),
    fields,
    points: rows.map(({ x, y, values }) => [x, y, ...fields.map((field) => values.get(field) ?? "")]),
  };
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
