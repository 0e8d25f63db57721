import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import type { RunResult } from "../../../harness/sweep/model.ts";
import { ResultsStore } from "../../../harness/sweep/store.ts";
import { runSweep, type SweepOutcome } from "../../../harness/sweep/sweep.ts";
import { manifestOf } from "./fake-manifest.ts";
import { fakeWorld, recordingEvents, smallSweep } from "./fakes.ts";

const scratch = mkdtempSync(join(tmpdir(), "faultline-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(scratch, String(folders++));
const RUNS = 4;
/** Begin, record and result of each run. */
const WRITES = RUNS * 3;

interface Kill {
  /** Dies instead of the n-th write, counted from 0. */
  readonly at: number;
  /** Share of that write's line that still reaches the disk, for a result. */
  readonly torn: number;
}

interface Attempt {
  /** Null: killed. */
  readonly outcome: SweepOutcome | null;
  readonly log: readonly string[];
  readonly executed: number;
}

/** Runs the sweep of the folder until its end or the kill, after which nothing more happens. */
async function attempt(folder: string, kill: Kill | null): Promise<Attempt> {
  const sweep = smallSweep();
  const events = recordingEvents();
  const world = fakeWorld();
  const { store, manifest } = await ResultsStore.open(folder, manifestOf(sweep));
  const killed = killStore(store, folder, kill);
  const running = runSweep({
    sweep,
    store,
    manifest,
    toolbox: world.toolbox,
    events,
    signal: new AbortController().signal,
  });
  const outcome = await Promise.race([running, killed]);
  await store.close(); // a dead process's lock holds nobody up; here the process lives on
  return { outcome, log: events.log, executed: world.calls.filter((call) => call === "start system").length };
}

/** Resolves with null when the kill struck; from then on no write returns. */
function killStore(store: ResultsStore, folder: string, kill: Kill | null): Promise<null> {
  let writes = 0;
  return new Promise((strike) => {
    const guarded = <A extends readonly unknown[], R>(
      write: (...args: A) => Promise<R>,
      tear?: (...args: A) => void,
    ) => {
      return async (...args: A): Promise<R> => {
        if (kill === null || writes++ < kill.at) return await write(...args);
        if (writes === kill.at + 1) tear?.(...args);
        strike(null);
        return await new Promise<never>(() => {});
      };
    };
    const tear = (result: RunResult) => {
      const line = `${JSON.stringify(result)}\n`;
      appendFileSync(join(folder, "runs.jsonl"), line.slice(0, Math.floor(line.length * (kill?.torn ?? 0))));
    };
    store.beginRun = guarded(store.beginRun.bind(store));
    store.writeRecord = guarded(store.writeRecord.bind(store));
    store.appendResult = guarded(store.appendResult.bind(store), tear);
  });
}

/** Runs with a whole line. */
function finishedIn(folder: string): string[] {
  if (!existsSync(join(folder, "runs.jsonl"))) return [];
  const ids: string[] = [];
  for (const line of readFileSync(join(folder, "runs.jsonl"), "utf8").split("\n")) {
    try {
      ids.push((JSON.parse(line) as RunResult).run.id);
    } catch {
      // torn, or the empty text behind the last line
    }
  }
  return ids;
}

async function checkKills(kills: readonly Kill[]): Promise<void> {
  const folder = newFolder();
  const planned = manifestOf(smallSweep()).order.map(({ id }) => id);
  let executed = 0;
  for (const kill of kills) {
    const done = finishedIn(folder).length;
    const { outcome, log, executed: now } = await attempt(folder, kill);
    executed += now;
    assert.ok(log.includes(`planned ${RUNS} reused ${done}`), `says that ${done} are reused`);
    if (outcome !== null) break;
  }
  const done = finishedIn(folder);
  const last = await attempt(folder, null);
  executed += last.executed;
  assert.equal(last.outcome?.reused, done.length);
  assert.ok(last.log.includes(`planned ${RUNS} reused ${done.length}`));
  assert.equal(last.executed, RUNS - done.length, "what is finished is not executed again");
  assert.deepEqual(last.outcome?.results.map(({ run }) => run.id).sort(), [...planned].sort());
  assert.deepEqual(finishedIn(folder).sort(), [...planned].sort(), "one line a run");
  assert.ok(executed <= RUNS + kills.length, "a kill costs one run at most");
  for (const id of planned) assert.ok(existsSync(join(folder, "raw", id, "run.json")));
  rmSync(folder, { recursive: true });
}

test("a sweep killed at any point between two writes resumes with every run once", async () => {
  for (let at = 0; at < WRITES; at++) {
    for (const torn of [0, 0.5, 1]) await checkKills([{ at, torn }]);
  }
});

test("so does one that is killed again and again", async () => {
  const kill = fc.record({ at: fc.nat({ max: WRITES - 1 }), torn: fc.double({ min: 0, max: 1, noNaN: true }) });
  await fc.assert(fc.asyncProperty(fc.array(kill, { minLength: 2, maxLength: 6 }), checkKills), { numRuns: 40 });
});

/** The manifest that an older version left, on disk. */
function begun(change: (cell: Record<string, unknown>) => Record<string, unknown>, text?: string): string {
  const manifest = manifestOf(smallSweep(text));
  const cells = Object.fromEntries(
    Object.entries(manifest.cells).map(([id, cell]) => [id, change(cell as Record<string, unknown>)]),
  );
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "manifest.json"),
    JSON.stringify({ ...manifest, cells, configHash: "of another version" }),
  );
  return folder;
}

test("a version that has a new setting, with a default, continues a sweep begun without it", async () => {
  const folder = begun(({ verify: _new, ...cell }) => cell);
  const { outcome } = await attempt(folder, null);
  assert.equal(outcome?.results.length, RUNS);
});

test("a version with another default for a setting says so and does not mix the two", async () => {
  const folder = begun((cell) => ({ ...cell, drainTimeout: 1 }));
  await assert.rejects(attempt(folder, null), /begun with another version \(0\): drainTimeout was 1 and is 30000 now/);
});

test("another config is refused, whatever version", async () => {
  const folder = begun((cell) => cell, "query: q5\n");
  await assert.rejects(attempt(folder, null), /another config/);
});

test("the hash is of what is written: units and order do not matter, values do, defaults do not enter", () => {
  const hash = (text: string) => smallSweep(text).hash;
  const plain = hash("query: q0\nload: {rate: 1k/s, duration: 8s}\n");
  assert.equal(hash("load: {duration: 8000ms, rate: 1000/s}\nquery: q0\n"), plain);
  assert.notEqual(hash("query: q0\nload: {rate: 2k/s, duration: 8s}\n"), plain);
  assert.notEqual(hash("query: q0\nload: {rate: 1k/s, duration: 8s}\nparallelism: 1\n"), plain);
});
