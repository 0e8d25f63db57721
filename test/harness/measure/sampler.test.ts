import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readProcFile, readUsage } from "../../../harness/measure/proc-stat.ts";
import { startSampler } from "../../../harness/measure/sampler.ts";
import { temporaryFolder } from "../synthetic-run.ts";

const stat = (utime: number, stime: number, name = "java") =>
  `11 (${name}) S 1 11 11 0 -1 4194304 100 0 0 0 ${utime} ${stime} 0 0 20 0 12 0 500 1000000 300 18446744073709551615`;

describe("reading /proc", () => {
  it("finds CPU and memory also behind a name with spaces and parentheses", () => {
    const read = (path: string) => (path.endsWith("stat") ? stat(250, 50, "a) S 9 (b c") : "5000 300 20 1 0 400 0\n");
    assert.deepEqual(readUsage(11, read), { cpuUserMs: 2500, cpuSystemMs: 500, rssBytes: 300 * 4096 });
  });

  it("a process that is gone, or of which only the exit status is left, has no usage", () => {
    assert.equal(
      readUsage(11, () => null),
      null,
    );
    assert.equal(
      readUsage(11, (path) => (path.endsWith("stat") ? stat(1, 1).replace(" S ", " Z ") : "0 0 0")),
      null,
    );
  });

  it("reads this very process", { skip: process.platform !== "linux" }, () => {
    const usage = readUsage(process.pid, readProcFile)!;
    assert.ok(usage.rssBytes > 1e7 && usage.cpuUserMs > 0);
    assert.equal(readProcFile("/proc/0/stat"), null);
  });
});

describe("sampler", () => {
  it("writes what each process used at each look, forgets the dead, and tells its own cost", async (t) => {
    const folder = temporaryFolder(t);
    const alive = new Set(["11", "12"]);
    let nowUs = 0;
    let tick = () => {};
    let cancelled = false;
    const sampler = startSampler({
      intervalMs: 100,
      file: join(folder, "resources.jsonl"),
      readProc: (path) => {
        const [, , pid, file] = path.split("/");
        if (!alive.has(pid!)) return null;
        return file === "stat" ? stat(nowUs / 10_000, 0) : "5000 300 20 1 0 400 0\n";
      },
      monotonicUs: () => (nowUs += 50),
      every: (_interval, work) => {
        tick = work;
        return () => {
          cancelled = true;
        };
      },
      ownPid: null,
    });
    sampler.add("worker", 11);
    sampler.add("worker", 12);
    tick();
    alive.delete("12");
    tick();
    alive.add("12"); // the pid of another process by now
    tick();
    sampler.remove(11);
    const cost = await sampler.stop();
    const lines = readFileSync(join(folder, "resources.jsonl"), "utf8").trimEnd().split("\n");
    const pids = lines.map((line) => JSON.parse(line) as { pid: number; role: string; atUs: number });
    assert.deepEqual(
      pids.map(({ pid }) => pid),
      [11, 12, 11, 11],
    );
    assert.equal(pids[0]!.atUs, pids[1]!.atUs, "one look, one time");
    assert.deepEqual(cost, { samples: 4, totalUs: 200, maxUs: 50 });
    assert.deepEqual(JSON.parse(readFileSync(join(folder, "sampler.json"), "utf8")), { supported: true, ...cost });
    assert.ok(cancelled);
  });

  it("a disk that fills up ends the sampling, not the harness, and is told at the end", async (t) => {
    const folder = temporaryFolder(t);
    let tick = () => {};
    const sampler = startSampler({
      intervalMs: 100,
      file: join(folder, "resources.jsonl"),
      readProc: () => {
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      },
      every: (_interval, work) => {
        tick = work;
        return () => {};
      },
    });
    assert.doesNotThrow(tick);
    await assert.rejects(sampler.stop(), /no space left/);
  });
});
