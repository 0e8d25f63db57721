import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import { cpus } from "node:os";
import { wallClockMs } from "../../../base/clock.ts";
import { Random } from "../../../base/random.ts";

/** What one execution of a variant took. */
export interface Sample {
  /** Units of work done: events, records, keys. */
  readonly count: number;
  readonly wallS: number;
  /** User and system CPU of everything that did the work. */
  readonly cpuS: number;
}

export interface Variant {
  readonly name: string;
  run(): Promise<Sample> | Sample;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface VariantResult {
  readonly name: string;
  readonly samples: readonly Sample[];
  readonly ratePerSecond: Spread;
  readonly cpuUsPerUnit: Spread;
}

const ROUND_SEED = 1;
const HISTORY = new URL("../../../reports/history/", import.meta.url);

/**
 * Runs every variant once a round, in an order that is shuffled anew each round: what else the machine does meanwhile falls on
 * all of them, so that their ratios hold where their absolute times do not.
 */
export async function interleaved(variants: readonly Variant[], rounds: number): Promise<VariantResult[]> {
  const random = new Random(ROUND_SEED);
  const samples = variants.map((): Sample[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = variants.map((_, index) => index);
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    for (const index of order) samples[index]!.push(await variants[index]!.run());
  }
  return variants.map(({ name }, index) => ({
    name,
    samples: samples[index]!,
    ratePerSecond: spreadOf(samples[index]!.map(({ count, wallS }) => count / wallS)),
    cpuUsPerUnit: spreadOf(samples[index]!.map(({ count, cpuS }) => (cpuS * 1e6) / count)),
  }));
}

/** Work of this process, timed. */
export async function measured(work: () => Promise<number> | number): Promise<Sample> {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const count = await work();
  const wallS = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { count, wallS, cpuS: (user + system) / 1e6 };
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, min: sorted[0]!, max: sorted.at(-1)! };
}

/** Ratio of two variants of the same rounds, taken round by round. */
export function ratioOf(a: VariantResult, b: VariantResult, of: (sample: Sample) => number): Spread {
  return spreadOf(a.samples.map((sample, round) => of(sample) / of(b.samples[round]!)));
}

export const perSecond = ({ count, wallS }: Sample): number => count / wallS;
export const cpuPerUnit = ({ count, cpuS }: Sample): number => cpuS / count;

/** A table: rate and CPU of each variant, and both as ratios to the first one. */
export function printTable(results: readonly VariantResult[], unit: string): void {
  const first = results[0]!;
  process.stdout.write(
    `| variant | k ${unit}/s (min–max) | CPU µs a ${unit} (min–max) | rate × | CPU × |\n|---|---|---|---|---|\n`,
  );
  for (const result of results) {
    const { name, ratePerSecond: rate, cpuUsPerUnit: cpu } = result;
    const cells = [
      name,
      `${thousands(rate.median)} (${thousands(rate.min)}–${thousands(rate.max)})`,
      `${cpu.median.toFixed(3)} (${cpu.min.toFixed(3)}–${cpu.max.toFixed(3)})`,
      shown(ratioOf(result, first, perSecond)),
      shown(ratioOf(result, first, cpuPerUnit)),
    ];
    process.stdout.write(`| ${cells.join(" | ")} |\n`);
  }
}

/** `median (min–max)` of a ratio. */
export function shown({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

const thousands = (value: number): string => (value / 1000).toFixed(value < 100_000 ? 1 : 0);

/**
 * Arithmetic that depends on nothing of ours, about 50 ms: the yardstick that tells a slow machine from slow code when figures of
 * different days are compared.
 */
export const calibration: Variant = {
  name: "calibration loop",
  run: () =>
    measured(() => {
      const rounds = 20_000_000;
      let x = 1;
      for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
      if (x === 0) process.stdout.write("");
      return rounds;
    }),
};

/** Appends one JSON line about this run to `reports/history/<bench>.jsonl`. */
export function appendHistory(
  bench: string,
  results: readonly VariantResult[],
  facts: Readonly<Record<string, unknown>>,
): void {
  mkdirSync(HISTORY, { recursive: true });
  const line = {
    bench,
    time: new Date(wallClockMs()).toISOString(),
    commit: commit(),
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? null,
    cores: cpus().length,
    ...facts,
    variants: results.map(({ name, ratePerSecond, cpuUsPerUnit }) => ({
      name,
      ratePerSecond: rounded(ratePerSecond),
      cpuUsPerUnit: rounded(cpuUsPerUnit),
    })),
  };
  appendFileSync(new URL(`${bench}.jsonl`, HISTORY), `${JSON.stringify(line)}\n`);
}

const rounded = (spread: Spread): Spread => ({
  median: Number(spread.median.toPrecision(4)),
  min: Number(spread.min.toPrecision(4)),
  max: Number(spread.max.toPrecision(4)),
});

/** The commit, marked when the tree differs from it; null outside a checkout. */
function commit(): string | null {
  const git = (...args: string[]): string =>
    execFileSync("git", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      cwd: new URL(".", import.meta.url),
    });
  try {
    return `${git("rev-parse", "--short", "HEAD").trim()}${git("status", "--porcelain") === "" ? "" : "+"}`;
  } catch {
    return null;
  }
}
