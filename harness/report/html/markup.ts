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

/** Words longer than this may break where they like. */
const MOST_UNBROKEN = 28;

/** Text whose lines break between words only: a browser breaks `worker/1<->worker/2` within the arrow. */
export function unbroken(text: string): Markup {
  const words = text.split(" ").map((word) => {
    return word.includes("->") && word.length <= MOST_UNBROKEN
      ? html`<span class="word">${word}</span>`
      : html`${word}`;
  });
  return html`${words.map((word, i) => (i === 0 ? word : html` ${word}`))}`;
}

export interface TableColumn<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Markup | string;
  /** Numbers are set right-aligned with figures of equal width. */
  readonly numeric?: boolean;
  /** Heading over neighbouring columns of the same group. */
  readonly group?: string;
}

/**
 * A table that scrolls sideways in itself where the screen is narrow. `startsGroup`: rows that a thicker line sets off from those
 * above.
 */
export function table<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  caption: string,
  startsGroup: (row: Row, index: number) => boolean = () => false,
): Markup {
  const classes = columns.map((column, i) => {
    const isFirst = column.group !== undefined && column.group !== columns[i - 1]?.group;
    return `${column.numeric === true ? "n" : "t"}${isFirst ? " g" : ""}`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption><span>${caption}</span></caption>
<thead>${groupHeads(columns)}<tr>${columns.map((column, i) => html`<th scope="col" class="${classes[i]!}">${column.title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row, index) => html`
<tr${startsGroup(row, index) ? new Markup(' class="first"') : null}>${columns.map((column, i) => bodyCell(column, classes[i]!, i === 0, row))}</tr>`,
  )}
</tbody></table></div>`;
}

/** The first cell of a line heads it, unless it is a number or empty. */
function bodyCell<Row>({ cell, numeric }: TableColumn<Row>, classes: string, isFirst: boolean, row: Row): Markup {
  const content = cell(row);
  const isHead = isFirst && numeric !== true && content !== "";
  return isHead
    ? html`<th scope="row" class="${classes}">${content}</th>`
    : html`<td class="${classes}">${content}</td>`;
}

/** The upper line of the head: one cell over each group of columns. Null without groups. */
function groupHeads<Row>(columns: readonly TableColumn<Row>[]): Markup | null {
  if (columns.every(({ group }) => group === undefined)) return null;
  const spans: { readonly group: string | undefined; count: number }[] = [];
  for (const { group } of columns) {
    const last = spans.at(-1);
    if (last !== undefined && last.group === group) last.count += 1;
    else spans.push({ group, count: 1 });
  }
  const head = ({ group, count }: (typeof spans)[number]) =>
    group === undefined
      ? html`<td colspan="${count}"></td>`
      : html`<th scope="colgroup" class="over g" colspan="${count}">${group}</th>`;
  return html`<tr>${spans.map(head)}</tr>`;
}
