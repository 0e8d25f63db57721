import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { realToolbox } from "../../../harness/sweep/real-toolbox.ts";
import { sweep } from "../accuracy/sweep.ts";

const RATE = 500;
const SECONDS = 6;

function config(preloadControls: boolean): unknown {
  return {
    name: "bettercloud",
    query: "bettercloud",
    data: {
      generator: "bettercloud",
      partitions: 2,
      watermarkDelay: "0ms",
      bettercloud: { customers: 20, preloadControls, controlRate: "20/s" },
    },
    load: { rate: `${RATE}/s`, duration: `${SECONDS}s` },
    warmup: "1s",
    // A busy machine is no fault of the query.
    limits: { generatorLagP99: "1s", observerLagP99: "1s", minSamples: 50 },
  };
}

const CLEAN = { lost: 0, duplicate: 0, wrong: 0, unexpected: 0, premature: 0, outOfOrder: 0 };

for (const preloadControls of [true, false]) {
  const when = preloadControls ? "before the events" : "while events come";
  test(`BetterCloud through Kafka, controls ${when}: every alert right, full and engine latency`, async () => {
    const done = await sweep(config(preloadControls), realToolbox);
    try {
      const { result, record } = done.runs.get("bundled")!;
      assert.deepEqual([result.state, result.reasons], ["valid", []]);
      const { expected, observed, matched, ...bad } = result.verified!;
      assert.ok(expected > 50 && observed === expected && matched === expected);
      assert.deepEqual(bad, CLEAN);
      const { latencyUs: full, engineLatencyUs: engine } = result;
      assert.ok(engine !== null && engine !== undefined && engine.n === full.n && engine.max! > 0);
      assert.ok(engine.p50! < full.p50!, "the engine's part is less than the whole");
      assert.equal(record.feeders?.events?.acked, RATE * SECONDS);
      const controls = preloadControls ? 21 : 20 * SECONDS;
      assert.equal(record.feeders?.controls?.acked, controls);
      assert.equal(record.events, RATE * SECONDS + controls);

      const lines = readFileSync(join(done.directory, "latencies", `${record.run.id}.csv`), "utf8")
        .trimEnd()
        .split("\n");
      assert.equal(lines.length, matched);
      for (const line of lines) {
        const [due, received, sent, seen, fullMs, engineMs] = line.split(",").map(Number);
        assert.ok(Math.abs(seen! - due! - fullMs!) < 0.01 && Math.abs(sent! - received! - engineMs!) < 0.01);
        // Four clocks of one machine, compared to better than 5 ms.
        assert.ok(due! < received! + 5 && received! <= sent! + 5 && sent! < seen! + 5, line);
      }
    } finally {
      done.remove();
    }
  });
}
