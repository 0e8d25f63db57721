const TICKS = 8;
const MOST_ZOOM = 500;
let clips = 0;

/** The part of a figure's x axis that is drawn; null where it cannot be stretched. */
export function zoomOf(svg, plots) {
  const whole = plots[0]?.domain ?? null;
  if (whole === null) return null;
  const [from, to] = whole;
  const equal = ({ domain }) => domain !== null && domain[0] === from && domain[1] === to;
  const stretched = plots.map((plot, index) => ({ plot, group: svg.querySelector(`[data-plot="${index}"]`) }));
  const own = stretched.filter(({ plot, group }) => equal(plot) && group !== null);
  return own.length === 0 ? null : { whole, shown: [...whole], own, originals: new Map() };
}

/** Draws the part from `from` to `to`, or as much of it as there is. Returns false where nothing changed. */
export function zoomTo(zoom, from, to) {
  const [least, most] = zoom.whole;
  const length = Math.min(most - least, Math.max((most - least) / MOST_ZOOM, to - from));
  const start = Math.min(most - length, Math.max(least, (from + to - length) / 2));
  if (start === zoom.shown[0] && start + length === zoom.shown[1]) return false;
  zoom.shown = [start, start + length];
  for (const one of zoom.own) stretch(zoom, one);
  return true;
}

/** Where a place along x of the figure as it was drawn is now, in units of the SVG. */
export function movedX(zoom, plot, x) {
  return zoom === null ? x : plot.x + moved(zoom, plot, x - plot.x);
}

function factor({ whole: [least, most], shown: [from, to] }) {
  return (most - least) / (to - from);
}

function moved(zoom, plot, x) {
  const start = ((zoom.shown[0] - zoom.whole[0]) / (zoom.whole[1] - zoom.whole[0])) * plot.width;
  return (x - start) * factor(zoom);
}

function stretch(zoom, { plot, group }) {
  const isWhole = zoom.shown[0] === zoom.whole[0] && zoom.shown[1] === zoom.whole[1];
  const clip = clipOf(zoom, plot, group);
  for (const drawn of group.querySelectorAll(":scope > .m")) {
    if (isWhole) drawn.removeAttribute("clip-path");
    else drawn.setAttribute("clip-path", `url(#${clip})`);
    for (const element of drawn.querySelectorAll("path, line, text, rect")) shift(zoom, plot, element);
  }
  for (const element of group.querySelectorAll(":scope > .x line, :scope > .x text")) {
    const isDomain = element.tagName === "line" && Math.abs(Number(element.getAttribute("x2"))) > 1;
    const isTitle = element.tagName === "text" && !/^[−\d.,k]+$/.test(element.textContent);
    if (!isDomain && !isTitle) element.style.display = isWhole ? "" : "none";
  }
  group.querySelector(":scope > .ticks")?.remove();
  if (!isWhole) group.prepend(ticksOf(zoom, plot));
}

function clipOf(zoom, plot, group) {
  if (zoom.originals.has(group)) return zoom.originals.get(group);
  const id = `clip-${++clips}`;
  const clip = element("clipPath", { id });
  clip.append(element("rect", { x: 0, y: -8, width: plot.width, height: plot.height + 16 }));
  group.append(clip);
  zoom.originals.set(group, id);
  return id;
}

/** Moves one mark: shapes of a fixed size by their place, lines and areas corner by corner. */
function shift(zoom, plot, mark) {
  const was = zoom.originals.get(mark) ?? {
    transform: mark.getAttribute("transform"),
    d: mark.getAttribute("d"),
    x2: mark.getAttribute("x2"),
  };
  zoom.originals.set(mark, was);
  const place = /translate\((-?[\d.]+)(.*)\)/.exec(was.transform ?? "");
  if (place !== null) mark.setAttribute("transform", `translate(${moved(zoom, plot, Number(place[1]))}${place[2]})`);
  else if (was.d !== null) mark.setAttribute("d", shiftedPath(zoom, plot, was.d));
  if (mark.tagName === "line" && was.x2 !== null) mark.setAttribute("x2", Number(was.x2) * factor(zoom));
}

function shiftedPath(zoom, plot, d) {
  return d.replace(/([MLHVhvCZ])([^A-Za-z]*)/g, (_, command, text) => {
    const numbers = text.match(/-?[\d.]+/g)?.map(Number) ?? [];
    if (command === "h") return `h${numbers[0] * factor(zoom)}`;
    if (command === "H") return `H${moved(zoom, plot, numbers[0])}`;
    if (command === "V" || command === "v" || command === "Z") return `${command}${text}`;
    return command + numbers.map((value, i) => (i % 2 === 0 ? moved(zoom, plot, value) : value)).join(",");
  });
}

function ticksOf(zoom, plot) {
  const [from, to] = zoom.shown;
  const step = niceStep((to - from) / TICKS);
  const ticks = element("g", { class: "ticks", "font-size": 11, fill: "currentColor", "text-anchor": "middle" });
  for (let i = Math.ceil(from / step); i * step <= to; i++) {
    const x = ((i * step - from) / (to - from)) * plot.width;
    ticks.append(element("path", { d: `M${x},0v${plot.height + 5}`, stroke: "var(--faint)", "stroke-opacity": 0.7 }));
    const label = element("text", { x, y: plot.height + 16 });
    label.textContent = String(Number((i * step).toPrecision(6))).replace("-", "−");
    ticks.append(label);
  }
  return ticks;
}

/** The next 1, 2 or 5 times a power of ten. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

export function element(tag, attributes) {
  const made = document.createElementNS(document.querySelector("svg").namespaceURI, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
