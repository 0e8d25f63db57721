import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Random } from "../../../../base/random.ts";
import { capacityAnswer } from "../../../../harness/analyze/capacity/answer.ts";
import {
  type Probe,
  type SearchSettings,
  type SearchState,
  searchState,
  type Vote,
} from "../../../../harness/analyze/capacity/search.ts";

const SETTINGS: SearchSettings = {
  startPerSecond: 1_000,
  leastPerSecond: 10,
  mostPerSecond: 1e7,
  precision: 0.05,
  searches: 1,
  mostProbes: 500,
};

/** Probes a pretended system until the search is over. */
function search(settings: SearchSettings, vote: (ratePerSecond: number, trace: readonly Probe[]) => Vote) {
  const trace: Probe[] = [];
  for (let i = 0; i < 2_000; i++) {
    const state = searchState(settings, trace);
    if (state.next.kind === "done") return { ...state, why: state.next.why, trace };
    const { ratePerSecond, search: of } = state.next;
    trace.push({ search: of, ratePerSecond, vote: vote(ratePerSecond, trace) });
  }
  throw new Error("the search does not end");
}

const step = (capacity: number) => (rate: number) => (rate <= capacity ? "sustained" : "unsustained");

test("a system with a sharp edge: the capacity is found to one rung, both sides seen twice, in few probes", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 11, max: 9.5e6, noNaN: true }),
      fc.constantFrom(0.02, 0.05, 0.2),
      (capacity, precision) => {
        const { outcomes, trace, why } = search({ ...SETTINGS, precision }, step(capacity));
        assert.equal(why, "complete");
        const [{ sustainedPerSecond: low, unsustainedPerSecond: high }] = outcomes as [SearchState["outcomes"][0]];
        if (low !== null) assert.ok(low <= capacity);
        if (high !== null) assert.ok(high > capacity);
        if (low !== null && high !== null) {
          assert.ok(high / low < 1 + precision + 0.002, `${low} … ${high}`);
          for (const rate of [low, high]) assert.ok(trace.filter((probe) => probe.ratePerSecond === rate).length >= 2);
        }
        // Doublings to get there, halvings within one of them, two confirmations.
        const doublings = Math.abs(Math.log2(capacity / 1_000));
        assert.ok(trace.length <= doublings + Math.log2(Math.log(2) / Math.log1p(precision)) + 6, `${trace.length}`);
      },
    ),
  );
});

test("no probe is out of bounds, and a capacity beyond them is told as such, not as a number", () => {
  const above = search({ ...SETTINGS, mostPerSecond: 5_000 }, step(1e6));
  assert.ok(above.trace.every(({ ratePerSecond }) => ratePerSecond <= 5_000 && ratePerSecond >= 10));
  assert.equal(above.outcomes[0]?.limitedBy, "mostRate");
  const answer = capacityAnswer(above.outcomes);
  assert.ok(answer.isAtLeast);
  assert.equal(answer.interval?.high, null);

  const below = search(SETTINGS, () => "unsustained");
  assert.equal(below.outcomes[0]?.sustainedPerSecond, null);
  assert.equal(capacityAnswer(below.outcomes).capacityPerSecond, null);
});

test("an instrument that gives in first bounds the answer from below only", () => {
  const { outcomes } = search(SETTINGS, (rate) => (rate <= 3_000 ? "sustained" : "instrument"));
  assert.equal(outcomes[0]?.limitedBy, "instrument");
  assert.ok(capacityAnswer(outcomes).isAtLeast);
});

test("noise: whatever it does the search ends, and with a soft edge it ends near the middle of it", () => {
  let far = 0;
  const runs = 300;
  for (let seed = 0; seed < runs; seed++) {
    const random = new Random(seed);
    const capacity = 200 * 2 ** (10 * random.unit());
    // A logistic edge: a tenth above the capacity 1 in 20 is sustained still, a tenth below 19 in 20.
    const soft = (rate: number): Vote => {
      const p = 1 / (1 + Math.exp((Math.log(rate / capacity) / 0.1) * 2.94));
      return random.unit() < p ? "sustained" : "unsustained";
    };
    const { outcomes, trace } = search({ ...SETTINGS, searches: 3 }, soft);
    assert.ok(trace.length < 80, `${trace.length} probes`);
    const middle = capacityAnswer(outcomes).capacityPerSecond ?? 0;
    if (Math.abs(Math.log(middle / capacity)) > Math.log(1.15)) far++;
  }
  assert.ok(far <= runs * 0.02, `${far} of ${runs} are off by more than 15 %`);
});

test("blips: a neighbour's load that fails one probe in ten at any rate does not move the answer", () => {
  let far = 0;
  const runs = 300;
  for (let seed = 0; seed < runs; seed++) {
    const random = new Random(seed);
    const blips = (rate: number): Vote => (rate <= 30_000 && random.unit() >= 0.1 ? "sustained" : "unsustained");
    const { outcomes } = search({ ...SETTINGS, searches: 3 }, blips);
    const middle = capacityAnswer(outcomes).capacityPerSecond ?? 0;
    if (middle < 30_000 / 1.1) far++;
    assert.ok(middle <= 30_000, "what the system never sustains is never the answer");
  }
  assert.ok(far <= runs * 0.05, `${far} of ${runs} answers are too low`);
});

test("hysteresis: a system that limps after an overload is found between its two edges", () => {
  fc.assert(
    fc.property(fc.double({ min: 50, max: 1e6, noNaN: true }), (capacity) => {
      const limping = (rate: number, trace: readonly Probe[]) =>
        step(trace.at(-1)?.vote === "unsustained" ? capacity * 0.9 : capacity)(rate);
      const { outcomes, why } = search({ ...SETTINGS, searches: 3 }, limping);
      assert.equal(why, "complete");
      const found = capacityAnswer(outcomes).capacityPerSecond ?? 0;
      assert.ok(found >= (capacity * 0.9) / 1.06 && found <= capacity, `${found} for ${capacity}`);
    }),
  );
});

test("hiccups of the instrument at any rate cost probes, not capacity", () => {
  let far = 0;
  for (let seed = 0; seed < 200; seed++) {
    const random = new Random(seed);
    const hiccups = (rate: number): Vote =>
      random.unit() < 0.15 ? "instrument" : rate <= 30_000 ? "sustained" : "unsustained";
    const { outcomes } = search({ ...SETTINGS, searches: 3 }, hiccups);
    if ((capacityAnswer(outcomes).capacityPerSecond ?? 0) < 30_000 / 1.1) far++;
  }
  assert.ok(far <= 4, `${far} of 200 answers are too low`);
});

test("a cliff below the capacity hides what is above it: the conservative side is told", () => {
  // A rate band that fails (a batch size that resonates): monotonicity is assumed, so the answer depends on who is met first, and is sustained.
  const banded = (rate: number): Vote =>
    (rate > 4_500 && rate < 6_000) || rate > 50_000 ? "unsustained" : "sustained";
  const { outcomes } = search({ ...SETTINGS, searches: 3 }, banded);
  for (const { sustainedPerSecond: low, unsustainedPerSecond: high } of outcomes) {
    assert.equal(banded(low!), "sustained");
    assert.equal(banded(high!), "unsustained");
  }
});

test("any votes at all: it ends, every rate at most three votes that count a search, and the trace alone says what comes next", () => {
  const votes = fc.array(fc.constantFrom<Vote>("sustained", "unsustained", "instrument", "unclear"), {
    minLength: 400,
    maxLength: 400,
  });
  fc.assert(
    fc.property(votes, (script) => {
      const settings = { ...SETTINGS, searches: 2, precision: 0.1, mostPerSecond: 1e5 };
      const { trace, why } = search(settings, (_rate, before) => script[before.length] ?? "sustained");
      assert.ok(["complete", "unclear"].includes(why));
      const clear = Map.groupBy(
        trace.filter(({ vote }) => vote !== "unclear"),
        (probe) => `${probe.search} ${probe.ratePerSecond}`,
      );
      for (const probes of clear.values()) {
        const hiccups = probes.filter(({ vote }) => vote === "instrument").length;
        assert.ok(probes.length - hiccups + Math.floor(hiccups / 2) <= 3);
      }
      for (let n = 0; n < trace.length; n++) {
        const { next } = searchState(settings, trace.slice(0, n));
        assert.ok(next.kind === "probe" && next.ratePerSecond === trace[n]!.ratePerSecond, "resumed as it went on");
      }
    }),
    { numRuns: 40 },
  );
});

test("probes that tell nothing are repeated, three times at most; then the search says that it cannot tell", () => {
  const { why, trace, outcomes } = search(SETTINGS, () => "unclear");
  assert.equal(why, "unclear");
  assert.equal(trace.length, 3);
  assert.deepEqual(outcomes, []);
  const once = search(SETTINGS, (rate, before) => (before.length === 2 ? "unclear" : step(7_000)(rate)));
  assert.equal(once.why, "complete");
});

test("the number of probes is bounded, and the searches that came to an end are kept", () => {
  const { why, trace, outcomes } = search({ ...SETTINGS, searches: 5, mostProbes: 15 }, step(9_000));
  assert.equal(why, "mostProbes");
  assert.equal(trace.length, 15);
  assert.ok(outcomes.length >= 1 && outcomes.length < 5);
});

test("the interval: the range over few searches, of the median from six on", () => {
  const outcome = (low: number) => ({
    search: 0,
    sustainedPerSecond: low,
    unsustainedPerSecond: low * 1.05,
    limitedBy: "system" as const,
    probes: 4,
  });
  const few = capacityAnswer([1_000, 1_100, 900].map(outcome));
  assert.deepEqual(few.capacityPerSecond, 1_000);
  assert.deepEqual(few.interval, { kind: "range", low: 900, high: 1_155 });
  const many = capacityAnswer([1, 2, 3, 4, 5, 6, 7].map(outcome));
  assert.equal(many.interval?.kind, "confidence95");
  assert.ok(many.interval!.low! < many.capacityPerSecond! && many.capacityPerSecond! < many.interval!.high!);
});
