import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { FigurePlace } from "../../../harness/report/figures/figure.ts";
import { drawFigure } from "../../../harness/report/figures/render.ts";
import { contrast, PAPER, visibleOn } from "../../../harness/report/html/colour.ts";
import { type InlineFigure, inlineFigure, pageFigures } from "../../../harness/report/html/figures.ts";
import { figureColours, inlineSvg } from "../../../harness/report/html/inline-svg.ts";
import { STYLE } from "../../../harness/report/html/style.ts";
import { parseSvg, writeSvg } from "../../../harness/report/html/svg-tree.ts";

const HOSTILE = "</script><b>&";
const VALUES = Array.from({ length: 60 }, (_, second) => ({ second, latencyMs: 1 + (second % 7), run: HOSTILE }));
const x = { field: "second", type: "quantitative", scale: { nice: false } };
const y = { field: "latencyMs", type: "quantitative", scale: { zero: false } };
const FIGURE = {
  id: "made-up",
  title: HOSTILE,
  caption: "A figure.",
  csv: "",
  spec: {
    width: 590,
    height: 100,
    data: { values: VALUES },
    mark: { type: "line", point: { filled: true, size: 14 }, color: "#56b4e9" },
    encoding: { x, y },
    // biome-ignore lint/suspicious/noExplicitAny: a figure of the shape that all have, whose types are those of vega-lite.
  } as any,
};

describe("what can be read off a figure", () => {
  it("is every value once, where it is drawn, in words with units, with what all have in common said once", async () => {
    const { readings } = await drawFigure(FIGURE);
    assert.equal(readings.all, 60, "the line and the points on it are the same values");
    const [series, ...others] = readings.series;
    assert.equal(others.length, 0);
    assert.deepEqual(series!.fields, ["second", "latency, ms"]);
    assert.deepEqual(series!.same, [["run", HOSTILE]]);
    const [plot] = readings.plots;
    assert.deepEqual(plot!.domain, [0, 59]);
    for (const [px, , second] of series!.points) {
      assert.ok(Math.abs(Number(px) - plot!.box[0] - Number(second) * 10) < 0.2, `second ${second} is at ${px}`);
    }
  });

  it("is thinned evenly where there is more than a page should hold, and says of how much", async () => {
    const values = Array.from({ length: 5_000 }, (_, second) => ({ second, latencyMs: 1 + (second % 7) }));
    const { readings } = await drawFigure({ ...FIGURE, spec: { ...FIGURE.spec, data: { values } } });
    assert.equal(readings.all, 5_000);
    const [points] = readings.series.map((one) => one.points);
    assert.ok(points!.length <= 801 && points!.length > 600, `${points!.length}`);
  });

  it("cannot end the element that holds it", async () => {
    const { values } = inlineFigure(FIGURE, { section: "overview" }, await drawFigure(FIGURE));
    assert.doesNotMatch(values, /</);
    assert.equal(JSON.parse(values).series[0][1][0][1], HOSTILE);
  });
});

describe("a figure in the page", () => {
  it("takes a fraction of the bytes and draws the same points", async () => {
    const { svg } = await drawFigure(FIGURE);
    const inline = inlineSvg(svg);
    assert.ok(inline.length < svg.length / 3, `${inline.length} of ${svg.length}`);
    const circles = svg.match(/aria-roledescription="point"/g)!.length;
    assert.equal(inline.match(/d="M-?[\d.]+,-?[\d.]+h0"/g)!.length, circles);
    assert.match(inline, /data-plot="0"/);
    assert.doesNotMatch(inline, /aria-label|font-family|#56b4e9|white/);
  });

  it("has its colours from the page, visible on either paper", async () => {
    const { light, dark } = figureColours([inlineSvg((await drawFigure(FIGURE)).svg)]);
    for (const [rules, paper] of [
      [light, PAPER.light],
      [dark, PAPER.dark],
    ] as const) {
      const [, colour] = /--stroke-56b4e9:(#[0-9a-f]{6});/.exec(rules)!;
      assert.ok(contrast(colour!, paper) >= 3, `${colour} on ${paper}`);
    }
    assert.notEqual(light, dark);
  });

  it("comes through the tree of the SVG unchanged where nothing is taken out", async () => {
    const { svg } = await drawFigure(FIGURE);
    const written = writeSvg(parseSvg(svg));
    assert.equal(writeSvg(parseSvg(written)), written);
    const elements = (text: string) => text.match(/<[a-z]/g)!.length;
    assert.equal(elements(written), elements(svg));
  });
});

describe("the room of a page", () => {
  const figure = (title: string, place: FigurePlace, size: number): InlineFigure => {
    const svg = "x".repeat(size);
    return { title, caption: "", svg, values: "", canZoom: false, file: `figures/${title}`, place };
  };
  const run = (name: string) => figure(name, { section: "run", run: name }, 900_000);

  it("goes to figures of the campaign, then of doubtful runs, of faults, of others; the rest are links, and it is said", () => {
    const all = [run("r1"), run("r2"), run("bad"), figure("whole", { section: "overview" }, 900_000)];
    const fault = figure("fault", { section: "fault", cell: "c", fault: 0 }, 900_000);
    const page = pageFigures([...all, fault], new Set(["bad"]));
    assert.deepEqual(new Set(page.drawn.map(({ title }) => title)), new Set(["bad", "whole", "fault"]));
    const [link] = page.of((place) => place.section === "run" && place.run === "r1");
    assert.match(link!.text, /<a href="figures\/r1\.svg">/);
    assert.doesNotMatch(link!.text, /<figure/);
    assert.match(page.leftOut!, /^2 of 5 figures are links/);
    assert.equal(pageFigures(all.slice(0, 2), new Set()).leftOut, null);
  });
});

describe("the colours of the page", () => {
  const faces = STYLE.split("@media screen and (prefers-color-scheme: dark)").slice(0, 2);
  const colour = (face: string, name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(face)![1]!;

  it("leave every text readable on everything that it stands on (4.5), and every edge visible (3)", () => {
    for (const face of faces) {
      const grounds = [colour(face, "paper"), colour(face, "panel")];
      for (const ink of ["ink", "soft", "focus"]) {
        for (const ground of grounds) assert.ok(contrast(colour(face, ink), ground) >= 4.5, `${ink} on ${ground}`);
      }
      for (const tone of ["good", "warn", "bad"]) {
        for (const ground of [colour(face, `${tone}-bg`), ...grounds]) {
          assert.ok(contrast(colour(face, tone), ground) >= 4.5, `${tone} on ${ground}`);
        }
      }
      for (const ground of grounds) assert.ok(contrast(colour(face, "edge"), ground) >= 3, `edge on ${ground}`);
    }
    assert.deepEqual(
      faces.map((face) => colour(face, "paper")),
      [PAPER.light, PAPER.dark],
    );
  });

  it("of things are moved only as far as it takes to see them", () => {
    const hex = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`);
    fc.assert(
      fc.property(hex, fc.constantFrom(PAPER.light, PAPER.dark), (any, paper) => {
        const seen = visibleOn(any, paper);
        assert.ok(contrast(seen, paper) >= 3);
        if (contrast(any, paper) >= 3.2) assert.equal(seen, any);
      }),
    );
    assert.ok(Math.abs(contrast("#000000", "#ffffff") - 21) < 1e-9);
  });
});
