import { assert } from "../../../base/assert.ts";

/** An element of an SVG file, or a piece of its text. */
export interface SvgElement {
  readonly tag: string;
  readonly attributes: Map<string, string>;
  children: (SvgElement | string)[];
}

const TOKEN = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/g;

/** The tree of an SVG document as vega writes it: no comments, no CDATA, attributes in double quotes. Entities stay as they are. */
export function parseSvg(text: string): SvgElement {
  const top: SvgElement = { tag: "", attributes: new Map(), children: [] };
  const open = [top];
  for (const [, isEnd, tag, attributes, isEmpty, content] of text.matchAll(TOKEN)) {
    const parent = open.at(-1)!;
    if (tag === undefined) parent.children.push(content!);
    else if (isEnd === "/") open.pop();
    else {
      const names = [...attributes!.matchAll(ATTRIBUTE)].map(([, name, value]) => [name!, value!] as const);
      const element: SvgElement = { tag, attributes: new Map(names), children: [] };
      parent.children.push(element);
      if (isEmpty === "") open.push(element);
    }
    assert(open.length > 0, "an SVG element ends that did not begin");
  }
  const root = top.children.find((child) => typeof child !== "string");
  assert(open.length === 1 && root !== undefined, "an SVG element did not end");
  return root;
}

/** The text of a tree. */
export function writeSvg({ tag, attributes, children }: SvgElement): string {
  const names = [...attributes].map(([name, value]) => ` ${name}="${value}"`).join("");
  if (children.length === 0) return `<${tag}${names}/>`;
  const inside = children.map((child) => (typeof child === "string" ? child : writeSvg(child))).join("");
  return `<${tag}${names}>${inside}</${tag}>`;
}

/** Children that are elements. */
export function elementsOf({ children }: SvgElement): SvgElement[] {
  return children.filter((child) => typeof child !== "string");
}
