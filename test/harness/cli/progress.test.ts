import assert from "node:assert/strict";
import { test } from "node:test";
import { ProgressDisplay } from "../../../harness/cli/progress/display.ts";
import { formatLatency, formatPerSecond, formatSpan } from "../../../harness/cli/progress/format.ts";
import { outcomeText, printOutcome } from "../../../harness/cli/progress/outcome.ts";
import { makeStyle } from "../../../harness/cli/progress/style.ts";
import { renderTable } from "../../../harness/cli/progress/table.ts";
import { failedResult } from "../../../harness/sweep/failed-result.ts";
import type { RunResult, VerifySummary } from "../../../harness/sweep/model.ts";
import { planSweep } from "../../../harness/sweep/plan.ts";
import { smallSweep } from "../sweep/fakes.ts";
import { fakeIo } from "./fake-io.ts";

const sweep = smallSweep("query: q0\nload: {rate: 10k/s, duration: 10s}\nrepetitions: 2\n");
const plan = planSweep(sweep);
const run = plan.runs[0]!;
const good: VerifySummary = {
  expected: 1000,
  observed: 1000,
  matched: 1000,
  lost: 0,
  duplicate: 0,
  wrong: 0,
  unexpected: 0,
  premature: 0,
  outOfOrder: 0,
};
const valid: RunResult = {
  ...failedResult(run, { query: "q0", system: "bundled", events: 100_000 }, []),
  state: "valid",
  offeredPerSecond: 10_000,
  achievedInputPerSecond: 9_998,
  latencyUs: { p50: 3_600, p90: 5_000, p99: 17_000, p999: null, max: 1_250_000, n: 1000 },
  verified: good,
  resources: { broker: { cpuSeconds: 5.5, cpuPercent: 55, rssPeakBytes: 1 } },
};

function play(tty: boolean): string {
  const io = fakeIo({ tty });
  let nowUs = 0;
  const display = new ProgressDisplay({ sink: io.stderr, clockUs: () => nowUs, style: makeStyle(false) });
  display.planned({ directory: "out", runs: plan.runs, reused: 0, estimatedMs: 40_000 });
  display.notice("warming Kafka");
  display.runStarted(run, sweep.config);
  display.phase("feed");
  for (let tick = 1; tick <= 12; tick++) {
    nowUs = tick * 500_000;
    display.fed({ due: tick * 5000, sent: tick * 5000, acked: tick * 5000, lagP99Us: 800 });
    display.observed({ observed: 1, perSecond: 1, p50Us: 4_200, p99Us: 12_000 });
  }
  display.phase("drain");
  display.runEnded(valid);
  display.close();
  return io.err();
}

test("without a terminal progress is plain lines, few of them", () => {
  assert.equal(
    play(false),
    [
      "2 runs, about 40 s",
      "warming Kafka",
      "[1/2] q0-r1  start  offered 10.0k/s  ETA 40 s",
      "[1/2] q0-r1  feed  offered 10.0k/s  achieved 10.0k/s  lag 0.800 ms  ≈p50 4.20 ms  ≈p99 12.0 ms  ETA 35 s",
      "[1/2] q0-r1  valid  10.0k/s of 10.0k/s  p50 3.60 ms  p99 17.0 ms  verified: 1,000 of 1,000 outputs, 0 lost, 0 duplicate, 0 wrong",
      "",
    ].join("\n"),
  );
});

test("on a terminal one line is drawn over and over and leaves nothing behind", () => {
  const text = play(true);
  assert.equal(text.split("\n").length - 1, 3, "plan, notice and result are lines of their own");
  const drawings = text.split("\r\u001b[K");
  assert.ok(drawings.length > 10);
  for (const drawing of drawings.slice(1, -1)) assert.ok([...drawing.trimEnd()].length < 100, drawing);
  assert.match(drawings.at(-1) ?? "", /^\[1\/2\] q0-r1 {2}valid/);
  assert.match(text, /\[1\/2\] q0-r1 {2}drain/);
});

test("a failed run shows its reasons", () => {
  const io = fakeIo();
  const display = new ProgressDisplay({ sink: io.stderr, clockUs: () => 0, style: makeStyle(false) });
  const reasons = [{ code: "system-failed" as const, message: "worker 1 died", hint: "see its log" }];
  display.runEnded(failedResult(run, { query: "q0", system: "bundled", events: 1 }, reasons));
  assert.match(io.err(), /q0-r1 {2}failed[\s\S]*system-failed: worker 1 died \(see its log\)/);
});

test("the summary has one row a run, the verdict over all, and the report's path", () => {
  const second = { ...valid, run: plan.runs[1]!, verified: { ...good, matched: 998, lost: 2, premature: 1 } };
  const text = outcomeText([valid, { ...second, state: "failed" }], "out/dir", makeStyle(false));
  assert.match(
    text,
    /q0-r1 {2}valid {3}10\.0k\/s {3}10\.0k\/s {2}3\.60 ms {2}5\.00 ms {2}17\.0 ms {6}– {2}1\.25 s {2}1,000/,
  );
  assert.match(text, /verified: 1,998 of 2,000 outputs, 2 lost, 0 duplicate, 0 wrong, 1 premature\n/);
  assert.match(text, /runs: 1 valid, 0 invalid, 1 failed\n/);
  assert.match(text, /report: out\/dir\/report\.html\n$/);
  assert.match(outcomeText([], "out", makeStyle(false)), /nothing to report/);
});

test("the verdict is red for what failed only: all outputs of an invalid run may be right", () => {
  const colours = (["valid", "invalid", "failed"] as const).map((state) => {
    const text = outcomeText([valid, { ...valid, run: plan.runs[1]!, state }], "out", makeStyle(true));
    return text.split("mverified: ")[0]!.split("[").at(-1);
  });
  assert.deepEqual(colours, ["32", "33", "31"]);
});

test("runs that could not be verified are said, never counted as verified", () => {
  const text = outcomeText([valid, { ...valid, verified: null }], "out", makeStyle(false));
  assert.match(text, /verified: 1,000 of 1,000 .* \(1 of 2 runs could not be verified\)/);
  assert.match(outcomeText([{ ...valid, verified: null }], "out", makeStyle(false)), /verified: nothing/);
});

test("under exactly-once what readers of committed data saw is told; views are never added up", () => {
  const replayed = { ...good, observed: 1_007, duplicate: 7 };
  const committed = { verified: { ...good, matched: 999, lost: 1 }, latencyUs: valid.latencyUs };
  const exactly: RunResult = { ...valid, verified: replayed, committed };
  const text = outcomeText([valid, exactly], "out", makeStyle(false));
  const [line, other] = text.split("\n").filter((one) => one.startsWith("verified"));
  assert.equal(
    line,
    "verified, exactly-once: 999 of 1,000 outputs, 1 lost, 0 duplicate, 0 wrong. Readers of uncommitted data: 0 lost, 7 replayed, 0 wrong",
  );
  assert.equal(other, "verified: 1,000 of 1,000 outputs, 0 lost, 0 duplicate, 0 wrong");
  assert.match(text, / 999 of 1,000\n/, "the table, too");

  const io = fakeIo();
  const display = new ProgressDisplay({ sink: io.stderr, clockUs: () => 0, style: makeStyle(false) });
  display.runEnded(exactly);
  assert.match(io.err(), /verified, exactly-once: 999 of 1,000 outputs, 1 lost/);

  const out = fakeIo();
  printOutcome([exactly], "out", { json: true, noColor: true }, out);
  const json = JSON.parse(out.out()) as Record<string, { duplicate: number; lost: number }>;
  assert.deepEqual([json.verified!.duplicate, json.verifiedCommitted!.lost], [7, 1]);

  const unseen = outcomeText([{ ...exactly, committed: { ...committed, verified: null } }], "out", makeStyle(false));
  assert.match(unseen, /verified, exactly-once: nothing/, "one view does not stand for the other");
});

test("--json prints one line per run on stdout, people's text stays on stderr", () => {
  const io = fakeIo();
  printOutcome([valid], "out", { json: true, noColor: true }, io);
  const line = JSON.parse(io.out()) as Record<string, unknown>;
  assert.deepEqual(line.verified, {
    expected: 1000,
    lost: 0,
    duplicate: 0,
    wrong: 0,
    unexpected: 0,
    premature: 0,
    outOfOrder: 0,
  });
  assert.deepEqual(line.latencyUs, valid.latencyUs);
  assert.deepEqual(line.cpu, { broker: { seconds: 5.5, percent: 55 } });
  assert.equal(line.achievedPerSecond, 9_998);
  assert.match(io.err(), /report:/);
});

test("colours only on a terminal, never with NO_COLOR or --no-color", () => {
  const colored = (env: Record<string, string>, noColor: boolean, tty: boolean) => {
    const io = fakeIo({ tty, env });
    printOutcome([valid], "out", { json: false, noColor }, io);
    return io.err().includes("\u001b[32m");
  };
  assert.equal(colored({}, false, true), true);
  assert.equal(colored({}, false, false), false);
  assert.equal(colored({ NO_COLOR: "1" }, false, true), false);
  assert.equal(colored({}, true, true), false);
});

test("numbers as people read them", () => {
  assert.equal(formatPerSecond(9998), "10.0k/s");
  assert.equal(formatPerSecond(999), "999/s");
  assert.equal(formatPerSecond(999.8), "1.00k/s", "rounded before the unit is chosen");
  assert.equal(formatPerSecond(999_900), "1.00M/s");
  assert.equal(formatPerSecond(null), "–");
  assert.equal(formatLatency(85), "0.0850 ms");
  assert.equal(formatLatency(999_999), "1,000 ms");
  assert.equal(formatSpan(200_000), "3 min 20 s");
  assert.equal(
    renderTable(
      [
        ["a", "bb"],
        ["\u001b[31mccc\u001b[0m", "d"],
      ],
      new Set([0]),
    ),
    "a    bb\n\u001b[31mccc\u001b[0m   d\n",
  );
});
