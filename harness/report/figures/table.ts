import { cellCurves } from "../../analyze/cell-curve.ts";
import type { RunResult } from "../../sweep/model.ts";
import { capacityTraceFigure } from "./capacity-trace.ts";
import { checkpointIntervalFigure } from "./checkpoint-interval.ts";
import { checkpointsFigure } from "./checkpoints.ts";
import { costFigure } from "./cost.ts";
import { distributionFigure } from "./distribution.ts";
import type { Campaign, Figure, FigurePlace, PlacedFigure } from "./figure.ts";
import { latencyAroundFaultFigure } from "./latency-around-fault.ts";
import { latencyHeatMapFigure } from "./latency-heat-map.ts";
import { latencyOverTimeFigure } from "./latency-over-time.ts";
import { overheadFigure } from "./overhead.ts";
import { percentileFigure } from "./percentiles.ts";
import { rateGridFigures } from "./rate-grid.ts";
import { recoveryFigure } from "./recovery.ts";
import { runOrderFigure } from "./run-order.ts";
import { scalabilityFigure } from "./scalability.ts";
import { seriesOf } from "./series.ts";
import { throughputAroundFaultFigure } from "./throughput-around-fault.ts";
import { throughputLatencyFigure } from "./throughput-latency.ts";

/** A kind of figure: one figure of a campaign, or one for each of its runs or faults. */
export interface FigureKind {
  /** What `bench plot --figure` calls it; the ids of its figures begin with it. */
  readonly name: string;
  /** What it shows, and what of. */
  readonly shows: string;
  /** What a campaign must have for it, as it is told where there is none. */
  readonly needs: string;
  /** It is drawn from more than results: there is none without `raw/`. */
  readonly needsRaw: boolean;
  readonly draw: (campaign: Campaign) => readonly PlacedFigure[];
}

/** Faults of a cell that have figures of their own; all are in the tables. */
const MOST_DRAWN = 6;

/** Every figure there is, in the order of the report. A new one needs a line here and nothing else. */
const KINDS: readonly FigureKind[] = [
  {
    name: "capacity-trace",
    shows: "the rates that a capacity search tried, one after the other",
    needs: "a folder of bench capacity",
    needsRaw: false,
    draw: ({ capacity }) => placed(capacity === null ? null : capacityTraceFigure(capacity), "capacity"),
  },
  {
    name: "recovery",
    shows: "every recovery as stacked phases, by fault, query and system",
    needs: "a fault whose effect is known",
    needsRaw: false,
    draw: ({ results }) => placed(recoveryFigure(results), "recovery"),
  },
  {
    name: "latency-around-fault",
    shows: "latency around each fault, by due time and by output time",
    needs: "a fault that was observed",
    needsRaw: true,
    draw: (campaign) => aroundFaults(campaign, latencyAroundFaultFigure),
  },
  {
    name: "throughput-around-fault",
    shows: "input, output and backlog around each fault",
    needs: "a fault that was observed",
    needsRaw: true,
    draw: (campaign) => aroundFaults(campaign, throughputAroundFaultFigure),
  },
  {
    name: "latency-percentiles",
    shows: "latency over percentile, one line a cell",
    needs: "a valid run with 20 matched outputs or more",
    needsRaw: true,
    draw: ({ analyses, results }) => placed(percentileFigure(cellCurves(analyses), seriesOf(results)), "overview"),
  },
  {
    name: "latency-distribution",
    shows: "share of outputs over latency (CDF and CCDF), one line a cell",
    needs: "a valid run with 20 matched outputs or more",
    needsRaw: true,
    draw: ({ analyses, results }) => placed(distributionFigure(cellCurves(analyses), seriesOf(results)), "overview"),
  },
  {
    name: "throughput-latency",
    shows: "latency over achieved output rate",
    needs: "valid runs of one query at two rates or more",
    needsRaw: false,
    draw: ({ cells, results }) => placed(throughputLatencyFigure(cells, seriesOf(results)), "overview"),
  },
  {
    name: "scalability",
    shows: "capacity over parallelism, with ideal line and efficiency",
    needs: "a sweep over parallelism and rate, or folders of bench capacity, one a parallelism, given together",
    needsRaw: false,
    draw: (campaign) => placed(scalabilityFigure([campaign, ...(campaign.others ?? [])]), "overview"),
  },
  {
    name: "rate-grid",
    shows: "p99 or recovery over rate and checkpoint interval, heartbeat interval or parallelism",
    needs: "a sweep over two rates or more, and over checkpoint interval, heartbeat interval or parallelism",
    needsRaw: false,
    draw: (campaign) => rateGridFigures(campaign).flatMap((figure) => placed(figure, "overview")),
  },
  {
    name: "cost",
    shows: "events per core, bytes written and state, by system and number of replicas",
    needs: "valid runs of two systems, ways of recovery or numbers of replicas, nothing broken on purpose",
    needsRaw: false,
    draw: ({ results }) => placed(costFigure(results), "overview"),
  },
  {
    name: "checkpoint-interval",
    shows: "steady latency, recovery and cost over the checkpoint interval",
    needs: "valid runs at two checkpoint intervals or more",
    needsRaw: false,
    draw: ({ results }) => placed(checkpointIntervalFigure(results), "overview"),
  },
  {
    name: "fault-tolerance-overhead",
    shows: "runs with checkpoints over runs without, block by block",
    needs: "valid runs with and without checkpoints in the same block, nothing broken on purpose",
    needsRaw: false,
    draw: ({ results }) => placed(overheadFigure(results), "overview"),
  },
  {
    name: "latency-over-time",
    shows: "latency of each second of a run",
    needs: "a run with matched outputs",
    needsRaw: true,
    draw: ({ analyses }) =>
      analyses.flatMap((run) => placed(latencyOverTimeFigure(run), { section: "run", run: run.record.run.id })),
  },
  {
    name: "latency-heat-map",
    shows: "how many outputs had which latency, over the time of a run",
    needs: "a run with matched outputs",
    needsRaw: true,
    draw: ({ analyses }) =>
      analyses.flatMap((run) => placed(latencyHeatMapFigure(run), { section: "run", run: run.record.run.id })),
  },
  {
    name: "checkpoints",
    shows: "duration and size of a run's checkpoints over time",
    needs: "a run that took checkpoints",
    needsRaw: true,
    draw: ({ analyses }) =>
      analyses.flatMap((run) => placed(checkpointsFigure(run), { section: "run", run: run.record.run.id })),
  },
  {
    name: "run-order",
    shows: "median of every run over wall time: does the session drift?",
    needs: "a sweep with a cell of two valid runs or more",
    needsRaw: true,
    draw: ({ analyses, results, capacity }) =>
      placed(capacity === null ? runOrderFigure(analyses, seriesOf(results)) : null, "appendix"),
  },
];

/** All kinds; a canary is in no figure, because it is not what the campaign is about. */
export const FIGURES: readonly FigureKind[] = KINDS.map((kind) => ({
  ...kind,
  draw: (campaign) => kind.draw(withoutCanary(campaign)),
}));

/** All figures that a campaign has data for, in the order of the table. */
export function figuresOf(campaign: Campaign): readonly PlacedFigure[] {
  return FIGURES.flatMap(({ draw }) => draw(campaign));
}

function withoutCanary(campaign: Campaign): Campaign {
  const isOwn = ({ run }: Pick<RunResult, "run">) => run.cell.canary !== true;
  return {
    ...campaign,
    results: campaign.results.filter(isOwn),
    analyses: campaign.analyses.filter(({ result }) => isOwn(result)),
    cells: campaign.cells.filter(({ cell }) => cell.canary !== true),
  };
}

function placed(
  figure: Figure | null,
  place: FigurePlace | Extract<FigurePlace["section"], "capacity" | "overview" | "recovery" | "appendix">,
): readonly PlacedFigure[] {
  if (figure === null) return [];
  return [{ figure, place: typeof place === "string" ? { section: place } : place }];
}

function aroundFaults({ analyses }: Campaign, draw: typeof latencyAroundFaultFigure): readonly PlacedFigure[] {
  return [...Map.groupBy(analyses, ({ record }) => record.run.cell.id)].flatMap(([cell, ofCell]) => {
    const faults = Math.min(MOST_DRAWN, Math.max(...ofCell.map(({ faultSeries }) => faultSeries.length)));
    return Array.from({ length: faults }, (_, fault) =>
      placed(draw(ofCell, fault), { section: "fault", cell, fault }),
    ).flat();
  });
}
