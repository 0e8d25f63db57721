import fc from "fast-check";
import { hopping, tumbling } from "../../../engine/operators/window/window-spec.ts";

type Watermark = { readonly watermarkMs: number };

interface StepsShape {
  /** Watermarks rise by at most so much at a time, ms, and come once in `rowsPerWatermark` rows. */
  readonly mostRiseMs: number;
  readonly rowsPerWatermark: number;
  readonly maxLength: number;
  /** The watermark before the first one. */
  readonly beforeMs: number;
}

/** Rows with watermarks that only grow between them, at the end +infinity. */
export function anyStepsOf<Row extends object>(
  anyRow: fc.Arbitrary<Row>,
  { mostRiseMs, rowsPerWatermark, maxLength, beforeMs }: StepsShape,
): fc.Arbitrary<(Row | Watermark)[]> {
  const rowOrRise = fc.oneof(
    { weight: rowsPerWatermark, arbitrary: anyRow },
    { weight: 1, arbitrary: fc.nat(mostRiseMs) },
  );
  return fc.array(rowOrRise, { maxLength, size: "max" }).map((list) => {
    let watermarkMs = beforeMs;
    const steps = list.map((step): Row | Watermark => {
      if (typeof step !== "number") return step;
      watermarkMs += step;
      return { watermarkMs };
    });
    return [...steps, { watermarkMs: Number.POSITIVE_INFINITY }];
  });
}

/** Of the tests of windows. */
export const WINDOW_STEPS: StepsShape = { mostRiseMs: 30, rowsPerWatermark: 12, maxLength: 250, beforeMs: -50 };

/** Tumbling and hopping windows, none of which leaves gaps. */
export const anyWindowSpec = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map(tumbling),
  fc.constant(hopping(10, 2)),
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
    .map(([a, b]) => hopping(Math.max(a, b), Math.min(a, b))),
);
