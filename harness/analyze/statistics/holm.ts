/** Holm's step-down adjustment (1979): the chance of any false alarm among all is at most the level. In the given order. */
export function holmAdjusted(ps: readonly number[]): number[] {
  const order = ps.map((_, index) => index).sort((a, b) => ps[a]! - ps[b]!);
  const adjusted = new Array<number>(ps.length).fill(1);
  let least = 0;
  order.forEach((index, place) => {
    least = Math.max(least, Math.min(1, ps[index]! * (ps.length - place)));
    adjusted[index] = least;
  });
  return adjusted;
}
