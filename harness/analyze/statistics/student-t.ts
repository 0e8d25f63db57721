import { rootOf } from "./normal.ts";

const MOST_TERMS = 500;
const TINY = 1e-300;
/** Where even one degree of freedom has less than 1e-9 in the tail. */
const FAR = 1e9;

/** The x below which Student's t with so many degrees of freedom (at least 1) lies with `probability`. */
export function studentQuantile(probability: number, degrees: number): number {
  return rootOf((x) => studentCdf(x, degrees) - probability, FAR);
}

/** Distribution function of Student's t, by the incomplete beta function. */
export function studentCdf(x: number, degrees: number): number {
  const tail = incompleteBeta(degrees / (degrees + x * x), degrees / 2, 0.5) / 2;
  return x > 0 ? 1 - tail : tail;
}

/** Regularised I_x(a, b): continued fraction (Abramowitz and Stegun 26.5.8), evaluated by Lentz' method. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast only below the mean.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  let [fraction, c, d] = [1, 1, 0];
  for (let term = 0; term < MOST_TERMS; term++) {
    const m = term >> 1;
    const numerator =
      term === 0
        ? 1
        : term % 2 === 0
          ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
          : -((a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + numerator * d);
    c = nonZero(1 + numerator / c);
    const step = c * d;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return front * (fraction - 1);
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** Of half and whole numbers, which is all that degrees of freedom need: Γ(x + 1) = x Γ(x) up to where Stirling's series is exact. */
function logGamma(x: number): number {
  let [shift, at] = [0, x];
  while (at < 15) {
    shift += Math.log(at);
    at += 1;
  }
  const inverse = 1 / at;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)));
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift;
}
