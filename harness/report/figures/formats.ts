import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { FaultlineError } from "../../../base/errors.ts";

export const FIGURE_FORMATS = ["svg", "png", "pdf"] as const;
export type FigureFormat = (typeof FIGURE_FORMATS)[number];

/** What a figure's file tells of itself, where its format has room for it. */
export interface FigureFacts {
  readonly title: string;
  readonly caption: string;
  readonly resultsHash: string;
  /** When the results came to be: the file of the same results is the same file. */
  readonly createdAt: Date;
}

/** Pixels of a PNG by unit of the SVG: sharp on dense screens and on paper. */
const PNG_ZOOM = 2;
const FAMILY = "DejaVu Sans";

/**
 * A standalone SVG in the given format. Text of PNG and PDF is set in a font that comes with Faultline, so that a machine without fonts draws
 * the same. PDF: one page as large as the figure, one point a unit. Equal input gives equal bytes.
 */
export async function inFormat(svg: string, format: FigureFormat, facts: FigureFacts): Promise<string | Uint8Array> {
  switch (format) {
    case "svg":
      return svg;
    case "png":
      return toPng(svg);
    case "pdf":
      return toPdf(svg, facts);
  }
}

async function toPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const font = {
    loadSystemFonts: false,
    fontFiles: [fontFile("DejaVuSans.ttf"), fontFile("DejaVuSans-Bold.ttf")],
    defaultFontFamily: FAMILY,
    sansSerifFamily: FAMILY,
  };
  const image = new Resvg(svg, { font, fitTo: { mode: "zoom", value: PNG_ZOOM }, background: "white" });
  return image.render().asPng();
}

async function toPdf(svg: string, { title, caption, resultsHash, createdAt }: FigureFacts): Promise<Uint8Array> {
  const [{ default: PDFDocument }, { default: svgToPdf }] = await Promise.all([
    import("pdfkit"),
    import("svg-to-pdfkit"),
  ]);
  const { width, height } = sizeOf(svg);
  const document = new PDFDocument({
    size: [width, height],
    margin: 0,
    info: {
      Title: title,
      Subject: caption,
      Keywords: `sha256:${resultsHash}`,
      CreationDate: createdAt,
      Producer: "Faultline",
      Creator: "Faultline",
    },
  });
  const chunks: Uint8Array[] = [];
  document.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  const ended = once(document, "end");
  document.registerFont("text", fontFile("DejaVuSans.ttf"));
  document.registerFont("bold", fontFile("DejaVuSans-Bold.ttf"));
  const fontCallback = (_family: string, bold: boolean) => (bold ? "bold" : "text");
  svgToPdf(document, svg, 0, 0, { width, height, assumePt: true, fontCallback, warningCallback: () => {} });
  document.end();
  await ended;
  return Buffer.concat(chunks);
}

/** Width and height of an SVG in its own units. */
export function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const tag = /<svg [^>]*>/.exec(svg)?.[0] ?? "";
  const number = (name: string) => Number(new RegExp(` ${name}="([\\d.]+)"`).exec(tag)?.[1]);
  const [width, height] = [number("width"), number("height")];
  if (width > 0 && height > 0) return { width, height };
  throw new FaultlineError("internal", "a figure without width and height cannot become a page");
}

function fontFile(name: string): string {
  return join(dirname(fileURLToPath(import.meta.resolve("dejavu-fonts-ttf/package.json"))), "ttf", name);
}
