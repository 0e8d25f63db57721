import { sentence, written } from "./values.js";
import { element, movedX } from "./zoom.js";

const MOST_LINES = 8;

/** Marks the points of a stop and tells their values beside them; `place`: the one that is meant. */
export function showStop(view, stop, place) {
  const { svg, values, tip } = view;
  const plot = values.plots[stop.plot];
  const x = movedX(view.zoom, plot, stop.x);
  view.cursor?.remove();
  view.cursor = element("g", { class: "cursor" });
  view.cursor.append(element("path", { d: `M${x},${plot.y}v${plot.height}` }));
  stop.points.forEach(({ y }, i) => {
    view.cursor.append(element("circle", { cx: x, cy: y, r: i === place ? 5 : 3, class: i === place ? "meant" : "" }));
  });
  svg.append(view.cursor);
  tip.replaceChildren(...lines(stop.points, place));
  tip.hidden = false;
  placeTip(view, x, stop.points[place].y);
  view.at = { stop, place };
}

export function hideStop(view) {
  view.cursor?.remove();
  view.tip.hidden = true;
  view.at = null;
}

/** What somebody who does not see the figure is told. */
export function spoken({ stop, place }) {
  return sentence(stop.points[place].pairs);
}

/** The values of the point that is meant; of its neighbours what differs. */
function lines(points, place) {
  const [meant, ...others] = [points[place], ...points.filter((_, i) => i !== place)];
  const made = meant.pairs.map(([field, value]) => line(field, written(value), "meant"));
  for (const { pairs } of others.slice(0, MOST_LINES)) {
    const differing = pairs.filter(([field, value]) =>
      meant.pairs.every(([name, own]) => name !== field || own !== value),
    );
    if (differing.length > 0) made.push(line("", differing.map(([, value]) => written(value)).join(" · "), "other"));
  }
  if (others.length > MOST_LINES) made.push(line("", `and ${others.length - MOST_LINES} more`, "other"));
  return made;
}

function line(field, value, kind) {
  const made = document.createElement("div");
  made.className = kind;
  const [name, number] = [document.createElement("span"), document.createElement("b")];
  name.textContent = field;
  number.textContent = value;
  made.append(name, number);
  return made;
}

/** Beside the point, on the side where there is room. */
function placeTip({ svg, tip, frame }, x, y) {
  const point = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
  const box = frame.getBoundingClientRect();
  const [left, top] = [point.x - box.left, point.y - box.top];
  const isLeft = left + tip.offsetWidth + 16 > box.width;
  tip.style.left = `${Math.max(0, isLeft ? left - tip.offsetWidth - 12 : left + 12)}px`;
  tip.style.top = `${Math.max(0, Math.min(top - 12, box.height - tip.offsetHeight))}px`;
}

/** The nearest stop to a place on the screen, and the nearest of its points; null outside of all plots. */
export function nearest({ svg, values, zoom }, clientX, clientY) {
  const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());
  const index = values.plots.findIndex((plot) => {
    return x >= plot.x - 6 && x <= plot.x + plot.width + 6 && y >= plot.y - 6 && y <= plot.y + plot.height + 6;
  });
  let found = null;
  let least = Number.POSITIVE_INFINITY;
  for (const stop of values.stops) {
    if (stop.plot !== index) continue;
    const away = Math.abs(movedX(zoom, values.plots[index], stop.x) - x);
    stop.points.forEach((point, place) => {
      const distance = Math.hypot(away * 2, point.y - y);
      if (distance < least) [least, found] = [distance, { stop, place }];
    });
  }
  return found;
}

/** Whether a stop is in the part that is drawn. */
export function isShown({ values, zoom }, stop) {
  const plot = values.plots[stop.plot];
  const x = movedX(zoom, plot, stop.x);
  return x >= plot.x - 1 && x <= plot.x + plot.width + 1;
}
