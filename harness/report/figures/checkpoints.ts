import type { TopLevelSpec } from "vega-lite";
import type { RunAnalysis } from "../../analyze/analyze-run.ts";
import { durationMs } from "../../analyze/checkpoints.ts";
import { csv, rounded } from "../csv.ts";
import { byteUnit, integer, length } from "../format.ts";
import { colourOf, INK } from "../palette.ts";
import { faultLanes, LANE_TEXT, type Lane, laneLayers } from "./fault-lane.ts";
import type { Figure } from "./figure.ts";
import { axisTitleBelow, plotWidth } from "./render.ts";

interface Row {
  readonly second: number;
  readonly checkpoint: number;
  readonly durationMs: number;
  readonly bytes: number;
  readonly outcome: string;
  /** Of attempts: no line from one to the next. */
  readonly attempt: number;
}

/** Duration and size of a run's checkpoints over time, with the faults shaded. Null without checkpoints. */
export function checkpointsFigure({ result, record, checkpoints }: RunAnalysis): Figure | null {
  if (checkpoints.length === 0) return null;
  const rows = checkpoints.map(
    (report): Row => ({
      second: (report.triggeredUs - record.startUs) / 1e6,
      checkpoint: report.checkpointId,
      durationMs: durationMs(report),
      bytes: report.bytes,
      outcome: report.outcome,
      attempt: report.attempt,
    }),
  );
  const aborted = rows.filter(({ outcome }) => outcome === "aborted").length;
  const faults = faultLanes(result.faults);
  const interval = result.checkpointIntervalMs;
  return {
    id: `checkpoints-${result.run.id}`,
    title: `Checkpoints, ${result.run.id}`,
    caption: `By the time of their triggers${interval === undefined ? "" : `, every ${length(interval)}`}; n = ${integer(rows.length)}. Duration: from the trigger until the checkpoint was complete and durable${aborted > 0 ? `, or given up (crosses: ${integer(aborted)} aborted, whose size is of the parts that were stored)` : ""}. Lines end where an attempt does.${faults.length > 0 ? LANE_TEXT : ""}`,
    spec: specOf(rows, faults, colourOf(result.query)),
    csv: csv<Row>(
      [
        { name: "checkpoint", value: (row) => row.checkpoint },
        { name: "attempt", value: (row) => row.attempt },
        { name: "triggered_s", value: (row) => rounded(row.second, 6) },
        { name: "duration_ms", value: (row) => rounded(row.durationMs) },
        { name: "size_bytes", value: (row) => row.bytes },
        { name: "outcome", value: (row) => row.outcome },
      ],
      rows,
    ),
  };
}

function specOf(rows: readonly Row[], faults: readonly Lane[], colour: string): TopLevelSpec {
  const x = {
    field: "second",
    type: "quantitative",
    scale: { domainMin: 0, nice: true },
    axis: { title: null, tickCount: 8 },
  };
  const { scale, unit } = byteUnit(Math.max(...rows.map(({ bytes }) => bytes)));
  const drawn = rows.map((row) => ({ ...row, size: row.bytes / scale }));
  const panels = [
    { field: "durationMs", title: "duration (ms)" },
    { field: "size", title: `size (${unit})` },
  ];
  const lanes = laneLayers(faults);
  const plots = panels.map(({ field, title }) => {
    const y = { field, type: "quantitative", scale: { domainMin: 0, nice: true }, axis: { title: null, tickCount: 5 } };
    const completed = drawn.filter(({ outcome }) => outcome === "completed");
    return {
      width: plotWidth(2),
      height: 180,
      title: { text: title, anchor: "start", fontSize: 12, fontWeight: 500, color: INK },
      layer: [
        lanes.shaded,
        lanes.begin,
        {
          data: { values: completed },
          mark: { type: "line", color: colour, strokeWidth: 1, opacity: 0.6 },
          encoding: { x, y, detail: { field: "attempt" } },
        },
        {
          data: { values: completed },
          mark: { type: "point", filled: true, size: 28, opacity: 1, color: colour },
          encoding: { x, y },
        },
        {
          data: { values: drawn.filter(({ outcome }) => outcome === "aborted") },
          mark: { type: "point", shape: "cross", filled: true, angle: 45, size: 70, opacity: 1, color: INK },
          encoding: { x, y },
        },
      ],
    };
  });
  return {
    title: axisTitleBelow("seconds since the first event was due"),
    spacing: 40,
    hconcat: plots,
  } as unknown as TopLevelSpec;
}
