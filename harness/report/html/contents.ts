import { html, type Markup, raw } from "./markup.ts";

/** Headings of sections as the page writes them, with what they are called. */
const HEADING = /<h2 id="([\w-]+)">([^<]*)<\/h2>/g;

/** Links to all sections of a page, whatever they are; null where there are too few to need any. */
export function contents(body: Markup): Markup | null {
  const sections = [...body.text.matchAll(HEADING)];
  if (sections.length < 2) return null;
  return html`<nav class="contents" aria-label="Contents"><ul>${sections.map(([, id, title]) => html`<li><a href="#${id!}">${raw(title!)}</a></li>`)}</ul></nav>`;
}
