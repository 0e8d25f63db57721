import { hideStop, isShown, nearest, showStop, spoken } from "./cursor.js";
import { toggleTable } from "./table.js";
import { readValues, written } from "./values.js";
import { zoomOf, zoomTo } from "./zoom.js";

const STEP = 0.25;
/** A drag shorter than this is a click, px. */
const LEAST_DRAG = 8;

const views = new WeakMap();
const live = document.createElement("div");
live.className = "unseen";
live.id = "spoken";
live.setAttribute("aria-live", "polite");
document.body.append(live);

for (const figure of document.querySelectorAll("figure"))
  if (figure.querySelector("script.values") !== null) equip(figure);

/** A link into something folded opens it. */
function unfold() {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  for (let one = target?.closest("details"); one != null; one = one.parentElement?.closest("details")) one.open = true;
}
window.addEventListener("hashchange", unfold);
unfold();

/** Gives a figure its buttons; its values are read when somebody first looks at it. */
function equip(figure) {
  const plot = figure.querySelector(".plot");
  const tools = document.createElement("div");
  tools.className = "tools";
  if (figure.dataset.zoom !== undefined) {
    tools.append(
      button("−", "Zoom out", () => zoomBy(viewOf(figure), 2)),
      button("+", "Zoom in", () => zoomBy(viewOf(figure), 0.5)),
      button("‹", "Earlier", () => pan(viewOf(figure), -STEP)),
      button("›", "Later", () => pan(viewOf(figure), STEP)),
      button("whole", "Show all", () => reset(viewOf(figure))),
    );
  }
  tools.append(button("values", "Values as a table", () => toggleTable(viewOf(figure))));
  figure.querySelector(".head").append(tools);
  plot.setAttribute("role", "application");
  plot.setAttribute("aria-roledescription", "figure");
  const keys = "left and right go along the points, up and down between those at the same place";
  plot.setAttribute(
    "aria-label",
    `${plot.getAttribute("aria-label")}; ${keys}${figure.dataset.zoom === undefined ? "" : "; plus, minus and 0 zoom"}`,
  );
  plot.addEventListener("pointermove", (event) => hover(viewOf(figure), event));
  plot.addEventListener("pointerdown", (event) => press(viewOf(figure), event));
  plot.addEventListener("pointerup", (event) => release(viewOf(figure), event));
  plot.addEventListener("pointerleave", () => leave(viewOf(figure)));
  plot.addEventListener("dblclick", () => reset(viewOf(figure)));
  plot.addEventListener("keydown", (event) => pressKey(viewOf(figure), event));
  plot.addEventListener("blur", () => leave(viewOf(figure)));
}

function button(text, title, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.title = title;
  made.setAttribute("aria-label", title);
  made.addEventListener("click", act);
  return made;
}

function viewOf(figure) {
  const known = views.get(figure);
  if (known !== undefined) return known;
  const [svg, frame] = [figure.querySelector("svg"), figure.querySelector(".frame")];
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  frame.append(tip);
  const values = readValues(figure);
  const view = { figure, svg, frame, tip, values, zoom: zoomOf(svg, values.plots), cursor: null, at: null, drag: null };
  views.set(figure, view);
  return view;
}

function hover(view, event) {
  if (view.drag !== null) return drawDrag(view, event.clientX);
  const found = nearest(view, event.clientX, event.clientY);
  if (found !== null && isShown(view, found.stop)) showStop(view, found.stop, found.place);
  else hideStop(view);
}

function leave(view) {
  hideStop(view);
  endDrag(view);
}

function press(view, event) {
  if (event.pointerType !== "mouse") return hover(view, event);
  if (event.button === 0 && view.zoom !== null) view.drag = { from: event.clientX, box: null };
}

function release(view, event) {
  if (view.drag === null) return;
  const { from } = view.drag;
  endDrag(view);
  if (Math.abs(event.clientX - from) < LEAST_DRAG) return;
  const [a, b] = [valueAt(view, from), valueAt(view, event.clientX)].sort((x, y) => x - y);
  zoom(view, a, b);
}

function drawDrag(view, clientX) {
  hideStop(view);
  const { left } = view.frame.getBoundingClientRect();
  const { drag } = view;
  if (drag.box === null) {
    drag.box = document.createElement("div");
    drag.box.className = "drag";
    view.frame.append(drag.box);
  }
  drag.box.style.left = `${Math.min(drag.from, clientX) - left}px`;
  drag.box.style.width = `${Math.abs(clientX - drag.from)}px`;
}

function endDrag(view) {
  view.drag?.box?.remove();
  view.drag = null;
}

/** The value of the x axis under a place on the screen: of the plot that it is in, or the first. */
function valueAt({ svg, values, zoom: { shown } }, clientX) {
  const { x } = new DOMPoint(clientX, 0).matrixTransform(svg.getScreenCTM().inverse());
  const plot = values.plots.find((one) => x >= one.x && x <= one.x + one.width) ?? values.plots[0];
  return shown[0] + ((x - plot.x) / plot.width) * (shown[1] - shown[0]);
}

function zoom(view, from, to) {
  if (view.zoom === null || !zoomTo(view.zoom, from, to)) return;
  hideStop(view);
  const [a, b] = view.zoom.shown.map((value) => written(Number(value.toPrecision(4))));
  live.textContent = `shown: ${a} to ${b}`;
}

function zoomBy(view, scale) {
  if (view.zoom === null) return;
  const [from, to] = view.zoom.shown;
  const middle = (from + to) / 2;
  zoom(view, middle - ((to - from) * scale) / 2, middle + ((to - from) * scale) / 2);
}

function pan(view, share) {
  if (view.zoom === null) return;
  const [from, to] = view.zoom.shown;
  const [least, most] = view.zoom.whole;
  const by = Math.min(most - to, Math.max(least - from, (to - from) * share));
  zoom(view, from + by, to + by);
}

function reset(view) {
  if (view.zoom !== null) zoom(view, ...view.zoom.whole);
}

function pressKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const acts = {
    ArrowRight: () => (event.shiftKey ? pan(view, STEP) : along(view, 1)),
    ArrowLeft: () => (event.shiftKey ? pan(view, -STEP) : along(view, -1)),
    ArrowDown: () => across(view, 1),
    ArrowUp: () => across(view, -1),
    Home: () => along(view, Number.NEGATIVE_INFINITY),
    End: () => along(view, Number.POSITIVE_INFINITY),
    "+": () => zoomBy(view, 0.5),
    "=": () => zoomBy(view, 0.5),
    "-": () => zoomBy(view, 2),
    0: () => reset(view),
    Escape: () => hideStop(view),
  };
  const act = acts[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}

/** To the next or the last stop that way; the point nearest in height is meant. */
function along(view, by) {
  const stops = view.values.stops.filter((stop) => isShown(view, stop));
  if (stops.length === 0) return;
  const now = view.at === null ? -1 : stops.indexOf(view.at.stop);
  const stop = stops[now < 0 && by < 0 && Number.isFinite(by) ? 0 : Math.max(0, Math.min(stops.length - 1, now + by))];
  const y = view.at === null ? Number.POSITIVE_INFINITY : view.at.stop.points[view.at.place].y;
  const away = stop.points.map((point) => (y === Number.POSITIVE_INFINITY ? -point.y : Math.abs(point.y - y)));
  tell(view, stop, away.indexOf(Math.min(...away)));
}

function across(view, by) {
  if (view.at === null) return along(view, 1);
  const { stop, place } = view.at;
  tell(view, stop, Math.max(0, Math.min(stop.points.length - 1, place + by)));
}

function tell(view, stop, place) {
  showStop(view, stop, place);
  bringIntoSight(view);
  live.textContent = spoken(view.at);
}

/** Where the figure is wider than its box: scrolls it to what is meant. */
function bringIntoSight(view) {
  const plot = view.figure.querySelector(".plot");
  const [box, meant] = [plot.getBoundingClientRect(), view.cursor.getBoundingClientRect()];
  if (meant.left >= box.left && meant.right <= box.right) return;
  plot.scrollLeft += meant.left - box.left - box.width / 2;
  showStop(view, view.at.stop, view.at.place);
}
