import type { Censored, FaultEffect } from "../../faults/result.ts";
import type { RunResult } from "../../sweep/model.ts";
import { systemCpuPerMillion } from "../system-cpu.ts";

/** What of a run is compared. One number a run: the run is the unit of replication. */
export interface Metric {
  readonly name: string;
  /** Of its numbers, unit last as in result files. */
  readonly unit: "us" | "ms" | "s" | "perSecond" | "bytes";
  readonly better: "lower" | "higher";
  /** d: a change of less than this share matters to nobody. */
  readonly margin: number;
  /** Does a regression of it end `bench compare` with exit code 6, unless `--gate` says otherwise? */
  readonly gates: boolean;
  /** null: not measured. */
  readonly of: (result: RunResult) => Measurement | null;
  /** What the same machine did to the instruments, which run the same code on both sides; null: nothing tells. */
  readonly canary: Canary | null;
}

/** A number of the instruments that suffers from a busy or slow machine as the metric does, and from the system under test little. */
export interface Canary {
  readonly name: string;
  readonly of: (result: RunResult) => number | null;
}

/** How late the feeder sends, as a rule and at its worst: timers, scheduling, memory. */
const LAG_CANARY: Canary = { name: "generator lag p50", of: ({ generatorLagUs }) => generatorLagUs.p50 };
const TAIL_CANARY: Canary = { name: "generator lag p99", of: ({ generatorLagUs }) => generatorLagUs.p99 };
/** What the feeder pays for an event: clock rate, caches, neighbours. */
const CPU_CANARY: Canary = { name: "feeder CPU", of: feederCpuPerMillion };

/** `censored`: it was not over when the load ended, so it is at least `value`. */
export interface Measurement {
  readonly value: number;
  readonly censored: boolean;
}

type Percentile = "p50" | "p90" | "p99" | "p999" | "max";

/** In the order of tables. A margin is about what the number itself is known to (measurement of a p99 from 10,000 values: 3 to 9 %). */
export const METRICS: readonly Metric[] = [
  latency("p50", 0.05, true),
  latency("p90", 0.05, false),
  latency("p99", 0.1, true),
  latency("p999", 0.15, false),
  latency("max", 0.25, false),
  committedLatency("p50", 0.05),
  committedLatency("p99", 0.1),
  { ...metric("cpu", "s", 0.05, true, systemCpuPerMillion), canary: CPU_CANARY },
  metric("memory", "bytes", 0.1, false, systemMemory),
  {
    ...metric("achieved", "perSecond", 0.01, false, ({ achievedInputPerSecond }) => achievedInputPerSecond),
    better: "higher",
  },
  metric("checkpoint-duration", "ms", 0.1, false, ({ checkpoints }) => checkpoints?.durationMs.median ?? null),
  metric("checkpoint-size", "bytes", 0.05, false, ({ checkpoints }) => checkpoints?.bytes.median ?? null),
  recovery("gap", true, ({ gap }) => gap),
  recovery("first-output", false, ({ firstOutput }) => firstOutput),
  recovery("catch-up", true, ({ catchUp }) => catchUp),
];

export const METRIC_NAMES: readonly string[] = METRICS.map(({ name }) => name);

function latency(name: Percentile, margin: number, gates: boolean): Metric {
  return { ...metric(name, "us", margin, gates, ({ latencyUs }) => latencyUs[name]), canary: canaryFor(name) };
}

function canaryFor(percentile: Percentile): Canary {
  return percentile === "p50" || percentile === "p90" ? LAG_CANARY : TAIL_CANARY;
}

function committedLatency(name: Percentile, margin: number): Metric {
  const of = ({ committed }: RunResult) => committed?.latencyUs[name] ?? null;
  return { ...metric(`committed-${name}`, "us", margin, false, of), canary: canaryFor(name) };
}

/** A metric of which less is better and which is never cut off. */
function metric(
  name: string,
  unit: Metric["unit"],
  margin: number,
  gates: boolean,
  numberOf: (result: RunResult) => number | null,
): Metric {
  const of = (result: RunResult) => {
    const value = numberOf(result);
    return value === null ? null : { value, censored: false };
  };
  return { name, unit, better: "lower", margin, gates, of, canary: null };
}

/** Of several faults in a run the worst counts. */
function recovery(name: string, gates: boolean, part: (effect: FaultEffect) => Censored | null): Metric {
  const of = (result: RunResult) => {
    const lengths = (result.faults ?? []).flatMap(({ effect }) => (effect === null ? [] : (part(effect) ?? [])));
    const worst = lengths.reduce<Censored | null>(
      (most, next) => (most === null || next.ms > most.ms ? next : most),
      null,
    );
    return worst === null ? null : { value: worst.ms, censored: worst.censored };
  };
  return { name, unit: "ms", better: "lower", margin: 0.1, gates, of, canary: LAG_CANARY };
}

function feederCpuPerMillion({ resources, achievedInputPerSecond, measuredMs }: RunResult): number | null {
  const feeder = resources.feeder;
  if (feeder === undefined || achievedInputPerSecond === null || measuredMs === null) return null;
  const events = (achievedInputPerSecond * measuredMs) / 1000;
  return events === 0 ? null : feeder.cpuSeconds / (events / 1e6);
}

/** Peak memory of the processes of the system under test, in the measured window. */
function systemMemory({ resources }: RunResult): number | null {
  const own = ["worker", "coordinator"].flatMap((role) => resources[role]?.rssPeakBytes ?? []);
  return own.length === 0 ? null : own.reduce((sum, bytes) => sum + bytes, 0);
}
