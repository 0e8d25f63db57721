/** What of the package is used here; it has no types of its own. */
declare module "svg-to-pdfkit" {
  export interface Options {
    readonly width?: number;
    readonly height?: number;
    /** One unit of the SVG is one point. */
    readonly assumePt?: boolean;
    /** Name of a font that the document has. */
    readonly fontCallback?: (family: string, bold: boolean, italic: boolean) => string;
    readonly warningCallback?: (message: string) => void;
  }

  /** Draws `svg` on the current page. */
  export default function SVGtoPDF(
    document: PDFKit.PDFDocument,
    svg: string,
    x: number,
    y: number,
    options?: Options,
  ): void;
}
