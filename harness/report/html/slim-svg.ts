import { elementsOf, type SvgElement } from "./svg-tree.ts";

/** Attributes that a page needs not: it names the figure as a whole and sets the font itself. */
const DROPPED = /^(?:aria-.*|role|pointer-events|font-family|stroke-miterlimit|class|xmlns.*|version)$/;
/** What children inherit: where they agree it is written once, at their group. */
const INHERITED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity"].concat([
  "stroke-linecap",
  "font-size",
  "font-weight",
  "text-anchor",
]);
const SHAPES = new Set(["path", "line", "rect", "circle", "text"]);
/** A circle as vega draws its points. */
const CIRCLE = /^M([\d.]+),0A\1,\1,0,1,1,-\1,0A\1,\1,0,1,1,\1,0Z?$/;
const NUMBER = /-?\d+\.\d+(?:e-?\d+)?/g;
const KEPT_CLASSES = ["m", "x"] as const;

/**
 * Takes out of a figure what a page does not need of it, a fifth of the bytes remaining: names for readers of screens (the page has its own
 * text and values), invisible frames, digits below a tenth of a pixel, what neighbours repeat. Plots are numbered by `data-plot` in the order
 * of `readingsOf`; within them class `m` is what is drawn from data, `x` the axis along x.
 */
export function slimSvg(root: SvgElement): void {
  let plots = 0;
  const number = (element: SvgElement): void => {
    const isGroup = plotRole(element);
    for (const child of elementsOf(element)) {
      if (isGroup && child.tag === "g") {
        const inside = elementsOf(child).find(({ tag }) => tag === "g");
        if (inside !== undefined && elementsOf(inside).some(isDrawn)) markPlot(inside, plots++);
      }
      number(child);
    }
  };
  number(root);
  slim(root);
}

const classOf = ({ attributes }: SvgElement) => attributes.get("class") ?? "";

function plotRole(element: SvgElement): boolean {
  const name = classOf(element);
  return /\bmark-group role-(?:frame|scope)\b/.test(name) && !name.endsWith("pathgroup");
}

function isDrawn(element: SvgElement): boolean {
  return /\brole-mark\b|pathgroup$/.test(classOf(element));
}

function markPlot(plot: SvgElement, index: number): void {
  plot.attributes.set("data-plot", String(index));
  for (const child of elementsOf(plot)) {
    if (isDrawn(child)) child.attributes.set("data-kept", "m");
    else if (classOf(child).includes("role-axis") && runsAlongX(child)) child.attributes.set("data-kept", "x");
  }
}

/** Ticks or lines of the grid that differ in x. */
function runsAlongX(axis: SvgElement): boolean {
  const places = new Set<string>();
  const visit = (element: SvgElement): void => {
    if (element.tag === "line" && !/axis-domain/.test(classOf(element))) {
      const x = /translate\((-?[\d.]+),/.exec(element.attributes.get("transform") ?? "")?.[1];
      if (x !== undefined) places.add(x);
    }
    elementsOf(element).forEach(visit);
  };
  visit(axis);
  return places.size > 1;
}

function slim(element: SvgElement): void {
  const kept = element.attributes.get("data-kept");
  for (const [name, value] of [...element.attributes]) {
    if (DROPPED.test(name) && element.tag !== "svg") element.attributes.delete(name);
    else if (name === "opacity" && Number(value) === 1) element.attributes.delete(name);
    else if (["d", "transform", "x", "y", "x2", "y2", "width", "height"].includes(name)) {
      element.attributes.set(name, value.replace(NUMBER, tenth));
    }
  }
  element.attributes.delete("data-kept");
  if (kept !== undefined && KEPT_CLASSES.includes(kept as "m" | "x")) element.attributes.set("class", kept);
  if (element.tag === "defs" || element.tag === "clipPath") return;
  elementsOf(element).forEach(slim);
  element.children = element.children
    .filter((child) => typeof child === "string" || isVisible(child))
    .flatMap(unwrapped);
  elementsOf(element).forEach(dot);
  if (element.tag === "g") hoist(element);
}

function tenth(text: string): string {
  return String(Math.round(Number(text) * 10) / 10);
}

function isVisible({ tag, attributes, children }: SvgElement): boolean {
  if (attributes.get("display") === "none") return false;
  if (tag === "g" || tag === "text") return children.length > 0;
  if (tag !== "path") return true;
  return attributes.get("d") !== "" && (attributes.has("fill") || attributes.has("stroke"));
}

/** A group that says nothing is its children. */
function unwrapped(child: SvgElement | string): (SvgElement | string)[] {
  if (typeof child === "string" || child.tag !== "g") return [child];
  if (child.attributes.get("transform") === "translate(0,0)") child.attributes.delete("transform");
  return child.attributes.size === 0 ? child.children : [child];
}

/** A filled circle as a point of a round pen. */
function dot({ tag, attributes }: SvgElement): void {
  const radius = CIRCLE.exec(attributes.get("d") ?? "")?.[1];
  const place = /^translate\((-?[\d.]+),(-?[\d.]+)\)$/.exec(attributes.get("transform") ?? "");
  const fill = attributes.get("fill");
  if (tag !== "path" || radius === undefined || place === null) return;
  if (fill === undefined || fill === "transparent" || attributes.has("stroke")) return;
  const opacity = attributes.get("opacity");
  attributes.clear();
  attributes.set("d", `M${place[1]},${place[2]}h0`);
  attributes
    .set("fill", "none")
    .set("stroke", fill)
    .set("stroke-width", tenth(String(Number(radius) * 2)));
  attributes.set("stroke-linecap", "round").set("stroke-dasharray", "none");
  if (opacity !== undefined) attributes.set("stroke-opacity", opacity);
}

function hoist(group: SvgElement): void {
  const children = elementsOf(group);
  if (children.length < 2 || children.some(({ tag }) => !SHAPES.has(tag))) return;
  for (const name of INHERITED) {
    const value = children[0]!.attributes.get(name);
    if (value === undefined || group.attributes.has(name)) continue;
    if (children.some(({ attributes }) => attributes.get(name) !== value)) continue;
    group.attributes.set(name, value);
    for (const { attributes } of children) attributes.delete(name);
  }
}
