/** Text that is HTML already; everything else put into `html` is escaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A template of HTML: values are escaped, `Markup` and lists of it are taken as they are, null is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0]!;
  for (let i = 0; i < parts.length; i++) text += render(parts[i]!) + strings[i + 1]!;
  return new Markup(text);
}

/** Ready-made HTML, such as SVG. */
export function raw(text: string): Markup {
  return new Markup(text);
}

function render(part: Part): string {
  if (part === null) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return String(part).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

export interface TableColumn<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Markup | string;
  /** Numbers are set right-aligned with figures of equal width. */
  readonly numeric?: boolean;
  /** Room for text that should not be broken into slivers. */
  readonly width?: "wide";
}

/** A table that scrolls sideways in itself where the screen is narrow. */
export function table<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[], caption: string): Markup {
  const align = ({ numeric, width }: TableColumn<Row>) => (numeric === true ? "n" : (width ?? "t"));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col" class="${align(column)}">${column.title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`
<tr>${columns.map((column) => html`<td class="${align(column)}">${column.cell(row)}</td>`)}</tr>`,
  )}
</tbody></table></div>`;
}
