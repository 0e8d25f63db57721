import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { acceptedRows } from "../../../harness/nightly/accept.ts";
import type { HistoryRow } from "../../../harness/nightly/history-row.ts";
import type { Night } from "../../../harness/nightly/night.ts";
import { fakeRunner, historyOf, laneOf, nightOf, timeOf, type World } from "./fake-night.ts";

const GOOD: World = { codeOf: (commit) => (commit.startsWith("bad") ? 1.4 : 1), commit: "good" };
const BAD: World = { ...GOOD, commit: "bad0000000" };

function outcomes(night: Night): string[] {
  return night.rows.map(({ cell, metric, outcome }) => `${cell} ${metric} ${outcome}`);
}

const all = (outcome: string) => ["q0 p50", "q0 cpu", "canary p50", "canary cpu"].map((name) => `${name} ${outcome}`);

describe("a night", () => {
  it("of a slow commit is confirmed in turns, told in an issue, and ends with 6", async () => {
    const { history } = await historyOf(12, GOOD);
    const runner = fakeRunner(12, BAD);
    const night = await nightOf(12, history, BAD, {}, runner);
    assert.equal(night.exitCode, 6);
    assert.deepEqual(outcomes(night), ["q0 p50 confirmed", "q0 cpu confirmed", "canary p50 quiet", "canary cpu quiet"]);
    // One examination for both metrics: 12 blocks of two turns, the old side being the night before.
    assert.deepEqual(runner.checkedOut, ["good11", "."]);
    assert.equal(runner.turns.length, 24);
    const { issue } = night;
    assert.match(issue!, /^# lane: p50 of q0 \+\d\d\.\d %, cpu of q0 \+\d\d\.\d % \(good11\.\.bad00000\)\n/);
    assert.match(
      issue!,
      /- size: \*\*\+(3[5-9]|4[0-5])\.\d %\*\*, 95 % interval \+3\d\.\d % to \+4\d\.\d %, 12 blocks\n/,
    );
    assert.match(issue!, /- commits: `good11\.\.bad00000`\n {2}- bad00000 make it @\u200ball faster\n/);
    assert.match(
      issue!,
      /- again: `\.\/bench compare --commits good11 bad0000000 configs\/nightly\.yaml --cell q0 --blocks 12 --gate p50`/,
    );
    assert.match(issue!, /\| the table \|/);
  });

  it("of a slow machine is none: the canary moved, too", async () => {
    const { history } = await historyOf(12, GOOD);
    const runner = fakeRunner(12, GOOD);
    const night = await nightOf(12, history, { ...GOOD, machine: 1.5, commit: "new" }, {}, runner);
    assert.deepEqual(outcomes(night), all("machine-moved"));
    assert.deepEqual([night.exitCode, night.issue, runner.turns.length], [0, null, 0]);
    // It is no part of what later nights are compared with.
    const after = await nightOf(13, [...history, ...night.rows], { ...GOOD, commit: "newer" });
    assert.deepEqual([after.judged[0]!.nights, after.exitCode], [12, 0]);
  });

  it("of bad luck is not confirmed", async () => {
    const { history } = await historyOf(12, GOOD);
    const night = await nightOf(12, history, { ...GOOD, luck: 1.4, commit: "new", noise: 0.01 });
    assert.deepEqual(outcomes(night).slice(0, 2), ["q0 p50 not-confirmed", "q0 cpu not-confirmed"]);
    assert.deepEqual([night.exitCode, night.issue], [0, null]);
  });

  it("that accuses two commits of one cell keeps their turns apart", async () => {
    const { history } = await historyOf(12, GOOD);
    // The last night of one metric is no measure, so each metric has another last good commit.
    const past = history.map((row) =>
      row.time === timeOf(11) && row.metric === "cpu" && !row.canary ? { ...row, median: row.median! * 1.4 } : row,
    );
    const runner = fakeRunner(12, BAD);
    await nightOf(12, past, BAD, {}, runner);
    assert.deepEqual(runner.checkedOut, ["good11", ".", "good10", "."]);
    const folders = runner.turns.map((turn) => turn.split(" ")[2]);
    assert.equal(new Set(folders).size, 48, "no folder twice");
  });

  it("that asks for fewer gates misses none of those it does not ask for", async () => {
    const { history } = await historyOf(12, GOOD);
    const night = await nightOf(12, history, { ...GOOD, commit: "new" }, { gates: ["p50"] });
    assert.deepEqual(outcomes(night), ["q0 p50 quiet", "canary p50 quiet"]);
    assert.equal(night.exitCode, 0);
  });

  it("whose turns are too noisy is unclear: 5, no issue", async () => {
    const { history } = await historyOf(12, GOOD);
    const runner = fakeRunner(12, { ...GOOD, noise: 0.6, seed: 5 });
    const night = await nightOf(12, history, { ...GOOD, luck: 1.4, commit: "new" }, {}, runner);
    assert.deepEqual(outcomes(night).slice(0, 2), ["q0 p50 unclear", "q0 cpu unclear"]);
    assert.deepEqual([night.exitCode, night.issue], [5, null]);
  });

  it("whose old commit cannot run is unclear, and says why", async () => {
    const { history } = await historyOf(12, GOOD);
    const { FaultlineError } = await import("../../../base/errors.ts");
    const runner = {
      ...fakeRunner(12, BAD),
      checkout: () => Promise.reject(new FaultlineError("run-failed", "npm ci failed")),
    };
    const night = await nightOf(12, history, BAD, {}, runner);
    assert.deepEqual([night.exitCode, night.examined[0]!.why], [5, "npm ci failed"]);
    const broken = { ...runner, checkout: () => Promise.reject(new Error("a defect of ours")) };
    await assert.rejects(nightOf(12, history, BAD, {}, broken), /a defect of ours/);
  });

  it("without time for turns is unclear", async () => {
    const { history } = await historyOf(12, GOOD);
    const night = await nightOf(12, history, BAD, { isOver: () => true });
    assert.deepEqual([night.exitCode, night.examined[0]!.why], [5, "there was no time left to look into it"]);
  });

  it("of the same code as before accuses nobody", async () => {
    const { history } = await historyOf(12, GOOD);
    const night = await nightOf(12, history, { ...GOOD, luck: 1.4, commit: "good11" });
    assert.deepEqual(outcomes(night).slice(0, 2), ["q0 p50 same-code", "q0 cpu same-code"]);
    assert.equal(night.exitCode, 0);
  });

  it("is too short to judge before there are five others", async () => {
    const { nights, history } = await historyOf(6, GOOD);
    for (const night of nights.slice(0, 5)) assert.deepEqual(outcomes(night), all("too-short"));
    assert.deepEqual(outcomes(nights[5]!), all("quiet"));
    const slow = await nightOf(3, history.slice(0, 12), BAD);
    assert.deepEqual([slow.exitCode, outcomes(slow)[0]], [0, "q0 p50 too-short"]);
  });

  it("with wrong outputs fails at once, whatever the numbers say", async () => {
    const { history } = await historyOf(12, GOOD);
    const runner = fakeRunner(12, BAD);
    const night = await nightOf(12, history, { ...BAD, state: "failed" }, {}, runner);
    assert.equal(night.exitCode, 4);
    assert.match(night.issue!, /^# lane: 8 runs failed: .*\(bad00000\)\n/);
    assert.equal(runner.turns.length, 0);
    const first = await nightOf(0, [], { ...BAD, state: "failed" });
    assert.equal(first.exitCode, 4);
  });

  it("without valid runs is no pass", async () => {
    const { history } = await historyOf(12, GOOD);
    const invalid = await nightOf(12, history, { ...GOOD, state: "invalid" });
    assert.equal(invalid.exitCode, 5);
    assert.deepEqual(
      outcomes(invalid).filter((text) => text.startsWith("q0")),
      ["q0 p50 no-data", "q0 cpu no-data"],
    );
    assert.equal((await nightOf(0, [], { ...GOOD, state: "invalid" })).exitCode, 5);
    assert.equal((await nightOf(12, history, { ...GOOD, runs: 2 })).exitCode, 5);
  });
});

describe("the nights after", () => {
  async function regressed() {
    const { history } = await historyOf(12, GOOD);
    const night = await nightOf(12, history, BAD);
    return [...history, ...night.rows];
  }

  it("a regression stays one, without another issue, until it is mended", async () => {
    let history: readonly HistoryRow[] = await regressed();
    for (let i = 13; i < 23; i++) {
      const runner = fakeRunner(i, BAD);
      const night = await nightOf(i, history, { ...BAD, commit: `bad${i}` }, {}, runner);
      assert.deepEqual([night.exitCode, night.issue, outcomes(night)[0]], [6, null, "q0 p50 still"]);
      assert.equal(runner.turns.length, 0);
      history = [...history, ...night.rows];
    }
    const mended = await nightOf(23, history, { ...GOOD, commit: "good23" });
    assert.deepEqual([mended.exitCode, outcomes(mended)[0]], [0, "q0 p50 quiet"]);
    // What comes after is a new one.
    const again = await nightOf(24, [...history, ...mended.rows], BAD);
    assert.deepEqual([again.exitCode, outcomes(again)[0]], [6, "q0 p50 confirmed"]);
  });

  it("what somebody accepts is the norm from its first night on", async () => {
    let history: readonly HistoryRow[] = await regressed();
    for (let i = 13; i < 17; i++)
      history = [...history, ...(await nightOf(i, history, { ...BAD, commit: `bad${i}` })).rows];
    const now = new Date(Date.parse(timeOf(16)) + 3_600_000).toISOString();
    assert.throws(() => acceptedRows(history, "lane", "q0:p99", now), /no regression/);
    const accepted = [
      ...history,
      ...acceptedRows(history, "lane", "q0:p50", now),
      ...acceptedRows(history, "lane", "q0:cpu", now),
    ];
    const night = await nightOf(17, accepted, { ...BAD, commit: "bad17" });
    assert.deepEqual([night.exitCode, outcomes(night)[0], night.judged[0]!.nights], [0, "q0 p50 quiet", 5]);
    const worse = await nightOf(17, accepted, { codeOf: (c) => (c === "worse" ? 1.9 : 1.4), commit: "worse" });
    assert.equal(worse.exitCode, 6);
  });

  it("a machine that moved for good is the new one after five nights", async () => {
    const { history } = await historyOf(12, GOOD);
    const slow = await historyOf(8, { ...GOOD, machine: 1.5 }, 12, history);
    const told = slow.nights.map((night) => outcomes(night)[0]);
    assert.deepEqual(told, [...new Array(5).fill("q0 p50 machine-moved"), ...new Array(3).fill("q0 p50 quiet")]);
    const bad = await nightOf(20, slow.history, { ...BAD, machine: 1.5 });
    assert.equal(bad.exitCode, 6);
  });

  it("a drift below the tripwire is found by its change point, and its range is named", async () => {
    const slower: World = {
      codeOf: (commit) => (Number(commit.slice(4)) >= 20 ? 1.1 : 1),
      commit: "good",
      noise: 0.03,
    };
    const { nights } = await historyOf(32, slower);
    const found = nights.findIndex(({ exitCode }) => exitCode === 6);
    assert.ok(found > 20 && found <= 28, `found on night ${found}`);
    const { examined, issue } = nights[found]!;
    assert.equal(examined[0]!.judged.suspect.kind, "drift");
    assert.match(issue!, /\(good19\.\.good20\)/);
    // The slow nights before it was found are no norm either.
    const after = nights[found + 1]!;
    const at = after.rows.findIndex(({ outcome }) => outcome === "still");
    assert.deepEqual([after.exitCode, after.issue, after.judged[at]!.nights], [6, null, 20]);
  });

  it("a lasting change that turns do not confirm is looked into once, metric by metric, and is the norm then", async () => {
    let { history } = await historyOf(20, { ...GOOD, noise: 0.03 });
    const looked: string[] = [];
    for (let i = 20; i < 40; i++) {
      const night = await nightOf(i, history, { ...GOOD, noise: 0.03, luck: 1.1, commit: `good${i}` });
      assert.equal(night.exitCode, 0);
      looked.push(...night.examined.map(({ judged: { row }, outcome }) => `${row.metric} ${outcome}`));
      history = [...history, ...night.rows];
      if (i === 39) assert.ok(night.judged[0]!.nights <= 20, `${night.judged[0]!.nights}`);
    }
    assert.deepEqual(looked.sort(), ["cpu not-confirmed", "p50 not-confirmed"]);
  });

  it("what has become slower and then quick again accuses nobody", async () => {
    const { history } = await historyOf(30, { ...GOOD, noise: 0.03 });
    const nights = [...new Set(history.map(({ time }) => time))].slice(10, 20);
    const past = history.map((row) =>
      nights.includes(row.time) && !row.canary ? { ...row, median: row.median! * 1.3 } : row,
    );
    const night = await nightOf(30, past, { ...GOOD, noise: 0.03, commit: "good30" });
    assert.deepEqual([night.examined.length, night.exitCode, night.judged[0]!.nights], [0, 0, 10]);
  });

  it("another config, or another machine, begins anew", async () => {
    const { history } = await historyOf(12, GOOD);
    const other = history.map((row) => ({ ...row, machine: "4 x y, 16 GiB" }));
    assert.equal(outcomes(await nightOf(12, other, BAD))[0], "q0 p50 too-short");
    assert.equal(laneOf(3, GOOD).manifest.name, "lane");
  });
});

describe("many nights without a change", () => {
  it("are quiet: false alarms and suspicions are counted", async () => {
    let [suspected, confirmed, judged] = [0, 0, 0];
    for (let seed = 1; seed <= 6; seed++) {
      const { nights } = await historyOf(40, { ...GOOD, seed, noise: 0.06 });
      judged += nights.length - 5;
      suspected += nights.filter(({ examined }) => examined.length > 0).length;
      confirmed += nights.filter(({ exitCode }) => exitCode === 6).length;
    }
    assert.ok(suspected <= 0.05 * judged, `${suspected} of ${judged} nights suspected`);
    assert.equal(confirmed, 0);
  });
});
