import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { heapSeries, runtimeUsage } from "../../../harness/analyze/runtime-usage.ts";
import { runtimeFlags } from "../../../harness/measure/runtime-flags.ts";
import { RuntimeCounts, type RuntimeSample } from "../../../harness/measure/runtime-probe.ts";
import { temporaryFolder } from "../synthetic-run.ts";

describe("runtime probe", () => {
  it("counts pauses and how late each turn came, and begins anew at each line", () => {
    const counts = new RuntimeCounts(1_000);
    counts.turn(51_100);
    counts.turn(251_100);
    counts.turn(301_050); // early by 50 µs
    counts.pause(1_500.4);
    counts.pause(200);
    const loopDelaysUs = [100, 150_000, 0];
    assert.deepEqual(counts.take(), { gcPauses: 2, gcPauseUs: 1_700, gcPauseMaxUs: 1_500, loopDelaysUs });
    assert.deepEqual(counts.take(), { gcPauses: 0, gcPauseUs: 0, gcPauseMaxUs: 0, loopDelaysUs: [] });
  });

  it("a program started with its flags reports of itself, under its role", (t) => {
    const file = join(temporaryFolder(t), "rate=5k-runtime.jsonl");
    const { nodeFlags, env } = runtimeFlags("worker-1", file);
    // Stands still for 200 ms, of which a turn that was due after 50 ms sees 150 or more, then waits until its first line is there.
    const program = `(async () => {
      const { setTimeout: delay } = await import("node:timers/promises");
      const { existsSync } = await import("node:fs");
      await delay(100);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      globalThis.gc();
      while (!existsSync(${JSON.stringify(file)})) await delay(10);
    })();`;
    execFileSync(process.execPath, ["--expose-gc", ...nodeFlags, "--eval", program], {
      env: { ...process.env, ...env },
    });
    const line = JSON.parse(readFileSync(file, "utf8").split("\n")[0]!) as RuntimeSample;
    assert.equal(line.role, "worker-1");
    assert.ok(line.heapUsedBytes > 1e6 && line.gcPauses >= 1 && line.gcPauseMaxUs <= line.gcPauseUs);
    assert.ok(Math.max(...line.loopDelaysUs) >= 149_000, `${line.loopDelaysUs}`);
  });

  it("without a file a program is started as ever", () => {
    assert.deepEqual(runtimeFlags("worker-1", null), { nodeFlags: [], env: {} });
  });
});

describe("what Node told in the measured window", () => {
  const line = (atUs: number, pid: number, loopDelaysUs: number[], gcPauseUs = 0): RuntimeSample => {
    const pauses = { gcPauses: 1, gcPauseUs, gcPauseMaxUs: gcPauseUs };
    return { atUs, role: `worker-${pid}`, pid, heapUsedBytes: pid * atUs, ...pauses, loopDelaysUs };
  };

  it("adds up lines whose second lies in it, of all processes of a role", () => {
    const even = Array.from({ length: 99 }, (_, i) => i);
    const samples = [
      line(1_200_000, 1, [9_999], 9_999), // its second is mostly before
      line(2_200_000, 1, even, 30),
      line(2_300_000, 2, [5_000], 50),
      line(4_700_000, 2, [9_999], 9_999),
    ];
    assert.deepEqual(runtimeUsage(samples, 1_000_000, 4_000_000).get("worker"), {
      heapPeakBytes: 2_200_000 + 2 * 2_300_000,
      gcPauses: 2,
      gcPauseUs: 80,
      gcPauseMaxUs: 50,
      loopDelayP99Us: 98,
      loopDelayMaxUs: 5_000,
    });
  });

  it("the heap in use at the end of a second is the last word of each process, unless it is older than two seconds", () => {
    const samples = [1_900_000, 2_950_000, 4_050_000].map((atUs) => line(atUs, 1, []));
    const heaps = heapSeries([...samples, line(2_500_000, 2, [])], 1_000_000, 6).get("worker");
    const [first, second] = [1_900_000, 2_950_000 + 2 * 2_500_000];
    assert.deepEqual(heaps, [first, second, second, 4_050_000, 4_050_000, null]);
  });

  it("too few turns have no 99th percentile, and a role that told nothing is not there", () => {
    const usage = runtimeUsage([line(2_000_000, 1, [7])], 1_000_000, 4_000_000);
    assert.equal(usage.get("worker")!.loopDelayP99Us, null);
    assert.equal(usage.has("feeder"), false);
  });
});
