import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { cpuByRole, cpuOfSamples, readLive } from "../../../harness/serve/live.ts";
import { type LiveLook, LiveStreams, MOST_STREAMS } from "../../../harness/serve/live-streams.ts";
import { announcement, liveMarkup } from "../../../harness/serve/pages/live.ts";
import { temporaryFolder } from "../synthetic-run.ts";
import { LIVE_RUN, snapshot, writeLive } from "./folders.ts";

const sample = (seconds: number, role: string, pid: number, cpuUserMs: number) => {
  return { atUs: seconds * 1e6, role, pid, cpuUserMs, cpuSystemMs: 0, rssBytes: 1 };
};

test("a stale file of a process that has gone, or whose number another one has, is no running sweep", async (t) => {
  const folder = temporaryFolder(t);
  assert.equal(await readLive(folder), null);
  writeLive(folder);
  assert.equal((await readLive(folder))!.isRunning, true);
  writeLive(folder, { process: { pid: process.pid, startTicks: "1" } });
  assert.equal((await readLive(folder))!.isRunning, false, "the same pid, another process");
  for (const text of ["", "{", "null", "[]", '{"version": 2}', '{"version": 1}']) {
    writeFileSync(join(folder, "live.json"), text);
    assert.equal(await readLive(folder), null, text);
  }
});

test("CPU is of the last two seconds, processes of a role together; one that has just begun counts from its first sample", () => {
  const samples = [
    sample(0, "broker", 1, 0),
    ...[8, 9, 10].flatMap((at) => [
      sample(at, "broker", 1, at * 500),
      sample(at, "worker-1", 2, at * 100),
      sample(at, "worker-2", 3, at * 200),
    ]),
    sample(10, "feeder", 4, 70),
  ];
  assert.deepEqual(
    cpuOfSamples(samples).map(({ role, percent }) => [role, Math.round(percent)]),
    [
      ["broker", 50],
      ["worker", 30],
    ],
  );
  assert.deepEqual(cpuOfSamples([]), []);
});

test("only the end of the samples is read, torn lines are left out", async (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual(await cpuByRole(folder, "r"), []);
  mkdirSync(join(folder, "raw", "r"), { recursive: true });
  const lines = Array.from({ length: 2_000 }, (_, i) => JSON.stringify(sample(i / 4, "broker", 1, (i / 4) * 400)));
  writeFileSync(join(folder, "raw", "r", "resources.jsonl"), `${lines.join("\n")}\n{"atUs": 9`);
  const [broker] = await cpuByRole(folder, "r");
  assert.deepEqual([broker!.role, Math.round(broker!.percent)], ["broker", 40]);
});

test("the live view tells run, plan, rates, lag, estimates, CPU and what was broken", () => {
  const { text } = liveMarkup(snapshot(), [{ role: "broker", percent: 63.4 }]);
  for (const part of [
    "Run 5 of 12: q0-r13",
    "phase <strong>feed</strong>",
    "4 of 12 runs done, about 2 min 34 s left",
  ]) {
    assert.ok(text.includes(part), part);
  }
  for (const part of [
    "10.0k/s",
    "9.99k/s",
    "0.700 ms",
    "2.10 ms",
    "5.20 ms",
    "63 %",
    "kill worker/1 (pid 7), 6 s ago",
  ]) {
    assert.ok(text.includes(part), part);
  }
  assert.equal(announcement(snapshot()), "fault 1: kill worker/1 (pid 7)");
  assert.equal(announcement(snapshot({ run: { ...LIVE_RUN, faults: [] } })), "Run 5, q0-r13, feed");
  const search = liveMarkup(snapshot({ plannedRuns: null, etaMs: null, run: null }), []).text;
  assert.match(search, /<h2>warming Kafka<\/h2>/);
  assert.doesNotMatch(search, /<progress|of null/);
});

/** A response as far as streams know it. */
class FakeResponse extends EventEmitter {
  text = "";
  isEnded = false;
  writableLength = 0;
  destroyed = false;
  writeHead(): void {}
  write(text: string): boolean {
    this.text += text;
    return true;
  }
  end(): void {
    this.isEnded = true;
    this.emit("close");
  }
  destroy(): void {
    this.end();
  }
}

function world() {
  const ticks = new Set<() => void>();
  const looks: { path: string; mark: string | null }[] = [];
  const state = { answer: { kind: "news", data: "{}", mark: "1" } as LiveLook | Error };
  const errors: unknown[] = [];
  const streams = new LiveStreams({
    lookMs: 1_000,
    look: async (path, mark) => {
      looks.push({ path, mark });
      if (state.answer instanceof Error) throw state.answer;
      return state.answer;
    },
    every: (_ms, work) => {
      ticks.add(work);
      return () => ticks.delete(work);
    },
    onError: (error) => errors.push(error),
  });
  const join = (path = "a", destroyed = false) => {
    const response = Object.assign(new FakeResponse(), { destroyed });
    return { response, isIn: streams.add(path, response as unknown as ServerResponse, {}) };
  };
  const tick = async () => {
    for (const work of ticks) work();
    await turn();
  };
  return { streams, ticks, looks, state, errors, join, tick };
}

test("however many watch a campaign, it is looked at once a second; when nobody does, not at all", async () => {
  const { looks, ticks, join, tick, state } = world();
  const [one, other] = [join(), join()];
  await tick();
  assert.deepEqual(
    looks,
    [
      { path: "a", mark: null },
      { path: "a", mark: "1" },
    ].slice(0, looks.length),
  );
  const before = looks.length;
  state.answer = { kind: "same" };
  await tick();
  assert.equal(looks.length, before + 1);
  assert.equal(one.response.text, other.response.text);
  const late = join();
  assert.match(late.response.text, /event: live\ndata: \{\}\n\n$/, "who comes later begins with the last news");
  for (const { response } of [one, other, late]) response.end();
  assert.equal(ticks.size, 0);
});

test("the end of the sweep ends the streams; so does closing, and a look that fails is told", async () => {
  const { state, join, tick, ticks, streams, errors } = world();
  const one = join();
  state.answer = { kind: "end" };
  await tick();
  await tick();
  assert.match(one.response.text, /event: end\n/);
  assert.deepEqual([one.response.isEnded, ticks.size], [true, 0]);
  state.answer = { kind: "same" };
  const two = join("b");
  streams.close();
  assert.deepEqual([two.response.isEnded, streams.count], [true, 0]);
  state.answer = new Error("disk");
  const three = join("c");
  await tick();
  assert.deepEqual([three.response.isEnded, ticks.size, errors.length], [true, 0, 1]);
});

test("a reader that has left before its stream began takes no place", async () => {
  const { join, ticks, streams } = world();
  assert.equal(join("a", true).isIn, true);
  assert.deepEqual([streams.count, ticks.size], [0, 0]);
});

test("the number of readers is bounded, and one that does not read is let go", async () => {
  const { join, tick, streams } = world();
  const all = Array.from({ length: MOST_STREAMS }, (_, i) => join(`c${i % 7}`));
  assert.ok(all.every(({ isIn }) => isIn));
  assert.equal(join().isIn, false);
  all[0]!.response.writableLength = 10 ** 7;
  await tick();
  assert.equal(all[0]!.response.isEnded, true);
  assert.equal(streams.count, MOST_STREAMS - 1);
  assert.equal(join().isIn, true);
  streams.close();
});
