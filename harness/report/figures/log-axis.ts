/** Limits and labelled values of a logarithmic axis, so that every axis begins and ends at a label and has about the same number of them. */
export interface LogAxis {
  readonly domain: readonly [number, number];
  readonly values: readonly number[];
}

const STEPS = [1, 2, 5] as const;
/** From so many decades on only the powers of ten are labelled. */
const MANY_DECADES = 3;

/** For positive values; at least one. The domain is widened to the next of 1, 2, 5 times a power of ten. */
export function logAxis(values: readonly number[]): LogAxis {
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const series: number[] = [];
  for (let power = Math.floor(Math.log10(least)) - 1; power <= Math.ceil(Math.log10(greatest)); power++) {
    for (const step of STEPS) series.push(Number(`${step}e${power}`));
  }
  const from = series.findLast((value) => value <= least) ?? least;
  const found = series.find((value) => value >= greatest) ?? greatest;
  const to = found > from ? found : series[series.indexOf(from) + 1]!;
  const inside = series.filter((value) => value >= from && value <= to);
  const isWide = Math.log10(to / from) >= MANY_DECADES;
  const isPower = (value: number) => Number.isInteger(Math.log10(value));
  return { domain: [from, to], values: isWide ? inside.filter(isPower) : inside };
}
