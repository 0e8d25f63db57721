import assert from "node:assert/strict";
import { test } from "node:test";
import { JavaRandom } from "../../../generators/java-random.ts";
import { type EventRandom, longBelow, priceCents } from "../../../generators/nexmark/event-random.ts";
import { SplittableRandom } from "../../../generators/nexmark/splittable-random.ts";
import { goldenJson } from "./golden.ts";

interface Vector {
  readonly seed: string;
  readonly nextInt: readonly number[];
  readonly nextLong: readonly string[];
  readonly nextDoubleBits: readonly string[];
  readonly nextIntBound: Readonly<Record<string, readonly number[]>>;
  readonly priceCents: readonly number[];
}

function doubleBits(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

const GENERATORS: readonly { readonly file: string; readonly make: (seed: bigint) => EventRandom }[] = [
  { file: "rng-java-util-Random.json", make: (seed) => new JavaRandom(seed) },
  { file: "rng-java-util-SplittableRandom.json", make: (seed) => new SplittableRandom(seed) },
];

for (const { file, make } of GENERATORS) {
  const { vectors } = goldenJson<{ vectors: Vector[] }>(file);

  test(`${file}: every draw equals Java's for 11 seeds`, () => {
    assert.equal(vectors.length, 11);
    for (const vector of vectors) {
      const seed = BigInt(vector.seed);
      const compare = (expected: readonly unknown[], draw: (random: EventRandom) => unknown, what: string) => {
        const random = make(seed);
        const drawn = expected.map(() => draw(random));
        assert.deepEqual(drawn, expected, `seed ${seed} ${what}`);
      };
      compare(vector.nextInt, (random) => random.nextInt(), "nextInt");
      compare(vector.nextLong, (random) => String(random.nextLong()), "nextLong");
      compare(vector.nextDoubleBits, (random) => doubleBits(random.nextDouble()), "nextDouble");
      compare(vector.priceCents, priceCents, "price");
      for (const [bound, expected] of Object.entries(vector.nextIntBound)) {
        compare(expected, (random) => random.below(Number(bound)), `below ${bound}`);
      }
    }
  });

  test(`${file}: bounds from 2^31 − 1 on take |nextLong mod bound|`, () => {
    for (const { seed, nextLong } of vectors) {
      const bound = 2 ** 31 + 11;
      const expected = BigInt(nextLong[0]!) % BigInt(bound);
      assert.equal(longBelow(make(BigInt(seed)), bound), Math.abs(Number(expected)));
      assert.equal(longBelow(make(BigInt(seed)), 97), make(BigInt(seed)).below(97));
    }
  });
}

test("reseeding a JavaRandom is a new one, for event ids above 2^48 too", () => {
  const random = new JavaRandom(5n);
  for (const seed of [0, 1, 999_999, 2 ** 48 + 12_345, Number.MAX_SAFE_INTEGER]) {
    random.reseed(seed);
    assert.equal(random.nextInt(), new JavaRandom(BigInt(seed)).nextInt());
  }
});
