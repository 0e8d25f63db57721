import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { FaultlineError } from "../../../base/errors.ts";
import { outcomeOf } from "../../../harness/analyze/compare/outcome.ts";
import { gitRunner } from "../../../harness/nightly/git-runner.ts";
import { interleave } from "../../../harness/nightly/interleave.ts";
import { HERE } from "../../../harness/nightly/runner.ts";
import { campaignWith, recordedRuns, resultOf } from "../../harness/analyze/compare/recorded.ts";
import { temporaryFolder } from "../../harness/synthetic-run.ts";

/** A `bench` that "measures" by copying what is committed beside it; `hang` in its arguments' config makes it wait. */
const BENCH = `#!/bin/sh
[ "$1" = --version ] && { touch installed; exit 0; }
[ "$1" = run ] && shift 2
case "$2" in */hang.yaml) echo $$ >"$4.pid"; sleep 100 & wait ;; */broken.yaml) echo "error[usage]: no such key" >&2; exit 2 ;; esac
mkdir -p "$4" && cp manifest.json runs.jsonl "$4"/
exit 5
`;

/** A clone of two commits, the second of which is slower by half. Answers the commits. */
function repository(t: TestContext): { readonly root: string; readonly old: string; readonly young: string } {
  const root = join(temporaryFolder(t), "clone");
  mkdirSync(root);
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  git("init", "-q");
  const commit = (slower: number, subject: string) => {
    const { manifest, results } = campaignWith([resultOf(recordedRuns()[0]!, 0, slower)]);
    writeFileSync(join(root, "bench"), BENCH, { mode: 0o755 });
    writeFileSync(join(root, "manifest.json"), JSON.stringify(manifest));
    writeFileSync(join(root, "runs.jsonl"), results.map((result) => `${JSON.stringify(result)}\n`).join(""));
    git("add", ".");
    git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", subject);
    return git("rev-parse", "HEAD");
  };
  return { root, old: commit(0, "fast"), young: commit(0.5, "slow") };
}

async function runnerFor(t: TestContext, root: string) {
  const abort = new AbortController();
  const runner = await gitRunner({ root, cwd: root, signal: abort.signal, notice: () => {} });
  let closed: Promise<void> | null = null;
  const close = () => {
    closed ??= runner.close();
    return closed;
  };
  t.after(close);
  return { runner, abort, close };
}

describe("commits in turns, with real trees and processes", () => {
  it("finds the slow commit of two, and leaves no tree behind", async (t) => {
    const { root, old, young } = repository(t);
    const { runner, close } = await runnerFor(t, root);
    const sides = { old: await runner.checkout("HEAD~1"), new: await runner.checkout(HERE) };
    assert.deepEqual([sides.old.commit, sides.new.root], [old, root]);
    assert.ok(existsSync(join(sides.old.root, "installed")) && !existsSync(join(root, "installed")));
    assert.equal(await runner.checkout(old), sides.old);
    const comparison = await interleave({
      ...{ blocks: 6, seed: 1, gates: ["p50"], isOver: () => false },
      run: ({ side, block }) =>
        runner.run(sides[side], { config: "c.yaml", cell: null, folder: `out/${side}-${block}` }),
    });
    assert.deepEqual(outcomeOf(comparison!).verdict, "regression");
    assert.ok(Math.abs(comparison!.rows.find(({ metric }) => metric.name === "p50")!.finding.change! - 0.5) < 1e-9);
    const listed = await runner.commitsBetween(old, young, 10);
    assert.match(listed.join(), /^[0-9a-f]{7,} slow$/);
    assert.deepEqual(await runner.commitsBetween("0000000", young, 10), []);
    await close();
    assert.ok(!existsSync(sides.old.root));
    assert.equal(
      execFileSync("git", ["worktree", "list"], { cwd: root, encoding: "utf8" }).trim().split("\n").length,
      1,
    );
  });

  it("names a commit that is not there, and what a commit says that cannot run the config", async (t) => {
    const { root } = repository(t);
    const { runner } = await runnerFor(t, root);
    for (const name of ["nothing", "--help", ""]) {
      await assert.rejects(runner.checkout(name), (error) => error instanceof FaultlineError && error.code === "usage");
    }
    const job = { config: "broken.yaml", cell: "q0", folder: "out" };
    await assert.rejects(runner.run(await runner.checkout(HERE), job), /ended with 2: error\[usage\]: no such key/);
  });

  it("is interrupted in the middle of a turn, and stops what it started", async (t) => {
    const { root } = repository(t);
    const { runner, abort } = await runnerFor(t, root);
    const running = runner.run(await runner.checkout(HERE), { config: "hang.yaml", cell: null, folder: "out" });
    const pidFile = join(root, "out.pid");
    // Until its number is written; a machine that does many things at once takes its time.
    const written = () => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("\n");
    for (let i = 0; i < 3_000 && !written(); i++) await delay(20);
    assert.ok(written());
    abort.abort();
    await assert.rejects(running, (error) => error instanceof FaultlineError && error.code === "interrupted");
    assert.throws(() => process.kill(Number(readFileSync(pidFile, "utf8")), 0), /ESRCH/);
    await assert.rejects(
      runner.run(await runner.checkout(HERE), { config: "c.yaml", cell: null, folder: "x" }),
      /interrupted/,
    );
  });

  it("has only this checkout outside of a clone", async (t) => {
    const { runner } = await runnerFor(t, temporaryFolder(t));
    assert.equal((await runner.checkout(HERE)).commit, HERE);
    await assert.rejects(runner.checkout("HEAD"), /in a clone of Faultline's repository/);
  });

  it("takes no results that are there already for those of a turn", async (t) => {
    const { root } = repository(t);
    const { runner } = await runnerFor(t, root);
    const here = await runner.checkout(HERE);
    const job = { config: "c.yaml", cell: null, folder: "out/new-1" };
    await runner.run(here, job);
    await assert.rejects(runner.run(here, job), /out\/new-1 has results already/);
  });
});
