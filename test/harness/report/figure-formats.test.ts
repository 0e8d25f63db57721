import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type FigureFacts, type FigureFormat, inFormat, sizeOf } from "../../../harness/report/figures/formats.ts";
import { renderSvg } from "../../../harness/report/figures/render.ts";
import { scalabilityFigure } from "../../../harness/report/figures/scalability.ts";
import { svgDocument } from "../../../harness/report/figures/svg-document.ts";
import { resultsOnly } from "./figure-campaign.ts";

const HASH = "ab".repeat(32);
const CREATED = new Date("2026-01-01T00:00:00Z");
const figure = scalabilityFigure([
  resultsOnly([
    { rate: 1_000, parallelism: 1 },
    { rate: 2_000, parallelism: 1 },
    { rate: 1_000, parallelism: 2 },
    { rate: 2_000, parallelism: 2 },
  ]),
])!;
const facts: FigureFacts = { ...figure, resultsHash: HASH, createdAt: CREATED };
const svg = svgDocument(await renderSvg(figure), figure, HASH);
const bytesOf = async (format: FigureFormat) => Buffer.from(await inFormat(svg, format, facts));
/** The SVG without its words: what is left when a machine has no fonts. */
const mute = svg.replace(/<text[\s\S]*?<\/text>/g, "");

describe("formats of a figure", () => {
  it("SVG says what it is, and which results it is of", async () => {
    assert.match(svg, /^<svg [^>]*><title>Scalability<\/title><desc>Greatest offered rate of q0 sustained/);
    const [, metadata] = /<metadata>([^<]*)<\/metadata>/.exec(svg)!;
    assert.deepEqual(JSON.parse(metadata!.replaceAll("&quot;", '"')), {
      figure: "scalability",
      results: `sha256:${HASH}`,
    });
    assert.equal((await bytesOf("svg")).toString(), svg);
  });

  it("PNG has the size of the SVG, twice, and its text, without a font of the machine", async () => {
    const png = await bytesOf("png");
    assert.deepEqual([...png.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const { width, height } = sizeOf(svg);
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [Math.round(width * 2), Math.round(height * 2)]);
    const withoutText = Buffer.from(await inFormat(mute, "png", facts));
    assert.ok(png.length > withoutText.length + 4_000, `${png.length} and ${withoutText.length} without text`);
  });

  it("PDF is one page of the size of the SVG, with the font in it, title and hash", async () => {
    const pdf = (await bytesOf("pdf")).toString("latin1");
    assert.match(pdf, /^%PDF-1\./);
    const { width, height } = sizeOf(svg);
    const [, right, top] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf)!;
    assert.deepEqual([Number(right), Number(top)], [width, height]);
    assert.equal(pdf.match(/\/Type \/Page\b/g)?.length, 1);
    assert.match(pdf, /\/BaseFont \/\w+\+DejaVuSans/);
    assert.ok(pdf.includes("Scalability") && pdf.includes(HASH));
  });

  for (const format of ["png", "pdf"] as const) {
    it(`${format} of the same results is the same file`, async () => {
      assert.ok((await bytesOf(format)).equals(await bytesOf(format)));
    });
  }
});
