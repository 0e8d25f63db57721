import type { TopLevelSpec } from "vega-lite";
import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import type { CapacityState } from "../../analyze/capacity/capacity.ts";
import type { CellSummary } from "../../analyze/cell-summary.ts";
import type { RunResult } from "../../sweep/model.ts";
import type { Manifest } from "../../sweep/store.ts";

/** A figure: what to draw, the data that is drawn, and what to read in it. */
export interface Figure {
  /** File name without extension. */
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly spec: TopLevelSpec;
  /** The data beside the figure, as CSV. */
  readonly csv: string;
}

/** What figures are drawn from: a results folder, read. */
export interface Campaign {
  /** As stored; what a broken or older one lacks is missing. */
  readonly manifest: Partial<Manifest>;
  /** Of all runs, in the order of tables: by query, then rate, then name. */
  readonly results: readonly RunResult[];
  /** Of the runs whose raw data could be read, in the same order; [] where there are no raw data any more. */
  readonly analyses: readonly RunAnalysis[];
  readonly cells: readonly CellSummary[];
  /** Of a folder of `bench capacity`. */
  readonly capacity: CapacityState | null;
  /** Further folders, for figures that need several. */
  readonly others?: readonly Campaign[];
}

/** Where a figure stands in the report. */
export type FigurePlace =
  | { readonly section: "capacity" | "overview" | "recovery" | "appendix" }
  /** `fault`: index among the faults of the cell. */
  | { readonly section: "fault"; readonly cell: string; readonly fault: number }
  | { readonly section: "run"; readonly run: string };

/** A figure where it belongs. */
export interface PlacedFigure {
  readonly figure: Figure;
  readonly place: FigurePlace;
}
