import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cellCurves } from "../../../harness/analyze/cell-curve.ts";
import { spread } from "../../../harness/analyze/cell-summary.ts";
import { latencyCurve } from "../../../harness/analyze/latency-curve.ts";
import { LatencyHistogram } from "../../../harness/measure/latency-histogram.ts";
import { csv } from "../../../harness/report/csv.ts";
import { logAxis } from "../../../harness/report/figures/log-axis.ts";
import { percentileFigure } from "../../../harness/report/figures/percentiles.ts";
import { renderSvg } from "../../../harness/report/figures/render.ts";
import { integer, percentileText, rate, shortRate, significant } from "../../../harness/report/format.ts";
import { inlineSvg } from "../../../harness/report/html/inline-svg.ts";
import { html } from "../../../harness/report/html/markup.ts";
import { colourOf } from "../../../harness/report/palette.ts";

function curveOf(count: number) {
  const histogram = new LatencyHistogram();
  for (let i = 1; i <= count; i++) histogram.record(i * 10);
  const curve = latencyCurve(histogram);
  histogram.destroy();
  return curve;
}

describe("percentile plot", () => {
  it("ends where 10 samples are left above", () => {
    const last = curveOf(10_000).points.at(-1)!;
    assert.ok(last.inverse <= 1_000.001 && last.inverse > 800, `${last.inverse}`);
    assert.deepEqual(curveOf(9).points, []);
  });

  it("is the same file every time it is drawn, and fit for a page", async () => {
    const cell = { id: "q0-a", axes: {} };
    const curve = { cell, query: "q0", offeredPerSecond: 1_000, curve: curveOf(1_000), distribution: [] };
    const figure = percentileFigure([curve], new Map())!;
    const [first, second] = [await renderSvg(figure), await renderSvg(figure)];
    assert.equal(first, second);
    assert.match(figure.csv, /^format_version,cell,query,offered_events_per_second,percentile,/);
    const inline = inlineSvg(first);
    assert.match(inline, /^<svg [^>]*aria-hidden="true"/);
    assert.match(inline, /currentColor/);
    assert.doesNotMatch(inline, /"white"/);
    for (const [tag] of inline.matchAll(/<[a-z][^>]*>/g)) {
      const names = [...tag.matchAll(/ ([a-z-]+)=/g)].map(([, name]) => name);
      assert.equal(new Set(names).size, names.length, `an attribute twice: ${tag}`);
    }
  });

  it("without valid data there is no figure", () => {
    assert.equal(percentileFigure([], new Map()), null);
    assert.deepEqual(cellCurves([]), []);
  });
});

describe("logarithmic axis", () => {
  it("begins and ends at a label, holds every value, and has 2 to 10 labels", () => {
    const positive = fc.double({ min: 1e-3, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1, maxLength: 20 }), (values) => {
        const { domain, values: labels } = logAxis(values);
        assert.ok(domain[0] <= Math.min(...values) && domain[1] >= Math.max(...values) && domain[0] < domain[1]);
        assert.ok(labels.length >= 2 && labels.length <= 12, `${labels}`);
        for (const label of labels) assert.ok(label >= domain[0] && label <= domain[1]);
      }),
    );
    assert.deepEqual(logAxis([0.9, 26]), { domain: [0.5, 50], values: [0.5, 1, 2, 5, 10, 20, 50] });
    assert.deepEqual(logAxis([2]), { domain: [2, 5], values: [2, 5] });
  });
});

describe("numbers for people", () => {
  it("have three significant digits and separated thousands", () => {
    assert.deepEqual([0, 0.0123, 4.5678, 78.94, 1234.5].map(significant), ["0", "0.0123", "4.57", "78.9", "1,235"]);
    assert.deepEqual([9.998, 99.97, 999.7].map(significant), ["10.0", "100", "1,000"], "rounding adds no digit");
    assert.equal(integer(1_234_567), "1,234,567");
    assert.deepEqual([null, 950, 10_000, 2_500_000].map(shortRate), ["–", "950/s", "10k/s", "2.5M/s"]);
    assert.equal(rate(12_345.6), "12,346/s");
  });

  it("say when n is too small, and never 0 for what was not measured", () => {
    const none = { p50: null, p90: null, p99: null, p999: null, max: null, n: 12 };
    assert.equal(percentileText(none, "p99"), "n too small (n=12)");
    assert.equal(percentileText({ ...none, n: 5_000 }, "p90"), "–", "enough samples, yet not measured");
    assert.deepEqual(spread([null, null]), { median: null, min: null, max: null });
    assert.deepEqual(spread([3, null, 1, 2, 10]), { median: 2.5, min: 1, max: 10 });
  });
});

describe("files", () => {
  it("CSV: version first, null is an empty cell, zero is 0, text is quoted where needed", () => {
    const columns = [
      { name: "a", value: (row: readonly [number | null, string]) => row[0] },
      { name: "b", value: (row: readonly [number | null, string]) => row[1] },
    ];
    assert.equal(
      csv(columns, [[null, 'x,"y"'] as const, [0, ""] as const]),
      'format_version,a,b\n1,,"x,""y"""\n1,0,\n',
    );
  });

  it("HTML: everything from outside is escaped", () => {
    assert.equal(
      html`<p title="${'"'}">${"<script>"}${["a&", html`<b>`]}${null}${0}</p>`.text,
      '<p title="&quot;">&lt;script&gt;a&amp;<b>0</p>',
    );
  });

  it("colours belong to names, not to positions", () => {
    assert.notEqual(colourOf("q0"), colourOf("q5"));
    assert.equal(colourOf("my-query"), colourOf("my-query"));
  });
});
