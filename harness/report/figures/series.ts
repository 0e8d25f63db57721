import type { RunResult } from "../../sweep/model.ts";
import { axisText } from "../format.ts";
import { coloursOf } from "../palette.ts";

/** How the lines, points and bars of a cell are told from those of other cells of the same query. */
export interface Series {
  /** What gives it its colour: the system, else the way of recovery, else whatever differs, else the query. */
  readonly group: string;
  readonly colour: string;
  /** What tells it from others of its colour, rates apart; "" where nothing does. */
  readonly rest: string;
  /** Both, for a label. */
  readonly name: string;
}

/** What a series is told from; a cell's summary and a run's result both have it. */
type Told = Pick<RunResult, "query" | "system" | "recovery" | "replication"> & {
  readonly run: Pick<RunResult["run"], "cell">;
};

/** Axes that are no part of a name: the query stands over the plot, the rate is an axis or a dash. */
const OWN = /^(query|load\.rate)$/;
export const FACTOR = "replication.factor";
const OF_MODE = /^(recovery|replication\.merge|replication\.unordered)$/;

/** The way of recovery, by the name under which it has a colour: `none`, `scratch`, `passive`, or the merge of its replicas. */
export function modeOf({ recovery = "none", replication }: Pick<RunResult, "recovery" | "replication">): string {
  if (recovery !== "active") return recovery;
  const merge = replication?.merge ?? "active";
  return merge === "none" ? "unordered" : merge;
}

/** The series of every cell of a campaign, by the cell's id. */
export function seriesOf(results: readonly Told[]): ReadonlyMap<string, Series> {
  const cells = [...new Map(results.map((result) => [result.run.cell.id, result])).values()];
  const differs = (of: (told: Told) => string) => new Set(cells.map(of)).size > 1;
  const bySystem = differs(({ system }) => system);
  const byMode = !bySystem && differs(modeOf);
  const covered = (path: string) => OWN.test(path) || (bySystem && path === "system") || (byMode && OF_MODE.test(path));
  const varied = [...new Set(cells.flatMap(({ run }) => Object.keys(run.cell.axes)))].filter(
    (path) => !covered(path) && differs(({ run }) => JSON.stringify(run.cell.axes[path])),
  );
  const named = cells.map((told) => {
    const { axes } = told.run.cell;
    const rest = varied
      .filter((path) => path in axes)
      .map((path) => labelOf(path, axes[path]))
      .join(" · ");
    const group = bySystem ? told.system : byMode ? modeOf(told) : rest === "" ? told.query : rest;
    return { id: told.run.cell.id, group, rest: bySystem || byMode ? rest : "" };
  });
  // A variant's name says of itself how it recovers.
  const groupsOfRest = Map.groupBy(named, ({ rest }) => rest);
  const restTellsAll = [...groupsOfRest].every(
    ([rest, own]) => rest !== "" && new Set(own.map(({ group }) => group)).size === 1,
  );
  const isPlain =
    new Set(named.map(({ group, rest }) => `${group}\n${rest}`)).size === new Set(named.map(({ group }) => group)).size;
  const colours = coloursOf(named.map(({ group }) => group));
  return new Map(
    named.map(({ id, group, rest }): [string, Series] => {
      const label = isPlain && byMode && rest !== "" ? rest : group;
      const more = isPlain ? "" : rest;
      const name = more === "" ? label : restTellsAll ? rest : `${label} · ${more}`;
      return [id, { group: label, colour: colours.get(group)!, rest: more, name }];
    }),
  );
}

/** `5s`, or, where a bare number would not tell what it is, `parallelism 4`. */
export function labelOf(path: string, value: unknown): string {
  const text = axisText(value);
  if (path === FACTOR) return `${text} ${text === "1" ? "replica" : "replicas"}`;
  return /^[\d.]+$/.test(text) || typeof value === "boolean" ? `${path.split(".").at(-1)} ${text}` : text;
}
