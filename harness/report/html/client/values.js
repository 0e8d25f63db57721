/**
 * What can be read off a figure: its points by plot and place along x, from the JSON that stands beside it. A stop is all points of a plot
 * with the same x; stops are ordered by plot, then x; points from top to bottom.
 */
export function readValues(figure) {
  const { plots, series, all } = JSON.parse(figure.querySelector("script.values").textContent);
  const stops = new Map();
  let shown = 0;
  for (const [plot, same, fields, points] of series) {
    for (const [x, y, ...values] of points) {
      const named = fields.map((field, i) => [field, values[i]]).filter(([, value]) => value !== "");
      const key = `${plot} ${x}`;
      const stop = stops.get(key) ?? { plot, x, points: [] };
      stops.set(key, stop);
      stop.points.push({ x, y, pairs: [...named, ...same] });
      shown += 1;
    }
  }
  const ordered = [...stops.values()].sort((a, b) => a.plot - b.plot || a.x - b.x);
  for (const { points } of ordered) points.sort((a, b) => a.y - b.y);
  const boxes = plots.map(([x, y, width, height, from, to]) => ({
    x,
    y,
    width,
    height,
    domain: to === undefined ? null : [from, to],
  }));
  return { plots: boxes, stops: ordered, shown, all };
}

/** `second: 3; latency, ms: 20.2; measure: max`. */
export function sentence(pairs) {
  return pairs.map(([field, value]) => `${field}: ${written(value)}`).join("; ");
}

/** Numbers with a minus sign and thousands; text as it is. */
export function written(value) {
  return typeof value === "number" ? value.toLocaleString("en", { maximumFractionDigits: 6 }).replace("-", "−") : value;
}
