import { FaultlineError } from "../../../base/errors.ts";
import { nearest } from "../../config/nearest.ts";
import type { Campaign, PlacedFigure } from "./figure.ts";
import { FIGURES, type FigureKind } from "./table.ts";

/** A figure that there are no data for. */
export interface MissingFigure {
  readonly name: string;
  readonly why: string;
}

export interface ChosenFigures {
  readonly figures: readonly PlacedFigure[];
  readonly missing: readonly MissingFigure[];
}

/**
 * The figures of a campaign by the names of their kinds or by their own ids; all, where nothing is named. Throws `usage` for a name that
 * is neither, with the list of those there are.
 */
export function chosenFigures(campaign: Campaign, names: readonly string[]): ChosenFigures {
  if (names.length === 0) return drawn(campaign, FIGURES, () => true);
  const all = names.map((name) => {
    const kind = FIGURES.find((one) => one.name === name);
    if (kind !== undefined) return drawn(campaign, [kind], () => true);
    const kinds = FIGURES.filter((one) => name.startsWith(`${one.name}-`));
    const single = drawn(campaign, kinds, ({ figure }) => figure.id === name);
    if (single.figures.length === 0) throw unknown(campaign, name, kinds);
    return { ...single, missing: [] };
  });
  const figures = new Map(all.flatMap((one) => one.figures).map((one) => [one.figure.id, one]));
  const missing = new Map(all.flatMap((one) => one.missing).map((one) => [one.name, one]));
  return { figures: [...figures.values()], missing: [...missing.values()] };
}

/** Kinds that are told from results alone, so that nobody need read the raw data. */
export function areOfResults(names: readonly string[]): boolean {
  const kinds = names.map((name) => FIGURES.find((one) => one.name === name));
  return kinds.length > 0 && kinds.every((kind) => kind !== undefined && !kind.needsRaw);
}

function drawn(
  campaign: Campaign,
  kinds: readonly FigureKind[],
  isWanted: (figure: PlacedFigure) => boolean,
): ChosenFigures {
  const byKind = kinds.map((kind) => ({ kind, figures: kind.draw(campaign) }));
  const none = byKind.filter(({ figures }) => figures.length === 0);
  return {
    figures: byKind.flatMap(({ figures }) => figures).filter(isWanted),
    missing: none.map(({ kind }) => ({ name: kind.name, why: whyNone(kind, campaign) })),
  };
}

function whyNone({ needs, needsRaw }: FigureKind, { analyses }: Campaign): string {
  if (needsRaw && analyses.length === 0) return "it is drawn from raw/, and this folder has no raw data";
  return `it needs ${needs}`;
}

function unknown(campaign: Campaign, name: string, kinds: readonly FigureKind[]): FaultlineError {
  const kind = kinds.at(-1);
  const ids = kind === undefined ? [] : kind.draw(campaign).map(({ figure }) => figure.id);
  const names = FIGURES.map((one) => one.name);
  const meant = nearest(name, [...names, ...ids]);
  const list = FIGURES.map(({ name: own, shows }) => `  ${own.padEnd(26)} ${shows}`).join("\n");
  const ofKind = ids.length === 0 ? "" : `\n${kind!.name} of this folder:\n${ids.map((id) => `  ${id}`).join("\n")}`;
  return new FaultlineError("usage", `there is no figure "${name}". The figures are:\n${list}${ofKind}`, {
    ...(meant === null ? {} : { hint: `Did you mean "${meant}"?` }),
    context: { figures: names },
  });
}
