import { join } from "node:path";
import type { StoredCampaign } from "../analyze/stored-campaign.ts";
import { makeDirectory, writeAtomically } from "../sweep/files.ts";
import type { PlacedFigure } from "./figures/figure.ts";
import { type FigureFormat, inFormat } from "./figures/formats.ts";
import { renderSvg } from "./figures/render.ts";
import { svgDocument } from "./figures/svg-document.ts";

/** Names of the files of a figure. */
export interface PlottedFigure {
  readonly id: string;
  readonly file: string;
  readonly data: string;
}

/** Writes each figure, and its data beside it, to the folder. Throws `disk-full` and `output-unwritable`. */
export async function plotCampaign(
  { manifest, hash }: Pick<StoredCampaign, "manifest" | "hash">,
  figures: readonly PlacedFigure[],
  format: FigureFormat,
  folder: string,
): Promise<readonly PlottedFigure[]> {
  if (figures.length > 0) await makeDirectory(folder);
  const createdMs = Date.parse(manifest.createdAt ?? "");
  const createdAt = new Date(Number.isNaN(createdMs) ? 0 : createdMs);
  const plotted: PlottedFigure[] = [];
  for (const { figure } of figures) {
    const { id, title, caption, csv } = figure;
    const svg = svgDocument(await renderSvg(figure), figure, hash);
    const content = await inFormat(svg, format, { title, caption, resultsHash: hash, createdAt });
    const [file, data] = [`${id}.${format}`, `${id}.csv`];
    await writeAtomically(join(folder, file), content);
    await writeAtomically(join(folder, data), csv);
    plotted.push({ id, file, data });
  }
  return plotted;
}
