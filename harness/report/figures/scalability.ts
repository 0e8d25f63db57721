import type { TopLevelSpec } from "vega-lite";
import { type ScalePoint, scalePoints, unlikeFolders } from "../../analyze/capacity/scalability.ts";
import { median } from "../../analyze/statistics/median.ts";
import { csv, rounded } from "../csv.ts";
import { integer } from "../format.ts";
import { coloursOf, INK } from "../palette.ts";
import type { Campaign, Figure } from "./figure.ts";
import { axisTitleBelow, PERCENT, plotWidth, SHORT_NUMBER } from "./render.ts";
import { labelOf } from "./series.ts";

interface Row {
  readonly series: string;
  readonly parallelism: number;
  readonly workers: number;
  readonly repetition: number;
  readonly capacity: number | null;
  readonly isAtLeast: boolean;
}

/** The repetitions of one parallelism together. */
interface Level {
  readonly series: string;
  readonly parallelism: number;
  readonly capacity: number;
  readonly least: number;
  readonly most: number;
  /** Of some repetition it is only known that it is at least so much. */
  readonly isAtLeast: boolean;
  /** What the least parallelism would give, scaled; null where its capacity is not known. */
  readonly ideal: number | null;
  readonly efficiency: number | null;
}

/**
 * Figure 7 of `measurement.md`: capacity over parallelism, every repetition, with the line of ideal scaling from the least parallelism on, and the
 * efficiency beside it. Of folders of `bench capacity`, one a parallelism, or of a sweep over parallelism and rate. Null with a single parallelism.
 */
export function scalabilityFigure(campaigns: readonly Campaign[]): Figure | null {
  const rows = rowsOf(campaigns.flatMap(scalePoints));
  const levels = levelsOf(rows);
  if (levels.length === 0) return null;
  const shown = rows.filter(({ series }) => levels.some((level) => level.series === series));
  const sizes = [...Map.groupBy(shown, ({ parallelism }) => parallelism)].sort(([a], [b]) => a - b);
  const workersOf = (own: readonly Row[]) => [...new Set(own.map(({ workers }) => workers))].sort((a, b) => a - b);
  const atLeast = shown.filter(({ isAtLeast, capacity }) => isAtLeast && capacity !== null).length;
  const none = shown.filter(({ capacity }) => capacity === null).length;
  const names = new Set(shown.map(({ series }) => series));
  const ofSeries = names.size === 1 ? ` of ${[...names].join()}` : "";
  const slos = new Set(campaigns.flatMap(({ capacity }) => (capacity === null ? [] : [capacity.slo.join(", ")])));
  const level = slos.size === 1 ? ` with ${[...slos].join()}` : "";
  const steps = new Set(campaigns.flatMap(({ capacity }) => capacity?.settings.precision ?? []));
  const grain = steps.size === 1 ? ` Rates that were tried are ${rounded(100 * [...steps][0]!)} % apart.` : "";
  const unlike = unlikeFolders(campaigns);
  const hasIdeal = levels.some(({ ideal }) => ideal !== null);
  const cores = campaigns[0]?.manifest.provenance?.cores;
  return {
    id: "scalability",
    title: "Scalability",
    caption: `Greatest offered rate${ofSeries} sustained${level}, by instances of every operator.${grain} Points: single repetitions, n = ${integer(shown.length)}; lines: their medians; bars: from the least to the greatest repetition.${hasIdeal ? " Dashed: ideal scaling from the median at the least parallelism; efficiency: median over ideal." : " No line of ideal scaling: the capacity at the least parallelism is not known."}${atLeast > 0 ? ` Triangles: at least so much, nothing above was tried or the instrument gave in first, ${integer(atLeast)} of them.` : ""}${none > 0 ? ` ${integer(none)} sustained no rate that was tried, and are in the data only.` : ""} Worker processes: ${sizes.map(([parallelism, own]) => `${workersOf(own).join(" or ")} at ${parallelism}`).join(", ")}${cores === undefined ? "" : `, on ${cores} cores`}.${unlike.length === 0 ? "" : ` NOT ALIKE: the folders also differ in ${unlike.join(", ")}.`}`,
    spec: specOf(shown, levels),
    csv: csv<Row>(
      [
        { name: "series", value: (row) => row.series },
        { name: "parallelism", value: (row) => row.parallelism },
        { name: "workers", value: (row) => row.workers },
        { name: "repetition", value: (row) => row.repetition },
        { name: "capacity_events_per_second", value: (row) => rounded(row.capacity) },
        { name: "at_least", value: (row) => Number(row.isAtLeast) },
      ],
      shown,
    ),
  };
}

function rowsOf(points: readonly ScalePoint[]): readonly Row[] {
  const systems = new Set(points.map(({ system }) => system)).size > 1;
  const differs = (path: string) => new Set(points.map(({ others }) => JSON.stringify(others[path]))).size > 1;
  const plain = ({ query, system, others }: ScalePoint) => {
    const settings = Object.entries(others).filter(([path]) => differs(path));
    return [query, ...(systems ? [system] : []), ...settings.map(([path, value]) => labelOf(path, value))].join(" · ");
  };
  // The same instances in more or fewer processes are no repetitions of each other.
  const sizes = Map.groupBy(points, (point) => JSON.stringify([plain(point), point.parallelism]));
  const mixed = new Set(
    [...sizes.values()]
      .filter((own) => new Set(own.map(({ workers }) => workers)).size > 1)
      .map((own) => plain(own[0]!)),
  );
  const name = (point: ScalePoint) => {
    const own = plain(point);
    return mixed.has(own) ? `${own} · ${point.workers} ${point.workers === 1 ? "worker" : "workers"}` : own;
  };
  return points
    .map(
      (point): Row => ({
        series: name(point),
        parallelism: point.parallelism,
        workers: point.workers,
        repetition: point.repetition,
        capacity: point.capacityPerSecond,
        isAtLeast: point.isAtLeast,
      }),
    )
    .sort((a, b) => (a.series < b.series ? -1 : a.series > b.series ? 1 : a.parallelism - b.parallelism));
}

/** Of the series that have two parallelisms or more. */
function levelsOf(rows: readonly Row[]): readonly Level[] {
  return [...Map.groupBy(rows, ({ series }) => series)].flatMap(([series, own]) => {
    const known = own.flatMap(({ parallelism, capacity, isAtLeast }) =>
      capacity === null ? [] : [{ parallelism, capacity, isAtLeast }],
    );
    const groups = [...Map.groupBy(known, ({ parallelism }) => parallelism)].sort(([a], [b]) => a - b);
    if (groups.length < 2) return [];
    const [least, first] = groups[0]!;
    const isKnown = first.every(({ isAtLeast }) => !isAtLeast);
    const base = median(first.map(({ capacity }) => capacity))! / least;
    return groups.map(([parallelism, values]): Level => {
      const capacities = values.map(({ capacity }) => capacity);
      const capacity = median(capacities)!;
      const ideal = isKnown ? base * parallelism : null;
      return {
        ...{ series, parallelism, capacity, ideal },
        least: Math.min(...capacities),
        most: Math.max(...capacities),
        isAtLeast: values.some(({ isAtLeast }) => isAtLeast),
        efficiency: ideal === null ? null : capacity / ideal,
      };
    });
  });
}

function specOf(rows: readonly Row[], levels: readonly Level[]): TopLevelSpec {
  const names = [...new Set(levels.map(({ series }) => series))];
  const colours = coloursOf(names);
  const color = {
    field: "series",
    type: "nominal",
    scale: { domain: names, range: names.map((name) => colours.get(name)!) },
    legend: names.length > 1 ? { title: null, orient: "top" } : null,
  };
  const x = {
    field: "parallelism",
    type: "quantitative",
    scale: { nice: false, zero: false, padding: 40 },
    axis: { title: null, format: "d", values: [...new Set(levels.map(({ parallelism }) => parallelism))] },
  };
  // No label at the upper end, which would push the titles of the plots to different heights.
  const y = (field: string, most: number, labelExpr: string) => ({
    field,
    type: "quantitative",
    scale: { domain: [0, most * 1.07], nice: false },
    axis: { title: null, tickCount: 5, labelExpr },
  });
  const heading = (text: string) => ({ text, anchor: "start", fontSize: 12, fontWeight: 500, color: INK });
  const ideal = levels.filter((level) => level.ideal !== null);
  const greatest = Math.max(...rows.map(({ capacity }) => capacity ?? 0), ...ideal.map((level) => level.ideal!));
  const rate = (field: string) => y(field, greatest, SHORT_NUMBER);
  const share = (field: string) => y(field, Math.max(1, ...ideal.map(({ efficiency }) => efficiency!)), PERCENT);
  const dashed = { type: "line", strokeWidth: 1.3, strokeDash: [5, 4] };
  const points = rows.filter((row) => row.capacity !== null);
  const shape = {
    field: "end",
    type: "nominal",
    scale: { domain: ["measured", "atLeast"], range: ["circle", "triangle-up"] },
    legend: null,
  };
  const size = { width: plotWidth(2), height: 260 };
  const capacity = {
    ...size,
    title: heading("capacity (events/s)"),
    layer: [
      { data: { values: ideal }, mark: dashed, encoding: { x, y: rate("ideal"), color } },
      { mark: { type: "rule", strokeWidth: 1.4 }, encoding: { x, y: rate("least"), y2: { field: "most" }, color } },
      { mark: { type: "line", strokeWidth: 2 }, encoding: { x, y: rate("capacity"), color } },
      { data: { values: points.map(withEnd) }, mark: POINT, encoding: { x, y: rate("capacity"), color, shape } },
    ],
  };
  const efficiency = {
    ...size,
    title: heading("efficiency: capacity over ideal"),
    data: { values: ideal.map(withEnd) },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: "rule", strokeDash: [5, 4], color: INK, opacity: 0.6 },
        encoding: { y: share("one") },
      },
      { mark: { type: "line", strokeWidth: 2 }, encoding: { x, y: share("efficiency"), color } },
      { mark: POINT, encoding: { x, y: share("efficiency"), color, shape } },
    ],
  };
  return {
    title: axisTitleBelow("parallelism (instances of every operator)"),
    spacing: 40,
    data: { values: levels },
    hconcat: ideal.length === 0 ? [capacity] : [capacity, efficiency],
  } as unknown as TopLevelSpec;
}

const POINT = { type: "point", filled: true, size: 48, opacity: 0.8 };

function withEnd<R extends { readonly isAtLeast: boolean }>(row: R): R & { readonly end: string } {
  return { ...row, end: row.isAtLeast ? "atLeast" : "measured" };
}
