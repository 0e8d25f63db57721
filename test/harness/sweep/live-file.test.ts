import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { identify } from "../../../harness/services/process-identity.ts";
import { tellAll } from "../../../harness/sweep/events.ts";
import { failedResult } from "../../../harness/sweep/failed-result.ts";
import { LiveFile, type LiveSnapshot } from "../../../harness/sweep/live-file.ts";
import { planSweep } from "../../../harness/sweep/plan.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { recordingEvents, smallSweep } from "./fakes.ts";

const sweep = smallSweep("query: q0\nload: {rate: 10k/s, duration: 10s}\nrepetitions: 2\n");
const { runs } = planSweep(sweep);
const [run] = runs as [(typeof runs)[number]];

/** A live file whose time stands still unless it is moved. */
function world(t: TestContext) {
  const directory = join(temporaryFolder(t), "results");
  mkdirSync(directory);
  const failures: unknown[] = [];
  let nowUs = 5_000_000;
  let pending: { atUs: number; work: () => void } | null = null;
  const live = new LiveFile({
    directory,
    process: identify(process.pid)!,
    monotonicUs: () => nowUs,
    wallClockMs: () => 1_000_000 + nowUs / 1000,
    after: (ms, work) => {
      assert.equal(pending, null, "one timer at a time");
      pending = { atUs: nowUs + ms * 1000, work };
      return () => {
        pending = null;
      };
    },
    onFailure: (error) => failures.push(error),
  });
  const path = join(directory, "live.json");
  /** Time goes on; whatever is due is written. */
  const pass = async (ms: number) => {
    nowUs += ms * 1000;
    const due = pending;
    if (due === null || due.atUs > nowUs) return;
    pending = null;
    due.work();
    await live.written();
  };
  const read = () => JSON.parse(readFileSync(path, "utf8")) as LiveSnapshot;
  return { live, directory, path, pass, read, failures, isPending: () => pending !== null };
}

const fed = (due: number, sent: number) => ({ due, sent, acked: sent, lagP99Us: 800 });

test("a reader sees run, plan, rates, lag, estimates and faults, with who writes", async (t) => {
  const { live, pass, read } = world(t);
  live.planned({ directory: "out", runs, reused: 0, estimatedMs: 40_000 });
  live.runStarted(run, sweep.config);
  live.phase("feed");
  live.fed(fed(0, 0));
  await pass(500);
  live.fed(fed(5_000, 4_900));
  live.observed({ observed: 9, perSecond: 9_700, p50Us: 2_000, p99Us: 6_000 });
  live.faultStruck("fault 1: kill worker/1");
  await pass(1_000);
  const { process: writer, run: now, ...rest } = read();
  assert.equal(writer.pid, process.pid);
  assert.deepEqual(rest, {
    version: 1,
    writtenMs: 1_006_500,
    plannedRuns: 2,
    doneRuns: 0,
    etaMs: 38_500,
    notice: null,
  });
  const point = { offeredPerSecond: 10_000, achievedPerSecond: 9_800, outputPerSecond: 9_700, lagP99Us: 800 };
  assert.deepEqual(now, {
    id: run.id,
    query: "q0",
    system: "bundled",
    phase: "feed",
    startedMs: 1_005_000,
    atMs: 1_006_500,
    ...point,
    p50Us: 2_000,
    p99Us: 6_000,
    faults: [{ text: "fault 1: kill worker/1", atMs: 1_005_500 }],
    history: now!.history,
  });
  assert.deepEqual(
    now!.history.map(({ atMs, achievedPerSecond }) => [atMs, achievedPerSecond]),
    [
      [1_005_500, null],
      [1_006_500, 9_800],
    ],
  );
  live.runEnded(failedResult(run, { query: "q0", system: "bundled", events: 1 }, []));
  await pass(1_000);
  assert.deepEqual([read().run, read().doneRuns], [null, 1]);
  await live.close();
});

test("it is written at most once a second, the last word is written too, and the history is bounded", async (t) => {
  const { live, pass, read, path, isPending } = world(t);
  live.runStarted(run, sweep.config);
  await pass(0);
  const first = statSync(path).ino;
  for (let i = 0; i < 9; i++) {
    live.fed(fed(i, i));
    await pass(100);
  }
  assert.equal(statSync(path).ino, first);
  live.phase("drain");
  await pass(100);
  assert.equal(read().run!.phase, "drain");
  assert.equal(isPending(), false, "nothing happens, nothing is written");
  for (let i = 0; i < 130; i++) {
    live.fed(fed(i, i));
    await pass(1_000);
  }
  assert.equal(read().run!.history.length, 120);
  assert.ok(statSync(path).size < 32 * 1024);
  await live.close();
});

test("at the end nothing is left, and nothing is written any more", async (t) => {
  const { live, pass, directory, isPending } = world(t);
  live.notice("warming Kafka");
  await pass(0);
  assert.deepEqual(readdirSync(directory), ["live.json"]);
  live.phase("late");
  await live.close();
  live.notice("later");
  assert.deepEqual([readdirSync(directory), isPending()], [[], false]);
});

test("a folder that cannot be written to is told once; the sweep goes on", async (t) => {
  const { live, pass, directory, failures } = world(t);
  rmSync(directory, { recursive: true });
  live.notice("one");
  await pass(0);
  live.notice("two");
  await pass(5_000);
  assert.equal(failures.length, 1);
  await live.close();
});

test("everybody is told everything", () => {
  const [one, other] = [recordingEvents(), recordingEvents()];
  const all = tellAll([one, other]);
  all.planned({ directory: "x", runs, reused: 0, estimatedMs: 1 });
  all.notice("n");
  all.runStarted(run, sweep.config);
  all.phase("p");
  all.faultStruck("f");
  all.runEnded(failedResult(run, { query: "q0", system: "bundled", events: 1 }, []));
  assert.equal(one.log.length, 6);
  assert.deepEqual(one.log, other.log);
});
