import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { betterCloudInput } from "../../../generators/bettercloud/input.ts";
import { resolveBetterCloudOptions } from "../../../generators/bettercloud/options.ts";
import { resolveText } from "../../../harness/config/load.ts";
import { runInOneThread } from "../../../harness/systems/bundled/run-in-one-thread.ts";
import { findQuery } from "../../../queries/registry.ts";

const OPTIONS = resolveBetterCloudOptions({ events: 4_000, customers: 250, preloadControls: true });
const LATER_US = 60_000_000;

/** Alerts of a job whose events can be read from a time on, its controls at once. */
async function alerts(eventsFromUs: number, seed: number): Promise<number> {
  let count = 0;
  const streams = betterCloudInput(OPTIONS, { events: 2, controls: 1 });
  await runInOneThread({
    query: findQuery("bettercloud"),
    streams: streams.map(({ name, dataSet }) => ({
      name,
      dataSet,
      readableFromUs: name === "events" ? eventsFromUs : 0,
    })),
    dataMode: "head",
    watermarkDelayMs: 0,
    seed,
    parallelism: 2,
    workers: 2,
    rows: { add: () => count++, full: false, refused: false, flush: async () => {} },
  });
  return count;
}

const CONFIG = `query: bettercloud
data: {generator: bettercloud, watermarkDelay: 0ms}
load: {rate: 1k/s, duration: 30s}
warmup: 5s
`;
const KILL = "faults: [{kind: kill, target: worker/1, at: 15s}]\n";

describe("BetterCloud that starts again from scratch", () => {
  it("misses alerts of events that overtake their controls: what is out depends on the interleaving", async () => {
    const first = await alerts(LATER_US, 1);
    assert.equal(await alerts(LATER_US, 2), first, "controls first: one result, whatever the seed");
    // A job that starts again finds both topics full, and reads them side by side.
    const again = await alerts(0, 1);
    assert.ok(again < first, `${again} of ${first}`);
    assert.notEqual(await alerts(0, 2), again, "and another one each time");
  });

  it("is refused with faults, as nothing could be verified; without faults, and without a restart, it is not", () => {
    const refused = (error: unknown) => {
      assert.ok(error instanceof FaultlineError && error.code === "config-invalid");
      assert.match(`${error.message}\n${error.hint}`, /recovery: .*interleave/s);
      return true;
    };
    assert.throws(() => resolveText(`${CONFIG}${KILL}recovery: scratch\n`, "bc.yaml", []), refused);
    assert.equal(resolveText(`${CONFIG}recovery: scratch\n`, "bc.yaml", []).config.faults.length, 0);
    assert.equal(resolveText(CONFIG + KILL, "bc.yaml", []).config.recovery, "none");
  });
});
