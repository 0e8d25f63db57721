import { shortRate } from "../format.ts";
import { colourOf, FEW_TO_MANY } from "../palette.ts";
import type { Series } from "./series.ts";

/** By what a line is told from the others of its plot. */
export interface Line {
  readonly group: string;
  readonly rate: number;
  /** What else tells it from lines of its colour. */
  readonly rest: string;
}

const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [12, 4],
  [1, 4],
] as const;

/** The line of a cell. Without a series of its own, that of its query. */
export function lineOf(query: string, offeredPerSecond: number | null, series: Series | undefined): Line {
  return { group: series?.group ?? query, rate: offeredPerSecond ?? 0, rest: series?.rest ?? "" };
}

/** The field by which lines are dashed: the offered rate where there are several, and what else tells lines of one colour apart. */
export function withDashes<L extends Line>(lines: readonly L[]): readonly (L & { readonly dash: string })[] {
  const hasRates = new Set(lines.map(({ rate }) => rate)).size > 1;
  const parts = ({ rate, rest }: L) => [...(hasRates ? [shortRate(rate)] : []), ...(rest === "" ? [] : [rest])];
  return [...lines].sort((a, b) => a.rate - b.rate).map((line) => ({ ...line, dash: parts(line).join(" · ") }));
}

/** Colour by group and dash by `withDashes`, for lines in plots of one query each. Legends only where they tell something. */
export function lineChannels(
  lines: readonly (Line & { readonly dash: string; readonly query: string })[],
  series: Iterable<Series>,
) {
  const groups = [...new Set(lines.map(({ group }) => group))];
  const colours = new Map([...series].map(({ group, colour }) => [group, colour]));
  const dashes = [...new Set(lines.map(({ dash }) => dash))];
  const isQuery = lines.every(({ group, query }) => group === query);
  // More rates than dashes: shades of one scale besides, so that no two lines look alike.
  const isCrowded = isQuery && dashes.length > DASHES.length;
  const shade = (i: number) => FEW_TO_MANY[Math.floor((i * FEW_TO_MANY.length) / dashes.length)]!;
  const ofDashes = { field: "dash", type: "nominal", sort: dashes };
  const longest = Math.max(...dashes.map(({ length }) => length));
  const stroke = { orient: "top", symbolType: "stroke", symbolSize: 400, labelLimit: 300 };
  const legend = {
    title: lines.some(({ rest }) => rest !== "") ? null : "offered",
    titleOrient: "left",
    symbolFillColor: "transparent",
    columns: Math.max(1, Math.min(6, Math.floor(LEGEND_CHARACTERS / longest))),
    ...stroke,
  };
  const range = dashes.map((_, i) => DASHES[i % DASHES.length]!);
  const strokeDash = { ...ofDashes, scale: { domain: dashes, range }, legend: dashes.length === 1 ? null : legend };
  if (isCrowded)
    return {
      color: { ...ofDashes, scale: { domain: dashes, range: dashes.map((_, i) => shade(i)) }, legend },
      strokeDash,
    };
  return {
    color: {
      field: "group",
      type: "nominal",
      scale: { domain: groups, range: groups.map((group) => colours.get(group) ?? colourOf(group)) },
      legend: isQuery ? null : { title: null, symbolStrokeWidth: 3, ...stroke },
    },
    strokeDash,
  };
}

/** Characters that fit beside each other in a legend over the plots. */
const LEGEND_CHARACTERS = 90;

/** The rates offered, as a caption tells them. */
export function offeredText(lines: readonly Line[]): string {
  const rates = [...new Set(lines.map(({ rate }) => rate))].sort((a, b) => a - b);
  const [least, most] = [shortRate(rates[0] ?? null), shortRate(rates.at(-1) ?? null)];
  return least === most ? `${least} offered` : `${least} to ${most} offered`;
}

/** `q0-rate-5000: n = 46,000; …`, of the first few; the data beside the figure have all. */
export function countsText(
  counts: readonly { readonly cell: string; readonly n: number }[],
  text: (n: number) => string,
): string {
  const shown = counts.slice(0, MOST_COUNTS).map(({ cell, n }) => `${cell}: n = ${text(n)}`);
  return `${shown.join("; ")}${counts.length > MOST_COUNTS ? `; ${counts.length - MOST_COUNTS} more in the data` : ""}`;
}

const MOST_COUNTS = 12;
