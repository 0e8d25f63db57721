import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { analyzeSweep } from "../../../harness/analyze/analyze.ts";
import { recoveryFigure } from "../../../harness/report/figures/recovery.ts";
import { renderSvg } from "../../../harness/report/figures/render.ts";
import { recoveryTable } from "../../../harness/report/html/recovery-table.ts";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { histogramTags, JOB_STATES, writeScriptedRun } from "../scripted-fault.ts";
import { START_US, writeSyntheticManifest } from "../synthetic-run.ts";

type Line = Readonly<Record<string, string>>;

/** Lines of a CSV without quotes as records. */
function lines(csv: string): Line[] {
  const [head, ...rest] = csv
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
  return rest.map((cells) => Object.fromEntries(cells.map((value, i) => [head![i]!, value])));
}

const plain = (html: string) =>
  html
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&gt;", ">")
    .replace(/\s+/g, " ");

describe("the report of scripted faults", () => {
  let folder = "";
  let results: readonly RunResult[] = [];
  const file = (name: string) => readFileSync(join(folder, name), "utf8");

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "faultline-recovery-"));
    writeSyntheticManifest(folder);
    for (const [nth, outageMs] of [500, 900].entries()) {
      const kill = { kind: "kill", target: "worker/1" };
      writeScriptedRun(folder, {
        cell: "q0-kill",
        axes: { faults: [kill] },
        repetition: nth + 1,
        order: nth,
        outageMs,
      });
    }
    const lasts = { durationMs: 400, healedUs: START_US + 2_900_000, detectedUs: null, recoveredUs: null };
    writeScriptedRun(folder, {
      ...{ cell: "q0-pause", axes: { faults: [{ kind: "pause", target: "worker/1" }] }, order: 2 },
      ...{ withoutReplays: true, outageMs: 3_600, states: JOB_STATES.slice(0, 3) },
      fault: { kind: "pause", restoredFrom: null, ...lasts },
    });
    results = await analyzeSweep(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("says what was promised before what those see who do not wait for the commit", () => {
    assert.deepEqual(
      results.map(({ state }) => state),
      ["valid", "valid", "valid"],
    );
    const [first] = plain(file("report.html")).split("Latency from the due time");
    const each = results[0]!.verified!.expected;
    const all = (3 * each).toLocaleString("en-US");
    assert.match(first!, new RegExp(`exactly-once: ${all} of ${all} outputs, 0 lost, 0 duplicate, 0 wrong\\.`));
    assert.match(first!, /Readers of uncommitted data: 0 lost, 1,8\d\d replayed, 0 wrong/);
    assert.match(first!, /committed outputs as expected/);
    assert.match(first!, /q0 2 kinds of fault/);
  });

  it("has a table of recoveries by fault and reader, with medians, and what was not over kept", () => {
    const shown = plain(file("report.html"));
    const table = shown.slice(shown.indexOf("Recovery by kind of fault"), shown.indexOf("Recovery by fault "));
    // Two kills: 500 and 900 ms of outage; noticed, deployed and running are the script's.
    assert.match(table, /kill worker\/1 · q0 all 2 20\.0 ms 120 ms 300 ms 700 ms 500 … 900 ms/);
    assert.match(table, /committed 1\.34 s/);
    assert.match(
      table,
      /pause worker\/1 · q0 all 1 – – – 3\.60 s > 3\.50 s/,
      "no more than the end of the load is known",
    );
  });

  it("calls a bound that nothing broke kept, not restored after 0 ms", () => {
    const never = { ms: 0, censored: false };
    const [one] = results;
    const fault = one!.faults![0]!;
    const effect = { ...fault.effect!, slo: { ...fault.effect!.slo!, restored: never } };
    const kept = { ...one!, faults: [{ ...fault, effect, committed: effect }] };
    const shown = (result: RunResult) => plain(recoveryTable([result])!.text);
    assert.match(shown(kept), / kept 500 ms/);
    assert.doesNotMatch(shown(kept), / 0 ms/);
    const open = { ...effect, slo: { ...effect.slo, restored: { ms: 0, censored: true } } };
    assert.match(shown({ ...kept, faults: [{ ...fault, effect: open }] }), /> 0 ms/, "cut off at once is not kept");
  });

  it("counts what came again once where several were struck at once", () => {
    const [one] = results;
    const fault = { ...one!.faults![0]!, target: "random" };
    const twice = { ...one!, faults: [fault, { ...fault, index: 1 }] };
    const replayed = fault.effect!.replayed.toLocaleString("en-US");
    assert.match(plain(recoveryTable([twice])!.text), new RegExp(` random · q0 all 2 .* ${replayed} 0 ${replayed} 0 `));
  });

  it("writes one line a fault and reader", () => {
    const rows = lines(file("recovery.csv"));
    assert.deepEqual(
      rows.map(({ run, view }) => `${run} ${view}`),
      ["q0-kill-r1", "q0-kill-r2", "q0-pause-r1"].flatMap((run) => [
        `${run} read_uncommitted`,
        `${run} read_committed`,
      ]),
    );
    const [seen, committed, , , paused] = rows;
    const times = ["detected_after_ms", "deploying_after_ms", "running_after_ms", "first_output_after_ms"] as const;
    assert.deepEqual(
      times.map((name) => seen![name]),
      ["20", "120", "300", "500"],
    );
    assert.deepEqual([seen!.restored_checkpoint, seen!.restored_checkpoint_age_ms], ["2", "500"]);
    assert.deepEqual([seen!.phase_checkpoint, seen!.phase_of_interval, seen!.phase_state], ["2", "0.5", "completed"]);
    assert.deepEqual(
      [committed!.gap_ms, committed!.outputs_duplicate_in_run, committed!.outputs_replayed],
      ["1800", "0", "0"],
    );
    assert.ok(Number(seen!.outputs_replayed) > 800 && seen!.outputs_replayed === seen!.outputs_duplicate_in_run);
    assert.deepEqual(
      [paused!.healed_after_ms, paused!.detected_after_ms, paused!.caught_up_after_censored],
      ["400", "", "1"],
    );
    const faults = lines(file("faults.csv"));
    assert.deepEqual([faults[2]!.healed_ms, faults[0]!.restored_checkpoint], ["2900", "2"]);
  });

  it("draws every recovery as stacked phases, and marks what was not over", async () => {
    const rows = lines(file("figures/recovery.csv"));
    const of = (run: string) => rows.filter((row) => row.run === run && row.view === "read_uncommitted");
    assert.deepEqual(
      of("q0-kill-r1").map(({ from_s, to_s }) => [from_s, to_s]),
      [
        ["0", "0.02"],
        ["0.02", "0.12"],
        ["0.12", "0.3"],
        ["0.3", "0.5"],
        ["0.5", of("q0-kill-r1").at(-1)!.to_s],
      ],
    );
    assert.deepEqual(
      of("q0-pause-r1").map(({ phase, to_s, censored }) => [phase, to_s, censored]),
      [
        ["first new output", "3.6", "0"],
        ["caught up", "3.6", "1"],
      ],
    );
    const figure = recoveryFigure(results)!;
    assert.match(figure.caption, /n = 3; nothing is averaged/);
    assert.match(await renderSvg(figure), /&gt; 3\.60 s/);
    assert.equal(recoveryFigure([]), null);
  });

  it("lists checkpoints by themselves and by task, with what each cost", () => {
    const rows = lines(file("series/q0-kill-r1.checkpoints.csv"));
    assert.deepEqual(
      rows.map(({ checkpoint, triggered_ms, duration_ms, outcome }) => [
        checkpoint,
        triggered_ms,
        duration_ms,
        outcome,
      ]),
      [
        ["1", "1000", "40", "completed"],
        ["2", "2000", "40", "completed"],
        ["3", "3800", "40", "completed"],
        ["4", "4700", "40", "aborted"],
        ["5", "5600", "40", "completed"],
      ],
    );
    assert.deepEqual([rows[3]!.acknowledged_ms, rows[3]!.reason], ["", "task sink/0 declined"]);
    const [source, sink] = lines(file("series/q0-kill-r1.checkpoint-tasks.csv"));
    assert.deepEqual([source!.operator, source!.start_delay_ms, source!.alignment_ms], ["source", "1", "0"]);
    assert.deepEqual([sink!.start_delay_ms, sink!.alignment_bytes, sink!.sync_ms], ["", "4096", "0.701"]);
    assert.match(file("figures/checkpoints-q0-kill-r1.svg"), /duration \(ms\)/);
    const shown = plain(file("report.html"));
    assert.match(shown, /Checkpoints: 4 completed, 1 aborted\./);
    assert.match(shown, /4 aborted: task sink\/0 declined, attempt 2 4\.700 s 40\.0 ms/);
    assert.match(shown, /2\.520 s RESTARTING 1 worker worker-1 is lost: its connection broke 2\.620 s DEPLOYING 2 2/);
  });

  it("keeps what readers of committed data saw apart", () => {
    const series = lines(file("series/q0-kill-r1.committed.csv"));
    assert.equal(series[0]!.committed_rows_per_second, "0", "nothing before the first checkpoint");
    assert.ok(Number(series[1]!.committed_rows_per_second) > 1_000);
    assert.ok(Number(series[1]!.committed_latency_by_output_time_max_us) > 1_000_000);
    assert.deepEqual(histogramTags(file("hist/q0-kill-r1.hlog")).slice(-2), ["committed-intended", "committed-output"]);
    const [run] = lines(file("runs.csv").replaceAll(/"(""|[^"])*"/g, "axes"));
    assert.deepEqual(
      [run!.guarantee, run!.checkpoint_interval_ms, run!.committed_verified_lost],
      ["exactly-once", "1000", "0"],
    );
    assert.equal(run!.committed_latency_n, run!.latency_n);
  });
});
