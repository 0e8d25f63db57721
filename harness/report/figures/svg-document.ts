import { html } from "../html/markup.ts";
import type { Figure } from "./figure.ts";

/**
 * A figure as a file of its own: its title and caption for readers of screens, and as metadata the hash of the results it was drawn from
 * (`StoredCampaign.hash`), so that a figure in a paper can be held against the results folder.
 */
export function svgDocument(svg: string, { id, title, caption }: Figure, resultsHash: string): string {
  const metadata = JSON.stringify({ figure: id, results: `sha256:${resultsHash}` });
  const head = html`<title>${title}</title><desc>${caption}</desc><metadata>${metadata}</metadata>`;
  return svg.replace(/<svg [^>]*>/, (tag) => `${tag}${head.text}`);
}
