import type { FaultResult } from "../../faults/result.ts";
import { FAINT, INK } from "../palette.ts";

/** Seconds from the first due time. */
export interface Lane {
  readonly from: number;
  readonly to: number;
}

/** From each fault, as observed, until the query ran again or the fault was undone. */
export function faultLanes(faults: readonly FaultResult[] | undefined): readonly Lane[] {
  return (faults ?? []).flatMap(({ observedMs, recoveredMs, healedMs, problem }): Lane[] => {
    if (observedMs === null || problem !== null) return [];
    return [{ from: observedMs / 1000, to: Math.max(observedMs, recoveredMs ?? 0, healedMs ?? 0) / 1000 }];
  });
}

/** The lanes shaded, and a line where each begins, as layers of a plot over seconds. */
export function laneLayers(lanes: readonly Lane[]) {
  const from = { field: "from", type: "quantitative" };
  const shaded = {
    data: { values: lanes },
    mark: { type: "rect", color: FAINT, opacity: 0.55 },
    encoding: { x: from, x2: { field: "to" } },
  };
  const begin = {
    data: { values: lanes },
    mark: { type: "rule", color: INK, strokeWidth: 1.2 },
    encoding: { x: from },
  };
  return { shaded, begin };
}

export const LANE_TEXT = " Shaded: from each fault, as observed, until the query ran again or the fault was undone.";
