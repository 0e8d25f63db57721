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

/** Of a variant beside others in the same rounds. */
export interface ComparedResult {
  readonly name: string;
  readonly figures: {
    readonly ratePerSecond: Spread;
    readonly cpuUsPerUnit: Spread;
    /** To the first variant, round by round. */
    readonly rateRatio: Spread;
    readonly cpuRatio: Spread;
  };
}

const ROUND_SEED = 1;

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

/** Rate and CPU of each variant, and both as ratios to the first one. */
export function compared(results: readonly VariantResult[]): ComparedResult[] {
  const first = results[0]!;
  return results.map((result) => ({
    name: result.name,
    figures: {
      ratePerSecond: result.ratePerSecond,
      cpuUsPerUnit: result.cpuUsPerUnit,
      rateRatio: ratioOf(result, first, perSecond),
      cpuRatio: ratioOf(result, first, cpuPerUnit),
    },
  }));
}

/** A table of these figures. */
export function printTable(results: readonly VariantResult[], unit: string): void {
  process.stdout.write(
    `| variant | k ${unit}/s (min–max) | CPU µs a ${unit} (min–max) | rate × | CPU × |\n|---|---|---|---|---|\n`,
  );
  for (const { name, figures } of compared(results)) {
    const { ratePerSecond: rate, cpuUsPerUnit: cpu, rateRatio, cpuRatio } = figures;
    const kilo = `${thousands(rate.median)} (${thousands(rate.min)}–${thousands(rate.max)})`;
    process.stdout.write(`| ${[name, kilo, shown(cpu, 3), shown(rateRatio), shown(cpuRatio)].join(" | ")} |\n`);
  }
}

/** `median (min–max)`. */
export function shown({ median, min, max }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
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
